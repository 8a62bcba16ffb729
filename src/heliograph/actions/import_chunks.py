"""Writing a portion of checked rows: what is new, what is known already, whose it is, and where the import stands."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from heliograph.actions.attributes import merged_attributes
from heliograph.actions.import_rows import Checked
from heliograph.domain.importing.base import Refusal
from heliograph.domain.subscription import MAX_GROUPS, Group, SubscriptionState
from heliograph.domain.user_agent import device_of
from heliograph.errors import ApplicationServerKeyUnknown, Problem
from heliograph.kit.context import Context
from heliograph.names import Channel
from heliograph.storage import groups, held_devices, key_retirement, moving
from heliograph.storage.imports import RefusedRow
from heliograph.storage.moving import Known
from heliograph.storage.store import Tx
from heliograph.storage.vapid_keys import VapidKeyState

_SECRET_HASH_BYTES = 32


@dataclass(slots=True)
class Outcome:
    """What came of a portion: rows by what was done with them, and those that were refused after all."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[RefusedRow] = field(default_factory=list)

    def refuse(self, row: Checked, reason: Refusal, sentence: str) -> None:
        """Note that a row was not taken."""
        self.refused.append(RefusedRow(row.number, row.line, reason, sentence))


async def write(tx: Tx, ctx: Context, rows: Sequence[Checked], *, project_id: str, replaces: bool) -> Outcome:
    """Write checked rows; the same rows again change nothing.

    Raises:
        ApplicationServerKeyUnknown: the key that they were made with was retired meanwhile.
    """
    outcome = Outcome()
    web = [row for row in rows if row.is_web]
    for key_id in sorted({row.vapid_key_id for row in web}):
        if await key_retirement.hold(tx, key_id) not in (VapidKeyState.ACTIVE, VapidKeyState.RETIRING):
            raise ApplicationServerKeyUnknown("The application server key of these rows was retired meanwhile.")
    owners = await _web(tx, ctx, web, outcome, project_id=project_id, replaces=replaces)
    devices = [row for row in rows if not row.is_web]
    people = await _people(tx, ctx, [*owners.values(), *devices], project_id=project_id)
    bound = [
        {"id": subscription_id, "profile_id": people[row.external_id]}
        for subscription_id, row in owners.items()
        if row.external_id is not None
    ]
    await moving.change(tx, bound)
    await _devices(tx, ctx, devices, people, outcome, project_id=project_id)
    return outcome


async def _web(
    tx: Tx, ctx: Context, rows: Sequence[Checked], outcome: Outcome, *, project_id: str, replaces: bool
) -> dict[str, Checked]:
    """Write browsers; return which rows name a person for which subscription that has none."""
    if not rows:
        return {}
    mine: dict[bytes, Checked] = {}
    for row in rows:
        first = mine.get(row.hash)
        if first is None:
            mine[row.hash] = row
        elif _keys(first) != _keys(row) and not replaces:
            outcome.refuse(row, Refusal.CONFLICT, f"Row {first.number} has the same endpoint with other keys.")
        else:
            outcome.counts["duplicate"] += 1
            mine[row.hash] = _together(first, row)
    ids: dict[bytes, str] = {}
    unbound: dict[str, Checked] = {}
    known = await moving.known(tx, project_id, list(mine))
    new = [row for digest, row in mine.items() if digest not in known]
    made = {row.hash: _new_row(ctx, row, project_id) for row in new}
    written = await moving.add(tx, list(made.values()))
    outcome.counts["created"] += len(written)
    for digest in written:
        ids[digest] = made[digest]["id"]
        unbound[ids[digest]] = mine[digest]
    # Somebody registered one of these between the look and the writing.
    late = [digest for digest in made if digest not in written]
    known |= await moving.known(tx, project_id, late) if late else {}
    joins = {ids[digest]: mine[digest].groups for digest in written}
    for digest, new_groups in (await _known_rows(tx, ctx, mine, known, outcome, replaces=replaces)).items():
        joins[known[digest].id] = new_groups
        if known[digest].profile_id is None:
            unbound[known[digest].id] = mine[digest]
    await _join(tx, ctx, joins, project_id)
    return unbound


def _keys(row: Checked) -> bytes:
    return row.p256dh + row.auth


def _together(first: Checked, second: Checked) -> Checked:
    """Return two rows of one endpoint as one: Spryker, for one, writes a row for each group."""
    joined = tuple(sorted({*first.groups, *second.groups}, key=lambda group: (group.name, group.identifier or "")))
    return replace(
        first,
        p256dh=second.p256dh,
        auth=second.auth,
        groups=joined[:MAX_GROUPS],
        external_id=first.external_id or second.external_id,
        attributes={**second.attributes, **first.attributes},
        language=first.language or second.language,
        time_zone=first.time_zone or second.time_zone,
    )


def _new_row(ctx: Context, row: Checked, project_id: str) -> dict[str, Any]:
    since = row.created_at or ctx.now
    device = device_of(row.user_agent)
    return {
        "id": ctx.ids.new("sub"),
        "project_id": project_id,
        "provider_id": row.provider_id,
        "channel": str(Channel.WEB),
        "state": str(SubscriptionState.ACTIVE),
        "endpoint": row.address,
        "endpoint_hash": row.hash,
        "push_service": str(row.push_service),
        "p256dh": row.p256dh,
        "auth": row.auth,
        "vapid_key_id": row.vapid_key_id,
        # Of no secret: the browser gets one by showing its keys.
        "secret_hash": ctx.random_bytes(_SECRET_HASH_BYTES),
        "origin": row.origin,
        "language": row.language,
        "time_zone": row.time_zone,
        "user_agent": row.user_agent,
        "browser": device.browser,
        "os": device.os,
        "is_mobile": device.is_mobile if row.user_agent else None,
        "browser_expires_at": row.browser_expires_at,
        "created_at": since,
        "endpoint_since": since,
        "refreshed_at": ctx.now,
        "expires_at": row.expires_at,
    }


