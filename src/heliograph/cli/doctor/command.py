"""`heliograph doctor`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from heliograph.actions import condition
from heliograph.bootstrap import FINGERPRINT
from heliograph.cli import opening, screen
from heliograph.cli.choosing import JsonOption, all_projects
from heliograph.cli.doctor import network, place, stored
from heliograph.cli.doctor.finding import Finding, error, skipped
from heliograph.cli.exits import Exit
from heliograph.domain.site import Severity
from heliograph.kit.curl import CurlSender
from heliograph.settings import Settings
from heliograph.storage import installation, migrate, survey
from heliograph.storage.engines import DatabaseUrl
from heliograph.storage.store import Store, StoreError

IDS = (
    "public_url", "devpush_settings", "data_directory", "disk", "database", "schema", "master_key", "queue_stuck",
    "dead_jobs", "no_worker", "key_paused", "webhook_failing", "vapid_subject", "origins", "clock_skew",
    "public_answer",
)  # fmt: skip
"""Every check, in the order of the report. `docs/howto/operate.md` explains each."""
_MARKS = {Severity.OK: "ok", Severity.SKIPPED: "--", Severity.WARNING: "!", Severity.ERROR: "!!"}


def doctor(
    *,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nothing of the network.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Look for the commonest faults of an installation, and say what to do about each. Changes nothing.

    Example: heliograph doctor

    Exit status: 0 no error, though there may be warnings; 1 at least one error; 2 wrong settings.
    """
    settings = opening.load()
    findings = opening.run(examine(settings, now=datetime.now(UTC), offline=offline))
    has_error = any(finding.severity is Severity.ERROR for finding in findings)
    if as_json:
        screen.write_json({"ok": not has_error, "findings": findings})
    else:
        for finding in findings:
            typer.echo(f"{_MARKS[finding.severity]:<3} {finding.id:<17} {finding.sentence}")
            if finding.hint:
                typer.echo(f"{'':<21} → {finding.hint}")
    if has_error:
        raise typer.Exit(Exit.FAILED)


async def examine(
    settings: Settings, *, now: datetime, offline: bool, time_source: str = network.TIME_SOURCE
) -> list[Finding]:
    """Return what every check found, in the order of `IDS`."""
    found = [place.public_url(settings), place.devpush(settings), place.data_directory(settings), place.disk(settings)]
    found += await _stored(settings, now)
    found += await _network(settings, offline=offline, time_source=time_source)
    return sorted(found, key=lambda finding: IDS.index(finding.id))


async def _stored(settings: Settings, now: datetime) -> list[Finding]:
    """Look into the database as far as it goes: without tables there is no queue to look at."""
    later = ["queue_stuck", "dead_jobs", "no_worker", "key_paused", "webhook_failing", "vapid_subject", "origins"]
    # Opening would make the file.
    if settings.is_embedded and not DatabaseUrl.parse(settings.store_url).path.exists():
        hint = "Start `heliograph up` once, or set HELIOGRAPH_DATA_DIR or HELIOGRAPH_DATABASE_URL."
        lacking = error("database", "There is no database yet.", hint)
        return [lacking, place.master_key(settings, None), *_unseen("schema", *later)]
    try:
        store = await Store.open(settings.store_url, pool_size=1)
    except StoreError as fault:
        hint = (
            "If it is damaged, `heliograph restore` the last backup; otherwise look at its disk and at whose it is."
            if settings.is_embedded
            else "Start it, and check HELIOGRAPH_DATABASE_URL."
        )
        lacking = error("database", str(fault), hint)
        return [lacking, *_unseen("schema", "master_key", *later)]
    try:
        async with store.read() as tx:
            missing = await migrate.missing(tx)
            found = [stored.database(await survey.server(tx)), stored.schema(missing)]
            if missing:
                return [*found, *_unseen("master_key", *later)]
            how = await condition.look(tx, now=now)
            projects = await all_projects(tx)
            noted = await installation.get(tx, FINGERPRINT)
    finally:
        await store.close()
    return [
        *found,
        place.master_key(settings, noted),
        stored.queue(how),
        stored.dead_jobs(how),
        stored.worker(how),
        stored.paused_keys(how, now),
        stored.webhooks(how, now),
        stored.contacts(projects),
        stored.origins(projects, public=place.is_public(settings)),
    ]


async def _network(settings: Settings, *, offline: bool, time_source: str) -> list[Finding]:
    if offline:
        return [skipped(name, "Nothing was asked of the network.") for name in ("clock_skew", "public_answer")]
    sender = CurlSender()
    try:
        skew = await network.clock_skew(sender, time_source, now=lambda: datetime.now(UTC))
        if settings.public_url is None:
            return [skew, skipped("public_answer", "There is no public address to ask.")]
        return [skew, await network.public_answer(sender, settings.public_url)]
    finally:
        await sender.close()


def _unseen(*names: str) -> list[Finding]:
    return [skipped(name, "The database has to be there first.") for name in names]
