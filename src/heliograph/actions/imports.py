"""Imports as things: begun with what holds for the whole file, looked at, found again. Rows: `import_file`."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from heliograph.actions import audit, vapid_keys
from heliograph.domain.importing.base import ImportFormat
from heliograph.errors import Conflict, InvalidRequest, NotFound
from heliograph.kit.context import Context
from heliograph.kit.paging import Page, read_page
from heliograph.names import Act
from heliograph.storage import imports, projects
from heliograph.storage.imports import Import, ImportState, RefusedRow
from heliograph.storage.store import Tx
from heliograph.storage.vapid_keys import VapidKey, VapidKeyState

MAX_SOURCE = 200
HEAD_BYTES = 64 * 1024
"""Bytes of its beginning by which a file is known again."""


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for every row of a file.

    Attributes:
        format: whose columns it has.
        replaces: whether rows win over subscriptions that are known with other keys.
        tags_are_groups: whether names and values of a vendor's tags become groups, not attributes of people.
        keeps_expiry: whether an end that the file sets is taken over.
    """

    format: ImportFormat = ImportFormat.AUTO
    replaces: bool = False
    tags_are_groups: bool = False
    keeps_expiry: bool = True

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Options":
        """Return the options of an import."""
        return cls(**{**stored, "format": ImportFormat(stored["format"])})


@dataclass(frozen=True, slots=True)
class SigningKey:
    """Which application server key the rows were made with that do not say so themselves.

    Attributes:
        private: of another system, in any usual form; taken over into the project.
        public: what it must belong to.
        as_active: whether pages are given it; None: if nobody uses the project's active one yet.
        id: a key that the project has already.
    """

    private: str | None = None
    public: str | None = None
    as_active: bool | None = None
    id: str | None = None


async def create(
    tx: Tx,
    ctx: Context,
    *,
    project_id: str,
    options: Options,
    key: SigningKey,
    source: str | None = None,
    head_hash: bytes | None = None,
) -> Import:
    """Begin an import. Rows that name no key of their own can then be taken only if a key is given here.

    Raises:
        InvalidRequest: the private key is none, or not that of the public key.
        NotFound: the project has no such key.
        Conflict: the key is retired.
    """
    found = await _signing_key(tx, ctx, project_id, key)
    one = Import(
        id=ctx.ids.new("imp"),
        project_id=project_id,
        state=ImportState.WAITING,
        source=None if source is None else source[:MAX_SOURCE],
        options=asdict(options) | {"format": str(options.format)},
        vapid_key_id=None if found is None else found.id,
        created_at=ctx.now,
        updated_at=ctx.now,
        head_hash=head_hash,
    )
    await imports.add(tx, one)
    await audit.note(tx, ctx, Act.IMPORT_STARTED, project_id=project_id, subject_id=one.id, format=str(options.format))
    return one


async def _signing_key(tx: Tx, ctx: Context, project_id: str, key: SigningKey) -> VapidKey | None:
    if key.private is not None:
        if key.id is not None:
            raise InvalidRequest("Give a private key, or the id of a key that the project has: not both.")
        return await vapid_keys.take_over(
            tx, ctx, project_id=project_id, private_key=key.private, public_key=key.public, as_active=key.as_active
        )
    if key.id is None:
        return None
    found = await vapid_keys.get(tx, project_id=project_id, key_id=key.id)
    if found.state is VapidKeyState.RETIRED:
        raise Conflict("This key is retired: nothing can be signed with it any more.")
    return found


def head_hash(head: bytes, options: Options, key_id: str | None) -> bytes:
    """Return what a file is found again by: its first bytes, and what was wished."""
    return hashlib.sha256(f"{options}\0{key_id}\0".encode() + head[:HEAD_BYTES]).digest()


async def unfinished(tx: Tx, *, project_id: str, head: bytes) -> Import | None:
    """Return the latest import of a file that begins like this, unless it is finished."""
    found = await imports.last_of_head(tx, project_id, head)
    return None if found is None or found.state is ImportState.FINISHED else found


async def get(tx: Tx, *, project_id: str, import_id: str) -> Import:
    """Return one import, or raise `NotFound`."""
    found = await imports.get(tx, project_id, import_id)
    if found is None:
        raise NotFound("There is no such import in this project.")
    return found


async def listing(tx: Tx, *, project_id: str, cursor: str | None, limit: int) -> Page[Import]:
    """Return a page of imports, newest first."""
    return await read_page(
        lambda before, count: imports.page(tx, project_id, before=before, limit=count),
        lambda one: one.id,
        listing=f"imports/{project_id}",
        cursor=cursor,
        limit=limit,
    )


async def refused(tx: Tx, *, project_id: str, import_id: str, cursor: str | None, limit: int) -> Page[RefusedRow]:
    """Return a page of the rows that an import refused, in the order of the file."""
    await get(tx, project_id=project_id, import_id=import_id)

    async def fetch(after: str | None, count: int) -> list[RefusedRow]:
        return await imports.refused(tx, import_id, after=int(after or 0), limit=count)

    return await read_page(
        fetch, lambda row: str(row.number), listing=f"refused/{import_id}", cursor=cursor, limit=limit
    )


async def check_project(tx: Tx, project_id: str) -> None:
    """Raise `NotFound` for a project that was removed."""
    if await projects.get(tx, project_id) is None:
        raise NotFound("There is no such project.")
