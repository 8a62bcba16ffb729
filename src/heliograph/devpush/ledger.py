"""The recent past, for tests and people: what each endpoint was sent, the answer, and the user agent's word on it."""

from collections import deque
from collections.abc import Iterable

from heliograph.devpush.events import Events, Happening
from heliograph.devpush.model import AckCode, Counts, Message, Record
from heliograph.kit.clock import Clock

_PER_TOKEN = 200
_TOTAL = 200_000


class Ledger:
    """Records of the last messages, and totals. Memory is bounded; totals are never cut."""

    def __init__(self, clock: Clock, events: Events) -> None:
        self._clock = clock
        self._events = events
        self._by_token: dict[str, deque[Record]] = {}
        self._by_id: dict[str, Record] = {}
        self.counts = Counts()

    def received(self, record: Record) -> None:
        """Note one request to an endpoint with its answer."""
        counts = self.counts
        counts.received += 1
        counts.by_status[record.status] = counts.by_status.get(record.status, 0) + 1
        if record.reason is None and record.status < 300:  # noqa: PLR2004 - 2xx
            counts.accepted += 1
        else:
            counts.refused += 1
        rows = self._by_token.setdefault(record.token, deque())
        rows.append(record)
        self._by_id[record.id] = record
        if len(rows) > _PER_TOKEN:
            self._by_id.pop(rows.popleft().id, None)
        if len(self._by_id) > _TOTAL:
            self._forget_oldest_token()
        self._events.publish(
            Happening.RECEIVED, token=record.token, id=record.id, status=record.status, reason=record.reason
        )

    def _forget_oldest_token(self) -> None:
        for record in self._by_token.pop(next(iter(self._by_token))):
            self._by_id.pop(record.id, None)

    def sent(self, message: Message) -> None:
        """Note that a message was written to its user agent."""
        self.counts.sent += 1
        if record := self._by_id.get(message.id):
            record.sent_count += 1
        self._events.publish(Happening.SENT, token=message.token, id=message.id)

    def acked(self, message: Message, code: AckCode) -> None:
        """Note what the user agent said."""
        self.counts.acked += 1
        if code is AckCode.UNDECRYPTABLE:
            self.counts.undecryptable += 1
        if record := self._by_id.get(message.id):
            record.acked_code = code
            record.acked_at = self._clock.now()
        self._events.publish(Happening.ACKED, token=message.token, id=message.id, code=code.value)

    def dropped(self, message: Message, why: str) -> None:
        """Note that a message was dropped: `offline` (TTL 0), `expired`, `replaced`, `unsubscribed`, `cancelled`."""
        match why:
            case "offline":
                self.counts.dropped_offline += 1
            case "expired":
                self.counts.expired += 1
            case "replaced":
                self.counts.replaced += 1
        if record := self._by_id.get(message.id):
            record.dropped = why
        self._events.publish(Happening.DROPPED, token=message.token, id=message.id, why=why)

    def of_token(self, token: str) -> list[Record]:
        """Return an endpoint's records, oldest first."""
        return list(self._by_token.get(token, ()))

    def recent(self, limit: int) -> list[Record]:
        """Return the latest records of all endpoints, oldest first."""
        return list(self._by_id.values())[-limit:]

    def latest(self, tokens: Iterable[str]) -> list[Record]:
        """Return all records of several endpoints."""
        return [record for token in tokens for record in self._by_token.get(token, ())]
