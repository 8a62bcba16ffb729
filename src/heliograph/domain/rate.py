"""How many messages may go out in a second or a minute, counted exactly and by all workers together.

Not `domain.throttle`, which is how many messages one worker has in the air to one host. Here every message needs a slot
in each bucket that it falls into: its notification's, its project's, its push service's. A bucket is one number, the
instant of its next free slot (the theoretical arrival time of GCRA, ITU-T I.371 appendix I.1); its slots lie one
interval apart. A message goes out at the latest of its slots, and no later than a tolerance after the earliest, so that
in any time `w` a bucket lets through at most `(w + tolerance) / interval + 1` messages.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Self

MAX_PER_SECOND = 100_000
RATE_LIMIT = "rate_limit"
"""The reason of a delivery that expired because the rates left it no slot in time."""
ALL = "all"
"""The name of the rate that holds for a project as a whole, beside the names of push services."""
PATTERN = r"^[1-9][0-9]{0,6}/[sm]$"
SENTENCE = "A rate is a whole number of messages per second or minute: 100/s or 6000/m, from 1/m to 100000/s."

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NANOSECONDS = 1_000
_SECOND = 1_000_000_000
_TOLERANCE = _SECOND // 2
_CREDIT = _SECOND // 4
"""Slots that nobody took are kept so long: workers need a moment to come back for more."""
_LAG = _SECOND // 10
_MOST_AHEAD = 120 * _SECOND
"""A bucket that is farther ahead was filled by a clock that went wrong."""
_MOST_OWED = 10 * _SECOND


class Per(StrEnum):
    """The unit of a rate."""

    SECOND = "s"
    MINUTE = "m"


@dataclass(frozen=True, slots=True)
class Rate:
    """So many messages per second or minute, written `100/s` or `6000/m`."""

    count: int
    per: Per

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a rate, or raise `ValueError` with a sentence."""
        if not re.fullmatch(PATTERN, text):
            raise ValueError(SENTENCE)
        count, _, per = text.partition("/")
        rate = cls(int(count), Per(per))
        if rate.per_second > MAX_PER_SECOND:
            raise ValueError(SENTENCE)
        return rate

    @property
    def per_second(self) -> float:
        """Messages per second."""
        return self.count / (1 if self.per is Per.SECOND else 60)

    @property
    def interval(self) -> int:
        """Nanoseconds from one message to the next, rounded up: never faster than was said."""
        return -(-(1 if self.per is Per.SECOND else 60) * _SECOND // self.count)

    @property
    def tolerance(self) -> int:
        """Nanoseconds by which a message may come after its slot: half a second, or one interval."""
        return max(_TOLERANCE, self.interval)

    @property
    def lag(self) -> int:
        """How much of the tolerance may be planned with; the rest is for workers that are held up."""
        return max(_LAG, self.interval // 2)

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.count}/{self.per}"


@dataclass(frozen=True, slots=True)
class Bucket:
    """One rate and whom it holds for.

    Attributes:
        scope: the name under which all workers know it.
        of: what a message must have in common with others that fall into the same bucket.
    """

    scope: str
    of: frozenset[str]
    rate: Rate


@dataclass(frozen=True, slots=True)
class Limits:
    """The rates that are in force for the messages of one notification.

    Attributes:
        services: of the project, by push service.
    """

    notification: Rate | None = None
    project: Rate | None = None
    services: Mapping[str, Rate] = field(default_factory=dict)

    @classmethod
    def of(cls, notification: Rate | None, rates: Mapping[str, str]) -> Self:
        """Make limits of a notification's own rate and its project's, as they are stored."""
        if not rates:
            return cls(notification)
        parsed = {name: Rate.parse(text) for name, text in rates.items()}
        return cls(notification, parsed.pop(ALL, None), parsed)

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return self.notification is not None or self.project is not None or bool(self.services)

    @property
    def overall(self) -> Rate | None:
        """The strictest rate that holds whatever the push service."""
        return min(filter(None, (self.notification, self.project)), key=lambda rate: rate.per_second, default=None)

    def buckets(self, notification_id: str, project_id: str, service: str | None) -> tuple[Bucket, ...]:
        """Return the buckets that a message falls into, by scope; without a push service those of all messages."""
        found = []
        if self.notification is not None:
            found.append(Bucket(notification_id, frozenset({"project", "notification"}), self.notification))
        if self.project is not None:
            found.append(Bucket(project_id, frozenset({"project"}), self.project))
        if service is not None and service in self.services:
            scope = f"{project_id}/{service}"
            found.append(Bucket(scope, frozenset({"project", "service"}), self.services[service]))
        return tuple(sorted(found, key=lambda bucket: bucket.scope))


@dataclass(frozen=True, slots=True)
class Slot:
    """When a message may go, in nanoseconds since 1970: not before `at` and not after `until`."""

    at: int
    until: int


@dataclass(frozen=True, slots=True)
class Reserved:
    """What was reserved.

    Attributes:
        free: by scope, the next free slot of each bucket from now on.
        next_at: when it is worth asking for the next slot.
    """

    slots: tuple[Slot, ...]
    free: Mapping[str, int]
    next_at: int


def reserve(buckets: Sequence[Bucket], known: Mapping[str, int], *, wanted: int, now: int, upto: int) -> Reserved:
    """Take up to `wanted` slots at `upto` or before.

    Args:
        buckets: that each of the messages falls into; at least one.
        known: the next free slot of buckets, by scope; one that is missing was not used of late.
        wanted: messages.
        now: nanoseconds since 1970.
        upto: the same.
    """
    free = {bucket.scope: _first(known.get(bucket.scope), now) for bucket in buckets}
    slots: list[Slot] = []
    next_at = now
    for _ in range(wanted):
        next_at = _agree(buckets, free, now)
        at = max(free.values())
        if next_at < at or at > upto:
            return Reserved(tuple(slots), free, next_at)
        slots.append(Slot(at, min(free[bucket.scope] + bucket.rate.tolerance for bucket in buckets)))
        for bucket in buckets:
            free[bucket.scope] += bucket.rate.interval
    return Reserved(tuple(slots), free, max(free.values()))


def _first(known: int | None, now: int) -> int:
    return now if known is None or known - now > _MOST_AHEAD else max(known, now - _CREDIT)


def _agree(buckets: Sequence[Bucket], free: dict[str, int], now: int) -> int:
    """Return when the next message may go, or, if that is before its slots, when to ask again.

    A bucket whose slot lies long before the others' keeps it for messages that need not wait for those; unless all of
    its messages do, then the slot is passed over.
    """
    slowest = max(buckets, key=lambda bucket: free[bucket.scope])
    at = again = free[slowest.scope]
    for bucket in buckets:
        if at - max(free[bucket.scope], now) > bucket.rate.lag:
            if slowest.of < bucket.of:
                free[bucket.scope] = at
            else:
                again = min(again, at - bucket.rate.lag)
    return again


def charged(buckets: Sequence[Bucket], known: Mapping[str, int], *, count: int, now: int) -> dict[str, int]:
    """Count messages that go out whatever the rates say: the others give way, for ten seconds at most."""
    changed = {}
    for bucket in buckets:
        first = _first(known.get(bucket.scope), now)
        changed[bucket.scope] = max(first, min(first + count * bucket.rate.interval, now + _MOST_OWED))
    return changed


def nanoseconds(at: datetime) -> int:
    """Return an instant as nanoseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND * _NANOSECONDS


def instant(at: int) -> datetime:
    """Return nanoseconds since 1970 as an instant, rounded up to a microsecond."""
    return _EPOCH + timedelta(microseconds=-(-at // _NANOSECONDS))
