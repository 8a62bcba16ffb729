"""`heliograph status`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import typer

from heliograph.actions import notifications, vapid_keys
from heliograph.actions.notifications import Tally
from heliograph.bootstrap import Heliograph
from heliograph.cli import opening, screen
from heliograph.cli.choosing import JsonOption, all_projects
from heliograph.cli.exits import Exit
from heliograph.storage import jobs
from heliograph.storage.jobs import DeadRow

_LATEST = 5
_PAGE = 200
_LATE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Status:
    now: datetime
    projects: int
    next_due: datetime | None
    dead: list[DeadRow]
    paused: list[str]
    latest: list[Tally]

    def worries(self) -> list[str]:
        """Return one sentence for each thing that a person should look at."""
        found = []
        if self.next_due is not None and self.now - self.next_due > _LATE:
            found.append(f"Work has been due since {self.next_due:%Y-%m-%d %H:%M:%S}Z: does a worker run?")
        if self.dead:
            found.append(f"{len(self.dead)} job(s) were set aside because they cannot succeed; the log says why.")
        found += [
            f"The VAPID key {key} is paused: push services refused it several times in a row." for key in self.paused
        ]
        return found


def status(as_json: JsonOption = False) -> None:
    """Show how this installation is doing: waiting work, paused keys, the latest notifications.

    Example: heliograph status

    Exit status: 0 all is well; 1 something needs a person.
    """
    found = opening.run(_status())
    if as_json:
        screen.write_json(_as_json(found))
    else:
        _show(found)
    if found.worries():
        raise typer.Exit(Exit.FAILED)


async def _status() -> _Status:
    async with opening.opened(opening.load()) as heliograph:
        now = heliograph.clock.now()
        next_due = await heliograph.queue.next_due(now=now)
        return await _looked(heliograph, now, next_due)


async def _looked(heliograph: Heliograph, now: datetime, next_due: datetime | None) -> _Status:
    async with heliograph.store.read() as tx:
        projects = await all_projects(tx)
        paused: list[str] = []
        latest: list[Tally] = []
        for project in projects:
            keys = await vapid_keys.listing(tx, project_id=project.id, cursor=None, limit=_PAGE)
            paused += [key.id for key in keys.items if key.is_paused(now)]
            page = await notifications.listing(tx, project_id=project.id, state=None, cursor=None, limit=_LATEST)
            latest += page.items
        latest.sort(key=lambda tally: tally.row.notification.id, reverse=True)
        dead = await jobs.dead(tx, limit=_PAGE)
    return _Status(now, len(projects), next_due, dead, paused, latest[:_LATEST])


def _as_json(found: _Status) -> dict[str, Any]:
    return {
        "projects": found.projects,
        "next_job_due_at": found.next_due,
        "dead_jobs": len(found.dead),
        "paused_vapid_keys": found.paused,
        "worries": found.worries(),
    }


def _show(found: _Status) -> None:
    out = screen.console()
    rows = []
    for tally in found.latest:
        one = tally.row.notification
        by_state: dict[str, int] = {}
        for (state, _reason), count in tally.counts.items():
            by_state[state] = by_state.get(state, 0) + count
        counts = ", ".join(f"{count} {state}" for state, count in sorted(by_state.items()) if count)
        state = f"{one.state} at {one.rate}" if one.rate and not one.state.is_terminal else str(one.state)
        rows.append((one.id, state, one.content.title, counts))
    if rows:
        out.print(screen.table("Latest notifications", ("id", "state", "title", "deliveries"), rows))
    next_due = "nothing waits" if found.next_due is None else f"{found.next_due:%Y-%m-%d %H:%M:%S}Z"
    out.print(screen.facts({"Projects": found.projects, "Next work": next_due, "Jobs set aside": len(found.dead)}))
    for sentence in found.worries():
        out.print(f"! {sentence}")
    if not found.worries():
        out.print("All is well.")
