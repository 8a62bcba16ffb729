"""The rest of what an anonymous visitor did is handed over to the person, a portion at a time."""

from heliograph.storage import carts, events, merging, profiles
from heliograph.storage.store import Tx

PORTION = 500
"""Rows of each kind in one transaction."""


async def hand_over_more(tx: Tx) -> bool:
    """Do a portion for one visitor, if any is waiting; tell whether there may be more to do."""
    found = await merging.waiting(tx)
    if found is None:
        return False
    visitor, project_id, person = found
    if await profiles.get(tx, project_id, person, lock=True) is None:
        await _forget(tx, visitor)
        return True
    is_more = False
    for held in merging.HELD:
        is_more |= await merging.move(tx, held, from_profile=visitor, to_profile=person, limit=PORTION)
    if not is_more:
        await carts.rebuild(tx, project_id, person)
        await profiles.remove(tx, visitor)
    return True


async def _forget(tx: Tx, visitor: str) -> None:
    """The person was erased meanwhile, and with the person what was the visitor's."""
    if await events.erase(tx, visitor, limit=PORTION) < PORTION:
        await profiles.remove(tx, visitor)
