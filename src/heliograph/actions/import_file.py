"""Reading a file into an import, portion by portion; each is one transaction with the place where it ends.

So the process may die anywhere: the same file goes on behind the last portion that was kept. Like the steps of delivery
this opens its own transactions, because one for a whole file would lock everybody else out.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from heliograph.actions import audit, imports
from heliograph.actions.import_chunks import write
from heliograph.actions.import_rows import Checked, Rules, check
from heliograph.actions.imports import Options
from heliograph.domain.endpoint import EndpointPolicy
from heliograph.domain.importing import FORMATS
from heliograph.domain.importing.base import Format, ImportFormat, Refusal, RowRefused
from heliograph.errors import Conflict, ImportFileRefused, ImportKeyMissing, Problem, Unavailable
from heliograph.kit.context import Context
from heliograph.kit.records import FileRefused, Record, RecordReader
from heliograph.names import Act, Channel
from heliograph.storage import imports as rows
from heliograph.storage import moving, providers, vapid_keys
from heliograph.storage.imports import Import, ImportState, RefusedRow
from heliograph.storage.store import Store, Tx
from heliograph.storage.vapid_keys import VapidKeyState

PORTION = 1_000
"""Rows of one transaction."""
MAX_REFUSED = 100_000
"""Refused rows that are kept with their reason; more are only counted."""
_TRIES = 6
_PAUSE_SECONDS = 0.2
_ANOTHER = "This is another file than the one that the import began with: begin a new import for it."
NO_KEY = (
    "Every browser's push service takes messages only if they are signed with the application server key (VAPID) that "
    "the subscription was made with, and answers 403 to any other: imported without it, these subscriptions would be "
    "dead. Give the vendor's private key, or name the key of this project with which they were made."
)


@dataclass(slots=True)
class Portion:
    """Rows that are written together, and where the file stands behind them."""

    taken: list[Checked] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    rows_read: int = 0
    bytes_read: int = 0
    prefix_hash: bytes = b""

    def __len__(self) -> int:
        return len(self.taken) + len(self.refused)


class _Reading:
    """The half of an import that needs no database: bytes in, checked portions out."""

    def __init__(self, one: Import, rules: Rules) -> None:
        self._rules = rules
        self._wanted = Options.of(one.options).format
        self._reader = RecordReader()
        self._format: Format | None = None
        self._skip = one.rows_read
        self._expected = (one.bytes_read, one.prefix_hash)
        self._hash = hashlib.sha256()
        self._portion = Portion(rows_read=one.rows_read)
        self.bytes_read = 0
        self.is_verified = one.bytes_read == 0

    def feed(self, block: bytes, now: datetime) -> list[Portion]:
        """Read on; return the portions that are complete."""
        behind = self._expected[0] - self.bytes_read
        if not self.is_verified and 0 < behind < len(block):
            return self.feed(block[:behind], now) + self.feed(block[behind:], now)
        self._hash.update(block)
        self.bytes_read += len(block)
        if self.bytes_read == self._expected[0] and not self.is_verified:
            if self._hash.digest() != self._expected[1]:
                raise Conflict(_ANOTHER)
            self.is_verified = True
        return self._portions(self._reader.feed(block), now)

    def finish(self, now: datetime) -> list[Portion]:
        """Return what is left at the end of the file."""
        if not self.is_verified:
            raise Conflict(_ANOTHER)
        done = [*self._portions(self._reader.finish(), now), self._close()]
        if self._reader.is_cut:
            # What was read is kept with the next try; its portion ends nowhere that could be told now.
            raise FileRefused("The compressed file ends in its middle: give the whole file, and the import goes on.")
        return done

    def _portions(self, records: Iterator[Record], now: datetime) -> list[Portion]:
        done = []
        for record in records:
            if self._format is None and self._reader.columns is not None:
                self._format = _format_of(self._reader.columns, self._wanted)
            if record.number > self._skip:
                self._take(record, now)
            if len(self._portion) >= PORTION and self.is_verified:
                done.append(self._close())
        if self._format is None and self._reader.columns is not None:
            self._format = _format_of(self._reader.columns, self._wanted)
        return done

    def _close(self) -> Portion:
        portion = self._portion
        portion.bytes_read, portion.prefix_hash = self.bytes_read, self._hash.digest()
        self._portion = Portion(rows_read=portion.rows_read)
        return portion

    def _take(self, record: Record, now: datetime) -> None:
        self._portion.rows_read = record.number
        if record.fault is not None:
            self._refuse(record, record.fault, record.sentence)
            return
        assert self._format is not None, "There is no row before the columns are known."
        try:
            row = self._format.read(record.values)
            checked = check(row, self._rules, number=record.number, line=record.line, now=now)
        except RowRefused as refused:
            if refused.reason is Refusal.KEY_MISSING and "application_server_key" not in (self._reader.columns or ()):
                raise ImportKeyMissing(NO_KEY) from None
            self._refuse(record, refused.reason, str(refused))
        else:
            self._portion.taken.append(checked)

    def _refuse(self, record: Record, reason: str, sentence: str) -> None:
        self._portion.refused.append(RefusedRow(record.number, record.line, reason, sentence))


def _format_of(columns: tuple[str, ...], wanted: ImportFormat) -> Format:
    names = frozenset(columns)
    found = [each for each in FORMATS if wanted in (ImportFormat.AUTO, each.name) and each.fits(names)]
    if not found:
        whose = "" if wanted is ImportFormat.AUTO else f" of {wanted}"
        seen = ", ".join(sorted(name[:40] for name in columns if name))[:300]
        raise ImportFileRefused(
            f"The columns are not those{whose}: at least endpoint, p256dh and auth are needed. They are: {seen}."
        )
    return found[0]


async def run(
    store: Store,
    context: Callable[[], Context],
    policy: EndpointPolicy,
    one: Import,
    blocks: AsyncIterator[bytes],
    *,
    on_progress: Callable[[Import], None] = lambda _: None,
) -> Import:
    """Read a file to its end; return the import as it stands then. The same file again goes on where it was.

    Raises:
        Conflict: it is another file than before, or somebody else is at this import.
        ImportFileRefused: it is no file of subscriptions, or ends in its middle. What came before is kept.
        ImportKeyMissing: nobody said with which key the subscriptions were made.
        ApplicationServerKeyUnknown: that key was retired meanwhile.
    """
    if one.state is ImportState.FINISHED:
        return await _same_again(one, blocks)
    one = await _begin(store, context(), one)
    async with store.read() as tx:
        reading = _Reading(one, await _rules(tx, one, policy))
    try:
        async for block in blocks:
            for portion in await asyncio.to_thread(reading.feed, block, context().now):
                one = await _keep(store, context, one, portion)
            on_progress(one)
        for portion in await asyncio.to_thread(reading.finish, context().now):
            one = await _keep(store, context, one, portion)
    except FileRefused as refused:
        raise await _failed(store, context(), one, ImportFileRefused(str(refused))) from None
    except Problem as problem:
        if not isinstance(problem, Unavailable | Conflict):
            await _failed(store, context(), one, problem)
        raise
    return await _finished(store, context(), one)


async def _same_again(one: Import, blocks: AsyncIterator[bytes]) -> Import:
    """Read a file that is done already, to see whether it is the same."""
    digest, size = hashlib.sha256(), 0
    async for block in blocks:
        digest.update(block)
        size += len(block)
    if (size, digest.digest()) != (one.bytes_read, one.prefix_hash):
        raise Conflict(_ANOTHER)
    return one


async def _begin(store: Store, ctx: Context, one: Import) -> Import:
    async with store.begin() as tx:
        return await _advance(tx, ctx, one, {"state": ImportState.RUNNING, "failure": None}, rows_before=one.rows_read)


async def _rules(tx: Tx, one: Import, policy: EndpointPolicy) -> Rules:
    options = Options.of(one.options)
    default = await providers.default(tx, one.project_id, Channel.WEB)
    if default is None:
        raise Conflict("The project cannot take subscriptions: it has no web provider.")
    keys = await vapid_keys.of_project(tx, one.project_id)
    return Rules(
        project_id=one.project_id,
        policy=policy,
        server_keys={key.public_key: key.id for key in keys if key.state is not VapidKeyState.RETIRED},
        vapid_key_id=one.vapid_key_id,
        providers=await moving.providers_by_name(tx, one.project_id) | {"": default.id},
        tags_are_groups=options.tags_are_groups,
        keeps_expiry=options.keeps_expiry,
    )


async def _keep(store: Store, context: Callable[[], Context], one: Import, portion: Portion) -> Import:
    """Write a portion, again if the database was busy."""
    for _ in range(_TRIES):
        try:
            async with store.begin() as tx:
                return await _written(tx, context(), one, portion)
        except Unavailable:
            await asyncio.sleep(_PAUSE_SECONDS)
    async with store.begin() as tx:
        return await _written(tx, context(), one, portion)


async def _written(tx: Tx, ctx: Context, one: Import, portion: Portion) -> Import:
    await imports.check_project(tx, one.project_id)
    replaces = Options.of(one.options).replaces
    outcome = await write(tx, ctx, portion.taken, project_id=one.project_id, replaces=replaces)
    refused = sorted([*portion.refused, *outcome.refused], key=lambda row: row.number)
    room = max(0, MAX_REFUSED - one.counts.get("refused", 0))
    await rows.refuse(tx, one.id, refused[:room])
    counts = Counter(one.counts) + outcome.counts + Counter({"refused": len(refused)})
    dropped = Counter(one.dropped) + Counter(name for row in portion.taken for name in row.dropped)
    values = {
        "rows_read": portion.rows_read,
        "bytes_read": portion.bytes_read,
        "prefix_hash": portion.prefix_hash,
        "counts": dict(counts),
        "dropped": dict(dropped),
    }
    return await _advance(tx, ctx, one, values, rows_before=one.rows_read)


async def _advance(tx: Tx, ctx: Context, one: Import, values: dict[str, Any], *, rows_before: int) -> Import:
    if not await rows.advance(tx, one.id, values | {"updated_at": ctx.now}, rows_before=rows_before):
        raise Conflict("Somebody else is at this import.")
    return await imports.get(tx, project_id=one.project_id, import_id=one.id)


async def _failed(store: Store, ctx: Context, one: Import, problem: Problem) -> Problem:
    async with store.begin() as tx:
        values = {"state": ImportState.FAILED, "failure": problem.detail}
        await _advance(tx, ctx, one, values, rows_before=one.rows_read)
    return problem


async def _finished(store: Store, ctx: Context, one: Import) -> Import:
    async with store.begin() as tx:
        values = {"state": ImportState.FINISHED, "finished_at": ctx.now}
        done = await _advance(tx, ctx, one, values, rows_before=one.rows_read)
        await audit.note(
            tx, ctx, Act.IMPORT_FINISHED, project_id=one.project_id, subject_id=one.id, rows=done.rows_read,
            **{name: count for name, count in done.counts.items() if name in ("created", "refused", "held")},
        )  # fmt: skip
    return done
