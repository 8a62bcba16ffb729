"""`heliograph import`: other people's files of subscriptions, straight into the store."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Self

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from heliograph.actions import import_file, imports, vapid_keys
from heliograph.actions.imports import HEAD_BYTES, Options, SigningKey
from heliograph.bootstrap import Heliograph
from heliograph.cli import opening, screen
from heliograph.cli.choosing import JsonOption, ProjectOption, chosen_project
from heliograph.cli.exits import CommandError, Exit
from heliograph.domain.importing.base import ImportFormat
from heliograph.protocols.key_files import MAX_KEY_FILE
from heliograph.storage import imports as rows
from heliograph.storage import vapid_keys as key_rows
from heliograph.storage.imports import Import
from heliograph.storage.vapid_keys import VapidKey

_BLOCK = 64 * 1024
_PAGE = 5_000


class Conflicts(StrEnum):
    """What to do about an endpoint that is known with other keys."""

    REFUSE = "refuse"
    REPLACE = "replace"


class KeyRole(StrEnum):
    """What the vendor's key becomes."""

    AUTO = "auto"
    ACTIVE = "active"
    RETIRING = "retiring"


class Tags(StrEnum):
    """What a vendor's tags become."""

    ATTRIBUTES = "attributes"
    GROUPS = "groups"


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the command line says."""

    file: Path
    project: str | None
    options: Options
    key: SigningKey
    own_key: bool
    begins_anew: bool
    is_quiet: bool


def import_(
    file: Annotated[
        Path, typer.Argument(help="The file: CSV or JSON Lines, also compressed with gzip; - is standard input.")
    ],
    *,
    project: ProjectOption = None,
    format_: Annotated[
        ImportFormat, typer.Option("--format", help="Whose columns it has; found out from the columns, if left out.")
    ] = ImportFormat.AUTO,
    vapid_private_key: Annotated[
        str | None,
        typer.Option(
            "--vapid-private-key",
            help="A file with the vendor's private VAPID key, or -: base64url, PEM, PKCS #8 or JWK. Also taken from "
            "the variable VAPID_PRIVATE_KEY.",
        ),
    ] = None,
    vapid_public_key: Annotated[
        str | None, typer.Option(help="The public key that the private one must belong to, as the vendor shows it.")
    ] = None,
    vapid_key_as: Annotated[
        KeyRole,
        typer.Option(
            help="active: pages use the vendor's key from now on, and known browsers are taken over on their next "
            "visit. retiring: it signs for these subscriptions alone. auto: active if nobody uses the project's key."
        ),
    ] = KeyRole.AUTO,
    own_key: Annotated[
        bool, typer.Option("--own-key", help="The subscriptions were made with this project's active key.")
    ] = False,
    on_conflict: Annotated[
        Conflicts, typer.Option(help="What to do about an endpoint that is known here with other keys.")
    ] = Conflicts.REFUSE,
    tags: Annotated[
        Tags, typer.Option(help="What names and values of OneSignal's tags become: of the person, or groups.")
    ] = Tags.ATTRIBUTES,
    ignore_expiry: Annotated[
        bool, typer.Option("--ignore-expiry", help="Let subscriptions live as long as their endpoints do.")
    ] = False,
    refused: Annotated[
        Path | None, typer.Option(help="Where the refused rows are told; FILE.refused.csv, if left out.")
    ] = None,
    begin_anew: Annotated[
        bool, typer.Option("--begin-anew", help="Do not go on with an unfinished import of this file.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Take over subscriptions from another system, or from our own export, with the key that they were made with.

    Run it again after a crash, or ctrl-C: it goes on where it was, and nothing is there twice. Rows that cannot be
    taken are told in a file, with line and reason, and the others are taken.

    Example: heliograph import onesignal.csv.gz --vapid-private-key vapid.pem

    Exit status: 0 every row was taken; 1 some rows were refused, or the file could not be read.
    """
    wish = _Wish(
        file=file,
        project=project,
        options=Options(format_, on_conflict is Conflicts.REPLACE, tags is Tags.GROUPS, not ignore_expiry),
        key=SigningKey(
            private=_private_key(vapid_private_key, file),
            public=vapid_public_key,
            as_active={KeyRole.ACTIVE: True, KeyRole.RETIRING: False}.get(vapid_key_as),
        ),
        own_key=own_key,
        begins_anew=begin_anew,
        is_quiet=as_json or not sys.stderr.isatty(),
    )
    if wish.own_key and wish.key.private is not None:
        raise CommandError("Give a private key or --own-key: not both.", Exit.USAGE)
    report = refused or (Path("import.refused.csv") if str(file) == "-" else file.with_name(f"{file.name}.refused.csv"))
    done, key = opening.run(_import(wish, report))
    _tell(done, key, report, as_json=as_json)
    if done.counts.get("refused"):
        raise typer.Exit(Exit.FAILED)


def _private_key(given: str | None, file: Path) -> str | None:
    if given is None:
        return os.environ.get("VAPID_PRIVATE_KEY") or None
    if given == "-" and str(file) == "-":
        raise CommandError("Only one of file and key can come from standard input.", Exit.USAGE)
    if given == "-":
        return sys.stdin.read(MAX_KEY_FILE + 1)
    with Path(given).open("rb") as opened:
        data = opened.read(MAX_KEY_FILE + 1)
    return data.decode("utf-8", "replace")


