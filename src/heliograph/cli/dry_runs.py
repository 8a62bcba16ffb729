"""`heliograph send --dry-run`: what a send would do, for a person or as JSON."""

from typing import Any

from heliograph.actions import dry_run
from heliograph.actions.dry_run import DryRun, Exactness
from heliograph.actions.notifications import Draft
from heliograph.cli import opening, screen
from heliograph.cli.choosing import chosen_project

_HOW = {Exactness.EXACT: "", Exactness.ESTIMATE: "about ", Exactness.AT_LEAST: "at least "}


async def work(draft: Draft, project: str | None) -> DryRun:
    """Ask what the send would do."""
    async with opening.opened(opening.load()) as heliograph, heliograph.store.read() as tx:
        found = await chosen_project(tx, project)
        return await dry_run.dry_run(tx, heliograph.context(), project_id=found.id, draft=draft)


def show(run: DryRun, *, as_json: bool) -> None:
    """Write what the send would do."""
    if as_json:
        screen.write_json(_as_json(run))
        return
    out = screen.console()
    how = _HOW[run.exactness]
    out.print(f"Nothing was sent. {how.capitalize()}{run.total:,} subscriptions would get it.")
    if run.exactness is not Exactness.EXACT:
        out.print(f"Judged by {run.looked_at:,} of them, spread over the time in which they came.")
    if run.receivers:
        rows = [(channel, service, f"{count:,}") for (channel, service), count in sorted(run.receivers.items())]
        out.print(screen.table(None, ("channel", "push service", "count"), rows))
    if run.excluded:
        rows = [(one.reason, f"{one.count:,}", ", ".join(one.samples)) for one in run.excluded]
        out.print(screen.table("Not, or not at once", ("why", "count", "for example"), rows))
    shown = [
        (
            one.language or "all others",
            one.receiver or "",
            f"{run.readers.get(one.language, 0):,}",
            one.title,
            one.body,
            f"{max(one.sizes.values()):,} of {run.budget:,}",
        )
        for one in run.previews
    ]
    out.print(
        screen.table("What they see", ("language", "for example", "receivers", "title", "body", "bytes at most"), shown)
    )
    if run.warning is not None:
        out.print(run.warning)
    if run.seconds is not None:
        out.print(f"That takes {how}{_span(run.seconds)}.")
    out.print(run.assumption)


def _span(seconds: float) -> str:
    whole = round(seconds)
    if whole < 1:
        return "less than a second"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _as_json(run: DryRun) -> dict[str, Any]:
    return {
        "dry_run": True,
        "total": run.total,
        "exactness": run.exactness,
        "looked_at": run.looked_at,
        "by_push_service": [
            {"channel": channel, "push_service": service, "count": count}
            for (channel, service), count in sorted(run.receivers.items())
        ],
        "excluded": list(run.excluded),
        "rendered": [
            {
                "language": one.language,
                "receiver": one.receiver,
                "receivers": run.readers.get(one.language, 0),
                "title": one.title,
                "body": one.body,
                "url": one.url,
                "shortened": one.is_shortened,
                "bytes_by_push_service": one.sizes,
            }
            for one in run.previews
        ],
        "personal": {"filled_in": run.filled_in, "failed": run.failed, "warning": run.warning},
        "budget_bytes": run.budget,
        "seconds": run.seconds,
        "rates": [
            {"of": one.of, "rate": str(one.rate), "messages": one.messages, "seconds": one.seconds} for one in run.held
        ],
        "expired": run.late,
        "assumption": run.assumption,
    }
