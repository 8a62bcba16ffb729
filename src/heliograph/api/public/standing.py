"""What a process knows of projects' running prompt campaigns, so that a page view costs one query and no waiting."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from litestar.types import Scope

from heliograph.actions.prompts import Standing, look
from heliograph.bootstrap import Heliograph

LIFE = timedelta(seconds=5)
"""After so long somebody's page view looks whether something has changed; others go on with what is known meanwhile."""
LONGEST = timedelta(seconds=10)
"""Nobody is answered with what is older."""
_CAPACITY = 10_000


@dataclass(slots=True)
class _Entry:
    """What is known of one project, and since when. `changes` counts what happened to make it doubtful."""

    looked_at: datetime | None = None
    standing: Standing | None = None
    changes: int = 0
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    def of(self, now: datetime, life: timedelta) -> Standing | None:
        """Return what is known, if it is young enough. A clock may be set back."""
        looked_at = self.looked_at
        return self.standing if looked_at is not None and looked_at <= now < looked_at + life else None


class StandingDirectory:
    """One `Standing` per project that was asked for. The projects longest unseen are forgotten."""

    def __init__(self, heliograph: Heliograph) -> None:
        self._heliograph = heliograph
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    async def of(self, project_id: str) -> Standing:
        """Return what is running in a project, as it was at most `LONGEST` ago."""
        entry = self._entry(project_id)
        found = entry.of(self._now(), LONGEST if entry.busy.locked() else LIFE)
        if found is not None:
            return found
        async with entry.busy:
            return entry.of(self._now(), LIFE) or await self._look(project_id, entry)

    def forget(self) -> None:
        """Look anew everywhere, because something was changed in this process."""
        for entry in self._entries.values():
            entry.looked_at = None
            entry.changes += 1

    def _now(self) -> datetime:
        return self._heliograph.clock.now()

    async def _look(self, project_id: str, entry: _Entry) -> Standing:
        now, changes = self._now(), entry.changes
        async with self._heliograph.store.read() as tx:
            found = await look(tx, project_id, entry.standing, now=now)
        entry.standing = found
        # What was changed while it was being looked at may be in it or not.
        entry.looked_at = now if entry.changes == changes else None
        return found

    def _entry(self, project_id: str) -> _Entry:
        entry = self._entries.setdefault(project_id, _Entry())
        self._entries.move_to_end(project_id)
        if len(self._entries) > _CAPACITY:
            self._entries.popitem(last=False)
        return entry


def standing_of(scope: Scope) -> StandingDirectory:
    """Return the application's directory; the first caller makes it."""
    state = scope["litestar_app"].state
    if "standing" not in state:
        state["standing"] = StandingDirectory(state["heliograph"])
    found: StandingDirectory = state["standing"]
    return found