async def _import(wish: _Wish, report: Path) -> tuple[Import, VapidKey | None]:
    opened = sys.stdin.buffer if str(wish.file) == "-" else wish.file.open("rb")
    with opened as source:
        head = source.read(HEAD_BYTES) if source.seekable() else b""
        size = os.fstat(source.fileno()).st_size if source.seekable() else None
        async with opening.opened(opening.load()) as heliograph:
            one = await _begun(heliograph, wish, head)
            with _Bar(size, is_quiet=wish.is_quiet) as bar:
                one = await import_file.run(
                    heliograph.store,
                    heliograph.context,
                    heliograph.policy,
                    one,
                    _blocks(source, head, bar),
                    on_progress=bar.rows,
                )
            await _write_report(heliograph, one, report)
            async with heliograph.store.read() as tx:
                key = await key_rows.get(tx, one.project_id, one.vapid_key_id) if one.vapid_key_id else None
            return one, key


async def _begun(heliograph: Heliograph, wish: _Wish, head: bytes) -> Import:
    """Return the unfinished import of this file, or a new one."""
    async with heliograph.store.begin() as tx:
        project_id = (await chosen_project(tx, wish.project)).id
        context = heliograph.context()
        key = wish.key
        if key.private is not None:
            taken = await vapid_keys.take_over(
                tx,
                context,
                project_id=project_id,
                private_key=key.private,
                public_key=key.public,
                as_active=key.as_active,
            )
            key = SigningKey(id=taken.id)
        elif wish.own_key:
            active = await key_rows.active(tx, project_id)
            if active is None:
                raise CommandError("The project has no active key.")
            key = SigningKey(id=active.id)
        mark = imports.head_hash(head, wish.options, key.id) if head else None
        if mark is not None and not wish.begins_anew:
            found = await imports.unfinished(tx, project_id=project_id, head=mark)
            if found is not None:
                return found
        name = None if str(wish.file) == "-" else wish.file.name
        return await imports.create(
            tx, context, project_id=project_id, options=wish.options, key=key, source=name, head_hash=mark
        )


async def _blocks(source: BinaryIO, head: bytes, bar: "_Bar") -> AsyncIterator[bytes]:
    block = head or await asyncio.to_thread(source.read, _BLOCK)
    while block:
        yield block
        bar.bytes(len(block))
        block = await asyncio.to_thread(source.read, _BLOCK)


class _Bar:
    """Progress on standard error: percent where the size is known; nothing without a terminal."""

    def __init__(self, size: int | None, *, is_quiet: bool) -> None:
        from rich.console import Console  # noqa: PLC0415 - only where a bar is shown

        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("Importing"),
            BarColumn(bar_width=32),
            TextColumn("{task.percentage:>3.0f} %") if size else TextColumn(""),
            TextColumn("{task.fields[rows]:,} rows, {task.fields[refused]:,} refused"),
            TimeElapsedColumn(),
            console=Console(stderr=True),
            disable=is_quiet,
        )
        self._task = self._progress.add_task("", total=size, rows=0, refused=0)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def bytes(self, count: int) -> None:
        """So much more of the file is read."""
        self._progress.advance(self._task, count)

    def rows(self, one: Import) -> None:
        """The import stands there now."""
        self._progress.update(self._task, rows=one.rows_read, refused=one.counts.get("refused", 0))


async def _write_report(heliograph: Heliograph, one: Import, report: Path) -> None:
    """Write which rows were refused and why; nothing of what is in them."""
    if not one.counts.get("refused"):
        with suppress(FileNotFoundError):
            if report.read_text(encoding="utf-8").startswith("line,reason,detail"):  # noqa: ASYNC240 - ours, and small
                report.unlink()  # noqa: ASYNC240
        return
    with report.open("w", encoding="utf-8") as out:
        out.write("line,reason,detail\n")
        after = 0
        while True:
            async with heliograph.store.read() as tx:
                found = await rows.refused(tx, one.id, after=after, limit=_PAGE)
            if not found:
                return
            after = found[-1].number
            out.writelines(f'{row.line},{row.reason},"{row.detail}"\n' for row in found)


def _tell(done: Import, key: VapidKey | None, report: Path, *, as_json: bool) -> None:
    has_refused = bool(done.counts.get("refused"))
    if as_json:
        screen.write_json(_as_json(done, key) | {"refused_file": str(report) if has_refused else None})
        return
    names = {"created": "New", "updated": "Updated", "unchanged": "Unchanged", "duplicate": "Twice in the file",
             "held": "Phones kept for later", "held_before": "Phones kept before", "refused": "Refused"}  # fmt: skip
    facts: dict[str, Any] = {"Rows": f"{done.rows_read:,}"}
    facts |= {title: f"{done.counts[name]:,}" for name, title in names.items() if done.counts.get(name)}
    facts |= {f"Without {name}": f"{count:,}" for name, count in sorted(done.dropped.items())}
    if key is not None:
        facts["VAPID key"] = f"{key.id} ({key.state})"
    screen.console().print(screen.facts(facts))
    if has_refused:
        typer.echo(f"{report} tells line and reason of each refused row.")


def _as_json(done: Import, key: VapidKey | None) -> dict[str, Any]:
    return {
        "id": done.id,
        "state": done.state,
        "rows": done.rows_read,
        "counts": done.counts,
        "dropped": done.dropped,
        "vapid_key": None if key is None else {"id": key.id, "state": key.state},
    }
