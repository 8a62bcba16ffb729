"""Everything that can be sent to, out again: as CSV or JSON Lines, in pages, so that size does not matter.

It is what our own import reads back without loss. The application server keys themselves are not in it.
"""

import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from heliograph.actions import audit
from heliograph.domain.importing.heliograph import COLUMNS, disarmed
from heliograph.domain.subscription import Group
from heliograph.kit.context import Context
from heliograph.names import Act, Channel
from heliograph.protocols import base64url
from heliograph.storage import groups, held_devices, moving
from heliograph.storage.store import Store, Tx

PAGE = 1_000
"""Rows that are read, and held, at once."""


class ExportForm(StrEnum):
    """How an export is written."""

    CSV = "csv"
    JSONL = "jsonl"


MEDIA_TYPES = {ExportForm.CSV: "text/csv; charset=utf-8", ExportForm.JSONL: "application/x-ndjson"}


async def note(tx: Tx, ctx: Context, *, project_id: str, form: ExportForm) -> None:
    """Write down that an export was asked for: it holds what is needed to write to people's browsers."""
    await audit.note(tx, ctx, Act.SUBSCRIPTIONS_EXPORTED, project_id=project_id, format=str(form))


async def pieces(store: Store, *, project_id: str, form: ExportForm) -> AsyncIterator[tuple[int, bytes]]:
    """Yield the export piece by piece: how many rows a piece has, and its bytes.

    Each piece is read by itself, so that no transaction lasts as long as the receiver takes; who comes meanwhile may be
    in it or not.
    """
    if form is ExportForm.CSV:
        yield 0, (",".join(COLUMNS) + "\r\n").encode()
    write = _csv if form is ExportForm.CSV else _jsonl
    after = ""
    while True:
        async with store.read() as tx:
            found = await moving.active(tx, project_id, after=after, limit=PAGE)
            joined = await groups.of_subscriptions(tx, [row["id"] for row in found])
        if not found:
            break
        after = found[-1]["id"]
        yield len(found), write([_subscription(row, joined[row["id"]]) for row in found])
    after = ""
    while True:
        async with store.read() as tx:
            devices = await held_devices.page(tx, project_id, after=after, limit=PAGE)
        if not devices:
            return
        after = devices[-1][0].id
        yield len(devices), write([_device(*each) for each in devices])


def _subscription(row: dict[str, Any], joined: list[Group]) -> dict[str, Any]:
    values = {name: row[name] for name in COLUMNS if name in row}
    return values | {
        "channel": str(Channel.WEB),
        "p256dh": base64url.encode(row["p256dh"]),
        "auth": base64url.encode(row["auth"]),
        "application_server_key": base64url.encode(row["public_key"]),
        "attributes": row["attributes"] or {},
        "groups": [[group.name, group.identifier] for group in joined],
    }


def _device(device: held_devices.HeldDevice, external_id: str | None, attributes: Any) -> dict[str, Any]:
    return {
        "channel": device.channel,
        "token": device.token,
        "app_id": device.app_id,
        "external_id": external_id,
        "attributes": attributes or device.attributes,
        "language": device.language,
        "time_zone": device.time_zone,
        "groups": device.groups,
        "created_at": device.created_at,
    }


def _jsonl(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(msgspec.json.encode({name: row.get(name) for name in COLUMNS}) + b"\n" for row in rows)


def _csv(rows: list[dict[str, Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([_cell(row.get(name)) for name in COLUMNS] for row in rows)
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return disarmed(value)
        case datetime():
            return value.isoformat()
        case _:
            return msgspec.json.encode(value).decode()
