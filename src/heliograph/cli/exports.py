"""`heliograph export`: everything that can be sent to, into a file."""

import gzip
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, BinaryIO, cast

import typer

from heliograph.actions import exports
from heliograph.actions.exports import ExportForm
from heliograph.cli import opening, screen
from heliograph.cli.choosing import JsonOption, ProjectOption, chosen_project
from heliograph.cli.exits import CommandError, Exit


def export(
    file: Annotated[
        Path, typer.Argument(help="The file to write, compressed if its name ends in .gz; - is standard output.")
    ] = Path("-"),
    *,
    project: ProjectOption = None,
    format_: Annotated[
        ExportForm | None, typer.Option("--format", help="csv or jsonl; by the file's name, else csv.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write all active subscriptions, and the phones that are kept for later: with groups, people and attributes.

    `heliograph import` reads it back without loss. Who has the file and the VAPID key can write to these browsers: it
    is made readable for you alone, so keep it as you keep keys.

    Example: heliograph export subscriptions.csv.gz

    Exit status: 0 written; 1 failed, and there is no file.
    """
    is_stdout = str(file) == "-"
    if is_stdout and as_json:
        raise CommandError("--json would be mixed with the export: name a file.", Exit.USAGE)
    if not is_stdout and file.exists():
        raise CommandError(f"{file} exists: choose another name.")
    form = format_ or (ExportForm.JSONL if ".jsonl" in file.suffixes or ".ndjson" in file.suffixes else ExportForm.CSV)
    if is_stdout:
        opening.run(_export(project, form, sys.stdout.buffer))
        sys.stdout.buffer.flush()
        return
    count = _to_file(project, form, file)
    if as_json:
        screen.write_json({"file": str(file), "rows": count, "bytes": file.stat().st_size})
    else:
        typer.echo(f"Written: {file} ({count:,} rows). Keep it as you keep keys.")


def _to_file(project: str | None, form: ExportForm, file: Path) -> int:
    """Write beside the place and put it there when it is whole: half an export looks like a whole one."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with ExitStack() as stack:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            out: Any = stack.enter_context(os.fdopen(descriptor, "wb"))
            if file.suffix == ".gz":
                out = stack.enter_context(gzip.GzipFile(fileobj=out, mode="wb", filename="", mtime=0))
            count = opening.run(_export(project, form, cast("BinaryIO", out)))
        draft.rename(file)
    finally:
        draft.unlink(missing_ok=True)
    return count


async def _export(project: str | None, form: ExportForm, out: BinaryIO) -> int:
    rows = 0
    async with opening.opened(opening.load()) as heliograph:
        async with heliograph.store.begin() as tx:
            project_id = (await chosen_project(tx, project)).id
            await exports.note(tx, heliograph.context(), project_id=project_id, form=form)
        async for count, piece in exports.pieces(heliograph.store, project_id=project_id, form=form):
            rows += count
            out.write(piece)
    return rows
