"""A person who was erased is taken out of the notifications that named them, a portion at a time.

The name is replaced, not taken away: ranges of a send that is under way count the named by their places. What takes
its place, the profile's old identifier, is nobody's name. Content that was written for them alone goes too, and so do
variables that a campaign was given for them.
"""

from typing import Any

from heliograph.delivery.machine import Machine
from heliograph.names import JobName
from heliograph.queue.base import BULK, Job, NewJob
from heliograph.storage import personal

PORTION = 50
"""Notifications that are looked at in one go; each may name ten thousand people."""
_ERASED = {"title": "Erased"}


async def forget(machine: Machine, job: Job) -> None:
    """Do a portion. Arguments: `project_id`, `external_id`, `profile_id`, `after` and `upto` (notifications)."""
    args = job.args
    name, instead = args["external_id"], args["profile_id"]
    # Looked for outside the transaction that writes: on SQLite nobody else writes during that.
    async with machine.store.read() as tx:
        span = {"after": args["after"], "upto": args["upto"]}
        page = await personal.audiences(tx, args["project_id"], **span, limit=PORTION)
    now = machine.clock.now()
    async with machine.store.begin() as tx:
        for one in page:
            names = one.audience.get("external_ids", ())
            if name in names:
                kept = {"external_ids": [instead if each == name else each for each in names]}
                content = _ERASED if _is_only(instead, kept["external_ids"]) else None
                await personal.rewrite(tx, one.id, audience=one.audience | kept, content=content)
            people = (one.variables or {}).get("people", {})
            if instead in people:
                left = {person: own for person, own in people.items() if person != instead}
                await personal.set_variables(tx, one.id, {**(one.variables or {}), "people": left})
        await machine.complete(tx, job)
        if len(page) == PORTION:
            again = NewJob(JobName.FORGET, args | {"after": page[-1].id}, run_at=now, priority=BULK)
            await machine.queue.add(tx, [again], now=now)


def _is_only(instead: str, names: list[Any]) -> bool:
    return set(names) == {instead}
