"""Writing deliveries: in bulk with their first outcome, then by guarded updates, so that a repeat changes nothing.

Locks are taken in one order everywhere: deliveries by id, subscriptions by id, counts by key, the notification.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select, update

from heliograph.domain.delivery import DeliveryState, ReceiptEvent
from heliograph.storage import counts, delivery_events
from heliograph.storage.sql import chunks, constant, insert_new
from heliograph.storage.store import Tx
from heliograph.storage.tables import deliveries, receipts

_RETRYING = deliveries.c.state == constant("retrying")
_WHOSE = [deliveries.c[name] for name in delivery_events.WHOSE]
_EVENTS = (ReceiptEvent.DISPLAYED, ReceiptEvent.DISMISSED, ReceiptEvent.CLICKED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that is to be tried again."""

    id: str
    subscription_id: str
    reason: str | None
    attempts: int
    next_attempt_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What an attempt makes of a delivery."""

    state: DeliveryState
    reason: str | None
    attempts: int
    status_code: int | None
    service_message_id: str | None
    next_attempt_at: datetime | None
    accepted_at: datetime | None


async def recorded(tx: Tx, ids: Iterable[str]) -> set[str]:
    """Return those of `ids` that are written already."""
    found: set[str] = set()
    for part in chunks(list(ids)):
        found.update((await tx.execute(select(deliveries.c.id).where(deliveries.c.id.in_(part)))).scalars())
    return found


async def add_new(tx: Tx, rows: Sequence[dict[str, Any]]) -> set[str]:
    """Insert deliveries; return the identifiers of those that were not there yet. Only they may be counted."""
    added: set[str] = set()
    for part in chunks(sorted(rows, key=lambda row: row["id"]), columns=len(deliveries.c)):
        added.update(row.id for row in await insert_new(tx, deliveries, part, conflict=["id"], returning=["id"]))
    if added:
        new, project_id, now = added, rows[0]["project_id"], rows[0]["updated_at"]
        delivery_events.tell_states(tx, project_id, lambda: [row for row in rows if row["id"] in new], now=now)
    return added


async def waiting(tx: Tx, ids: Sequence[str], *, due: datetime) -> list[Waiting]:
    """Return those of `ids` that are to be tried again at `due` or before."""
    columns = [deliveries.c[name] for name in Waiting.__dataclass_fields__]
    found: list[Waiting] = []
    for part in chunks(ids):
        query = select(*columns).where(deliveries.c.id.in_(part), _RETRYING, deliveries.c.next_attempt_at <= due)
        found += [Waiting(*row) for row in await tx.execute(query.order_by(deliveries.c.id))]
    return found


async def change_waiting(
    tx: Tx, ids: Sequence[str], change: Change, *, attempts_before: int, due_before: datetime | None, now: datetime
) -> set[str]:
    """Write the same change to several deliveries that are being retried; return those that still were as expected.

    The number of attempts guards against a second worker, the due time against a deferral that made no attempt. Both
    are compared with what was read, never with the clock, which may have been set back meanwhile.
    """
    changed: set[str] = set()
    for part in chunks(ids):
        statement = (
            update(deliveries)
            .where(
                deliveries.c.id.in_(await _locked(tx, part)),
                _RETRYING,
                deliveries.c.attempts == attempts_before,
                deliveries.c.next_attempt_at == due_before,
            )
            .values(
                state=change.state,
                reason=change.reason,
                attempts=change.attempts,
                status_code=change.status_code,
                service_message_id=change.service_message_id,
                next_attempt_at=change.next_attempt_at,
                accepted_at=change.accepted_at,
                updated_at=now,
            )
            .returning(*_WHOSE)
        )
        rows = (await tx.execute(statement)).all()
        _tell_all(tx, rows, asdict(change), now)
        changed.update(row.id for row in rows)
    return changed


def _tell_all(tx: Tx, rows: Sequence[Any], values: dict[str, Any], now: datetime) -> None:
    """Tell of rows, all of one project, that came into the same state."""
    if rows:
        project_id = rows[0].project_id
        found = [row._asdict() for row in rows]
        delivery_events.tell_states(tx, project_id, lambda: [row | values for row in found], now=now)


async def fail_waiting(
    tx: Tx, ids: Sequence[str], *, due: datetime, reason: str, now: datetime
) -> list[tuple[str, str | None]]:
    """End those of `ids` that are to be tried again at `due` or before; return each with why it was to be."""
    failed: list[tuple[str, str | None]] = []
    for part in chunks(ids):
        query = select(*_WHOSE, deliveries.c.reason, deliveries.c.attempts, deliveries.c.status_code).where(
            deliveries.c.id.in_(await _locked(tx, part)), _RETRYING, deliveries.c.next_attempt_at <= due
        )
        rows = (await tx.execute(query)).all()
        found = [(row.id, row.reason) for row in rows]
        values = {"state": DeliveryState.FAILED, "reason": reason, "next_attempt_at": None, "updated_at": now}
        _tell_all(tx, rows, values, now)
        await tx.execute(update(deliveries).where(deliveries.c.id.in_([one for one, _ in found])).values(values))
        failed += found
    return failed


async def _locked(tx: Tx, ids: Sequence[str]) -> list[str]:
    """Lock rows in the order of their identifiers: an UPDATE takes them in any order, and two could deadlock."""
    query = select(deliveries.c.id).where(deliveries.c.id.in_(ids)).order_by(deliveries.c.id).with_for_update()
    return list((await tx.execute(query)).scalars())


async def any_waiting(tx: Tx, notification_id: str) -> bool:
    """Tell whether a delivery of the notification is still to be tried again."""
    query = select(exists().where(deliveries.c.notification_id == notification_id, _RETRYING))
    return bool((await tx.execute(query)).scalar_one())


async def apply_receipts(tx: Tx, delivery_ids: Sequence[str], *, now: datetime, shard: int = 0) -> int:
    """Bring recorded deliveries in line with the receipts that are there; return how many changed.

    Safe to repeat, and to call before there is a delivery: whoever comes later does the work.
    """
    if not delivery_ids:
        return 0
    reported: dict[str, dict[str, Any]] = {}
    for part in chunks(delivery_ids):
        for row in await tx.execute(select(receipts).where(receipts.c.delivery_id.in_(part))):
            reported.setdefault(row.delivery_id, {})[row.event] = row
    changed: dict[str, list[tuple[counts.Key, counts.Key]]] = {}
    for part in chunks(sorted(reported)):
        query = select(deliveries).where(deliveries.c.id.in_(part)).order_by(deliveries.c.id).with_for_update()
        for row in (await tx.execute(query)).all():
            values = _after_receipts(row, reported[row.id])
            if values:
                await tx.execute(update(deliveries).where(deliveries.c.id == row.id).values(**values, updated_at=now))
                delivery_events.tell_receipts(tx, row, values, now=now)
                new = (str(values.get("state", row.state)), values.get("reason", row.reason) or "")
                changed.setdefault(row.notification_id, []).append(((row.state, row.reason or ""), new))
    for notification_id, pairs in sorted(changed.items()):
        await counts.add(tx, notification_id, counts.moved(pairs), shard)
    return sum(len(pairs) for pairs in changed.values())


def _after_receipts(delivery: Any, reported: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that change; empty if the receipts say nothing new or the step is not legal."""
    values: dict[str, Any] = {}
    state = DeliveryState(delivery.state)
    for event in _EVENTS:
        receipt = reported.get(event)
        if receipt is None:
            continue
        if getattr(delivery, f"{event}_at") is None and (state.may_become(event.state) or state.was_accepted):
            values[f"{event}_at"] = receipt.at
            if event is ReceiptEvent.CLICKED:
                values["clicked_action"] = receipt.action
        if state.may_become(event.state):
            state = event.state
            values |= {"state": state, "reason": None, "next_attempt_at": None}
    return values


async def unapplied_receipts(tx: Tx, *, since: datetime, limit: int) -> list[str]:
    """Return deliveries with a receipt that was not applied, because both were being written at the same moment."""
    column = {event: deliveries.c[f"{event}_at"] for event in _EVENTS}
    found: list[str] = []
    for event in _EVENTS:
        query = (
            select(deliveries.c.id)
            .join(receipts, receipts.c.delivery_id == deliveries.c.id)
            .where(
                receipts.c.received_at >= since,
                receipts.c.event == event,
                column[event].is_(None),
                deliveries.c.state.in_(
                    [state for state in DeliveryState if state.was_accepted or state.may_become(event.state)]
                ),
            )
            .limit(limit)
        )
        found += (await tx.execute(query)).scalars()
    return sorted(set(found))