async def _known_rows(
    tx: Tx,
    ctx: Context,
    mine: Mapping[bytes, Checked],
    known: Mapping[bytes, Known],
    outcome: Outcome,
    *,
    replaces: bool,
) -> dict[bytes, tuple[Group, ...]]:
    """Change rows that are here already; return which groups each of those that were taken is to join."""
    taken: dict[bytes, tuple[Group, ...]] = {}
    changes = []
    held = await moving.memberships_of(tx, [one.id for one in known.values()]) if known else {}
    for digest, old in known.items():
        row = mine[digest]
        is_same = old.p256dh == row.p256dh and old.auth == row.auth
        match old.state:
            case SubscriptionState.UNSUBSCRIBED:
                outcome.refuse(row, Refusal.UNSUBSCRIBED_HERE, "The person unsubscribed here.")
                continue
            case SubscriptionState.GONE:
                outcome.refuse(row, Refusal.ENDED_HERE, "The subscription has ended here.")
                continue
        if not is_same and not replaces:
            outcome.refuse(row, Refusal.CONFLICT, "The endpoint is known here with other keys.")
            continue
        takes_keys = replaces and (not is_same or old.vapid_key_id != row.vapid_key_id)
        language, zone = old.language or row.language, old.time_zone or row.time_zone
        there = held.get(old.id, set())
        joins = tuple(group for group in row.groups if group not in there)[: MAX_GROUPS - len(there)]
        is_named = old.profile_id is None and row.external_id is not None
        fills = (language, zone) != (old.language, old.time_zone)
        taken[digest] = joins
        outcome.counts["updated" if takes_keys or fills or joins or is_named else "unchanged"] += 1
        if takes_keys or fills:
            source = row if takes_keys else old
            keys = {"p256dh": source.p256dh, "auth": source.auth, "vapid_key_id": source.vapid_key_id}
            changes.append({"id": old.id, **keys, "language": language, "time_zone": zone, "refreshed_at": ctx.now})
    await moving.change(tx, changes)
    return taken


async def _join(tx: Tx, ctx: Context, joins: Mapping[str, Sequence[Group]], project_id: str) -> None:
    wanted = [(subscription_id, group) for subscription_id, found in joins.items() for group in found]
    if not wanted:
        return
    await moving.join(tx, project_id, wanted, now=ctx.now)
    named = {group for _, group in wanted}
    in_order = sorted(named, key=lambda group: (group.name, group.identifier or ""))
    await groups.ensure(tx, project_id, {group: ctx.ids.new("grp") for group in in_order}, now=ctx.now)


async def _people(tx: Tx, ctx: Context, rows: Sequence[Checked], *, project_id: str) -> dict[str, str]:
    """Make the people known whom rows name; return their identifiers. Attributes that are known here stay."""
    said: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.external_id is not None:
            said[row.external_id] = {**row.attributes, **said.get(row.external_id, {})}
    if not said:
        return {}
    found = await moving.people(tx, project_id, said)
    times = {"created_at": ctx.now, "updated_at": ctx.now}
    new = [
        {"id": ctx.ids.new("pro"), "project_id": project_id, "external_id": name, "attributes": attributes, **times}
        for name, attributes in said.items()
        if name not in found
    ]
    await moving.ensure_profiles(tx, new)
    changes = []
    for name, (profile_id, old) in found.items():
        if set(said[name]) - set(old):
            changes.append({"id": profile_id, "attributes": _added(old, said[name])})
    await moving.set_attributes(tx, changes, now=ctx.now)
    missing = [name for name in said if name not in found]
    found |= await moving.people(tx, project_id, missing) if missing else {}
    return {name: profile_id for name, (profile_id, _) in found.items()}


def _added(old: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    try:
        return merged_attributes(said, old)
    except Problem:  # together they would be too many
        return old


async def _devices(
    tx: Tx,
    ctx: Context,
    rows: Sequence[Checked],
    people: Mapping[str, str],
    outcome: Outcome,
    *,
    project_id: str,
) -> None:
    """Keep phones for later."""
    if not rows:
        return
    mine = {(row.channel, row.hash): row for row in rows}
    known: set[tuple[str, bytes]] = set()
    for channel in sorted({row.channel for row in rows}):
        hashes = {row.hash for row in rows if row.channel == channel}
        known |= {(channel, found) for found in await held_devices.known(tx, project_id, channel, hashes)}
    outcome.counts["duplicate"] += len(rows) - len(mine)
    outcome.counts["held"] += len(mine.keys() - known)
    outcome.counts["held_before"] += len(mine.keys() & known)
    values = [
        {
            "id": ctx.ids.new("dev"),
            "project_id": project_id,
            "channel": row.channel,
            "token": row.address,
            "token_hash": row.hash,
            "app_id": row.app_id,
            "profile_id": None if row.external_id is None else people[row.external_id],
            "language": row.language,
            "time_zone": row.time_zone,
            "groups": [[group.name, group.identifier] for group in row.groups],
            "attributes": {} if row.external_id is not None else dict(row.attributes),
            "created_at": row.created_at or ctx.now,
            "updated_at": ctx.now,
        }
        for row in mine.values()
    ]
    await held_devices.add(tx, values)
