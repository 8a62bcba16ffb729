"""A large installation to ask questions of: every table big enough that reading all of it is seen."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain
from typing import Any

from sqlalchemy import Table, text

from heliograph.domain.delivery import delivery_id
from heliograph.storage.store import Store, Tx
from heliograph.storage.tables import metadata

NOW = datetime(2026, 3, 14, tzinfo=UTC)
SUBSCRIPTIONS, PROFILES, NOTIFICATIONS, JOBS, PROJECTS = 50_000, 20_000, 20_000, 100_000, 2_000


def an_id(prefix: str, number: int) -> str:
    """Return the identifier of the row of this number."""
    return f"{prefix}_{number:026d}"


def endpoint_hash(number: int) -> bytes:
    """Return the hash of the endpoint of the subscription of this number."""
    return sha256(f"endpoint {number}".encode()).digest()


def a_delivery(notification: int, subscription: int) -> str:
    """Return a delivery's identifier."""
    return delivery_id(an_id("ntf", notification), an_id("sub", subscription))


def _at(number: int) -> datetime:
    return NOW - timedelta(days=60) + timedelta(seconds=number)


def _rate_buckets() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        yield {"scope": an_id("ntf", number), "free_at": 10**18 - number * 10**9}


def _projects() -> Iterator[dict[str, Any]]:
    for number in range(PROJECTS):
        secret = {"receipt_key": b"r" * 61, "identity_secret": b"i" * 61}
        times = {"created_at": _at(number), "updated_at": _at(number)}
        name = {"name": f"Shop {number}", "origins": ["https://shop.example"], "vapid_subject": "mailto:a@b.example"}
        yield {"id": an_id("prj", number), **name, **secret, **times, "plaintext_budget": 2600}


def _api_keys() -> Iterator[dict[str, Any]]:
    for number in range(2 * PROJECTS):
        project = an_id("prj", number // 2) if number else None
        what = {"kind": "secret", "name": "n", "scopes": ["read"], "hint": "hsk_abc", "created_at": _at(number)}
        yield {"id": an_id("key", number), "project_id": project, "token_hash": endpoint_hash(number), **what}


def _accounts() -> Iterator[dict[str, Any]]:
    for number in range(2 * PROJECTS):
        what = {"name": f"account {number}", "password_hash": "scrypt", "rights": ["subscribe"]}
        yield {"id": an_id("acc", number), "project_id": an_id("prj", number // 2), **what, "created_at": _at(number)}


def _glue_settings() -> Iterator[dict[str, Any]]:
    wanted = {"subscription_ttl_seconds": None, "repeat_is_error": True}
    wanted |= {"group_names": [], "locales": [], "claimed_groups": []}
    for number in range(PROJECTS):
        yield {"project_id": an_id("prj", number), "settings": wanted, "updated_at": _at(number)}


def _windows() -> Iterator[dict[str, Any]]:
    for number in range(PROJECTS):
        where = {"push_host": f"push.shop{number}.example", "openers": ["http://shop.example"]}
        yield {"project_id": an_id("prj", number), **where, "updated_at": _at(number)}


def _window_states() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        who = {"project_id": an_id("prj", number % PROJECTS), "opener": "http://shop.example"}
        times = {"expires_at": _at(number), "claimed_at": None, "finished_at": None}
        yield {"state_hash": endpoint_hash(number), **who, "visitor_hash": endpoint_hash(number), **times}


def _vapid_keys() -> Iterator[dict[str, Any]]:
    for number in range(2 * PROJECTS):
        pair = {"public_key": number.to_bytes(65, "big"), "private_key": b"p" * 61, "refused_in_row": 0}
        name = "active" if number % 2 == 0 else "retiring" if number % 100 == 1 else "retired"
        state = {"state": name, "created_at": _at(number), "retiring_at": _at(number) if number % 2 else None}
        yield {"id": an_id("vap", number), "project_id": an_id("prj", number // 2), **pair, **state}


def _providers() -> Iterator[dict[str, Any]]:
    for number in range(PROJECTS):
        what = {"channel": "web", "name": "web", "is_enabled": True, "settings": {}}
        times = {"created_at": _at(number), "updated_at": _at(number)}
        yield {"id": an_id("prv", number), "project_id": an_id("prj", number), **what, **times}


def _profiles() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        times = {"created_at": _at(number), "updated_at": _at(number)}
        who = {"external_id": f"person {number}", "attributes": {"plan": "pro"}}
        yield {"id": an_id("pro", number), "project_id": an_id("prj", 0), **who, **times}


def _subscriptions() -> Iterator[dict[str, Any]]:
    for number in range(SUBSCRIPTIONS):
        project = 0 if number % 100 else 1
        has_ended = number % 50 == 7
        yield {
            "id": an_id("sub", number),
            "project_id": an_id("prj", project),
            "provider_id": an_id("prv", project),
            "channel": "web",
            "state": "gone" if has_ended else "active",
            "endpoint": f"https://push.example/{number:0120d}",
            "endpoint_hash": endpoint_hash(number),
            "push_service": "fcm",
            "p256dh": b"\4" * 65,
            "auth": b"a" * 16,
            "vapid_key_id": an_id("vap", 2 * project),
            "profile_id": an_id("pro", number // 3) if project == 0 and number % 3 and number < 2 * PROFILES else None,
            "secret_hash": b"s" * 32,
            "origin": "https://shop.example",
            "created_at": _at(number),
            "endpoint_since": _at(number),
            "refreshed_at": _at(number),
            "ended_at": _at(number) + timedelta(hours=1) if has_ended else None,
            "expires_at": NOW + timedelta(days=number % 90 - 30) if number % 3 else None,
        }


def _memberships() -> Iterator[dict[str, Any]]:
    for number in range(SUBSCRIPTIONS):
        if number % 100:
            group = ("warehouse", str(number % 97)) if number % 2 else ("news", "")
            who = {"project_id": an_id("prj", 0), "subscription_id": an_id("sub", number), "joined_at": _at(number)}
            yield {"group_name": group[0], "identifier": group[1], **who}


def _groups() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        what = {"name": "warehouse" if number % 2 else f"group{number}", "identifier": str(number)}
        yield {"id": an_id("grp", number), "project_id": an_id("prj", 0), **what, "created_at": _at(number)}


def _notifications() -> Iterator[dict[str, Any]]:
    for number in range(NOTIFICATIONS):
        is_done = number < NOTIFICATIONS - 5
        yield {
            "id": an_id("ntf", number),
            "project_id": an_id("prj", 0 if number % 10 else 1),
            "kind": "notification",
            "state": "done" if is_done else "running",
            "content": {"title": "Hello"},
            "audience": {"kind": "everyone"},
            "ttl_seconds": 60,
            "urgency": "normal",
            "created_at": _at(number),
            "send_at": _at(number),
            "expires_at": _at(number) + timedelta(days=1),
            "started_at": _at(number),
            "planned_at": _at(number),
            "finished_at": _at(number) if is_done else None,
            "swept_at": NOW if is_done and number >= 400 and number % 2 == 0 else None,  # those have no deliveries
            "campaign_id": an_id("cmp", number // 10) if number % 2 else None,
            "dispatch_id": an_id("dsp", number) if number % 2 else None,
            "exclusion_group": "marketing" if number % 4 == 0 else None,
        }


def _ranges() -> Iterator[dict[str, Any]]:
    for notification in (*range(0, NOTIFICATIONS, 2), NOTIFICATIONS - 1):
        for number in range(10 if notification == NOTIFICATIONS - 1 else 2):
            selection = {"after": an_id("sub", number * 500), "upto": an_id("sub", number * 500 + 500)}
            state = "open" if notification == NOTIFICATIONS - 1 and number > 3 else "closed"
            place = {"notification_id": an_id("ntf", notification), "number": number}
            yield {**place, "selection": selection, "state": state}


def _deliveries() -> Iterator[dict[str, Any]]:
    for notification, last in ((NOTIFICATIONS - 1, 40_000), (0, 20_000), *((n, 20) for n in range(1, 400))):
        for number in range(last):
            state = "retrying" if number % 1000 == 3 and notification == NOTIFICATIONS - 1 else "accepted"
            yield {
                "id": a_delivery(notification, number),
                "project_id": an_id("prj", 0),
                "notification_id": an_id("ntf", notification),
                "subscription_id": an_id("sub", number),
                "profile_id": an_id("pro", number // 3) if number % 3 else None,
                "state": state,
                "reason": "busy" if state == "retrying" else None,
                "attempts": 1,
                "next_attempt_at": NOW if state == "retrying" else None,
                "created_at": _at(number),
                "updated_at": _at(number),
            }


def _attempts() -> Iterator[dict[str, Any]]:
    for number in range(40_000):
        what = {"number": 1, "at": _at(number), "outcome": "accepted", "status_code": 201, "duration_ms": 80}
        yield {"delivery_id": a_delivery(NOTIFICATIONS - 1, number), **what}


def _receipts() -> Iterator[dict[str, Any]]:
    for number in range(30_000):
        times = {"at": _at(number), "received_at": _at(number)}
        what = {"delivery_id": a_delivery(NOTIFICATIONS - 1, number), "event": "displayed"}
        yield {**what, "project_id": an_id("prj", 0), **times}


def _counts() -> Iterator[dict[str, Any]]:
    for notification in range(NOTIFICATIONS):
        for number, state in enumerate(("accepted", "displayed", "gone")):
            row = {"state": state, "reason": "", "shard": number, "count": 5}
            yield {"notification_id": an_id("ntf", notification), **row}


def _jobs() -> Iterator[dict[str, Any]]:
    for number in range(JOBS):
        state = "ready"
        extra: dict[str, Any] = {"claimed_by": None, "lease_until": None}
        if number < 40:
            state, extra = "running", {"claimed_by": "w", "lease_until": NOW + timedelta(seconds=number)}
        elif number < 400:
            state = "dead"
        is_later = number % 2 == 0
        yield {
            "id": an_id("job", number),
            "name": "delivery.send",
            "args": {"notification_id": an_id("ntf", 0)},
            "priority": (0 if number % 3 else 5) if is_later else 9,
            "run_at": NOW + timedelta(hours=1, seconds=number) if is_later else NOW - timedelta(seconds=number),
            "state": state,
            "attempts": 0,
            "dedupe_key": f"key {number}" if number % 10 == 0 and state != "dead" else None,
            "created_at": NOW,
            **extra,
        }


def _installation() -> Iterator[dict[str, Any]]:
    yield from ({"name": f"fact {number}", "value": "x"} for number in range(3_000))


def _leases() -> Iterator[dict[str, Any]]:
    yield from ({"name": f"lease {number}", "holder": "h", "until": NOW} for number in range(3_000))


def _audit_log() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        what = {"actor_kind": "key", "act": "key_made", "details": {}, "at": _at(number)}
        yield {"id": an_id("aud", number), "project_id": an_id("prj", number % 2), **what}


def _idempotency_keys() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        what = {"fingerprint": b"f" * 32, "status": 201, "answer": b"a" * 400, "expires_at": _at(number * 250)}
        yield {"scope": an_id("prj", 0), "key": f"key {number}", **what}


def _imports() -> Iterator[dict[str, Any]]:
    for number in range(PROJECTS):
        what = {"state": "finished", "options": {}, "counts": {}, "dropped": {}, "bytes_read": 1, "rows_read": 1}
        times = {"created_at": _at(number), "updated_at": _at(number)}
        hashes = {"head_hash": endpoint_hash(number), "prefix_hash": b"h" * 32}
        yield {"id": an_id("imp", number), "project_id": an_id("prj", 0), **what, **hashes, **times}


def _import_refusals() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        what = {"number": number, "line": number, "reason": "conflict", "detail": "No."}
        yield {"import_id": an_id("imp", 0), **what}


def _held_devices() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        what = {"channel": "ios", "token": f"token {number}", "token_hash": endpoint_hash(number)}
        whose = {"project_id": an_id("prj", 0), "profile_id": an_id("pro", number), "groups": [], "attributes": {}}
        yield {"id": an_id("dev", number), **what, **whose, "created_at": _at(number), "updated_at": _at(number)}


def _webhooks() -> Iterator[dict[str, Any]]:
    for number in range(PROJECTS):
        what = {"url": "https://a.example/", "description": "", "event_types": [], "is_enabled": True, "secret": b"s"}
        health = {"failing_since": None if number % 400 else _at(number)}
        times = {"created_at": _at(number), "updated_at": _at(number)}
        yield {"id": an_id("whk", number), "project_id": an_id("prj", number), **what, **health, **times}


def _webhook_outbox() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        what = {"events": b"{}", "event_count": 1, "created_at": _at(number)}
        yield {"webhook_id": an_id("whk", number % 20), **what}


def _webhook_messages() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        state = "waiting" if number % 10 == 1 else "dead" if number % 10 == 2 else "delivered"
        due = {"next_attempt_at": _at(number) if state == "waiting" else None}
        what = {"body": b"{}", "event_count": 1, "state": state, "attempts": 0, "tries": 0}
        times = {"created_at": _at(number), "updated_at": _at(number * 250)}
        webhook = an_id("whk", number % 8)
        yield {"id": an_id("msg", number), "webhook_id": webhook, **what, **due, **times}


def _webhook_attempts() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        yield {"message_id": an_id("msg", number), "number": 5, "at": _at(number), "status_code": 500}


def _entries() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        state = "waiting" if number % 10 == 1 else "done"
        at = NOW - timedelta(days=60) + timedelta(seconds=number * 250)
        whose = {
            "campaign_id": an_id("cmp", number % 20),
            "project_id": an_id("prj", 0),
            "profile_id": an_id("pro", number),
        }
        times = {"due_at": at, "created_at": at, "ended_at": None if state == "waiting" else at}
        yield {"id": an_id("ent", number), **whose, "key": f"key {number}", "state": state, "variables": {}, **times}


def _insiders() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        yield {"campaign_id": an_id("cmp", 0), "profile_id": an_id("pro", number), "since": NOW}


def _sweeps() -> Iterator[dict[str, Any]]:
    for number in range(20):
        yield {"campaign_id": an_id("cmp", number), "number": "1", "began_at": NOW}


def _visitors() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        what = {"browser": "firefox", "os": "linux", "is_mobile": False}
        at = NOW - timedelta(days=60) + timedelta(seconds=number * 250)
        whose = {"project_id": an_id("prj", 0), "profile_id": an_id("pro", number)}
        yield {"token_hash": endpoint_hash(number), **whose, **what, "created_at": at, "last_seen_at": at}


def _events() -> Iterator[dict[str, Any]]:
    names = ("page_view", "item_view", "cart_add", "cart_update", "order")
    for number in range(2 * PROFILES):
        # Half of them are one person's: what is asked of one must not read all of them either.
        person = 1 if number % 2 else number % PROFILES
        what = {"name": names[number % 5], "item_id": f"sku {number % 500}" if number % 5 else None}
        at = NOW - timedelta(days=60) + timedelta(seconds=number * 100)
        item = {"id": f"sku {number % 500}"}
        told = {"item": item} if number % 5 == 2 else {"items": [item]} if number % 5 == 3 else {}
        whose = {"project_id": an_id("prj", 0), "profile_id": an_id("pro", person)}
        yield {"id": an_id("evt", number), **whose, **what, "at": at, "received_at": at, "source": "page"} | {
            "properties": told
        }


def _carts() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        whose = {"profile_id": an_id("pro", number), "project_id": an_id("prj", 0)}
        sums = {"items": [], "item_count": 0, "total_milli": 0}
        yield {**whose, **sums, "updated_at": NOW, "last_event_id": an_id("evt", number)}


def _segments() -> Iterator[dict[str, Any]]:
    for number in range(PROJECTS):
        what = {"name": f"segment {number}", "rule": {"kind": "language", "in": ["de"]}}
        times = {"created_at": _at(number), "updated_at": _at(number)}
        yield {"id": an_id("seg", number), "project_id": an_id("prj", 0), **what, **times}


def _campaigns() -> Iterator[dict[str, Any]]:
    for number in range(PROJECTS):
        kind, state = ("prompt", "message")[number % 2], "running" if number % 40 < 4 else "done"
        definition = {"segment": an_id("seg", number)} if kind == "prompt" else {}
        due = {"next_due_at": _at(number) if state == "running" else None, "event_name": None}
        what = {
            "kind": kind,
            "name": "x",
            "definition": definition,
            "trigger_kind": "page",
            "priority": 0,
            "version": 1,
        }
        times = {"created_at": _at(number), "updated_at": _at(number)}
        yield {"id": an_id("cmp", number), "project_id": an_id("prj", 0), "state": state, **what, **due, **times}


def _dispatches() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        what = {"campaign_id": an_id("cmp", number % 20), "project_id": an_id("prj", 0), "key": f"key {number}"}
        times = {"due_at": _at(number), "created_at": _at(number)}
        yield {"id": an_id("dsp", number), "state": "waiting" if number == 0 else "started", **what, **times}


def _contacts() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        whose = {"person_id": an_id("pro", number), "project_id": an_id("prj", 0)}
        yield {**whose, "notification_id": an_id("ntf", number % 20), "exclusion_group": "marketing", "at": _at(number)}


def _campaign_counts() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        key = {"campaign_id": an_id("cmp", number // 100 % PROJECTS), "event": f"event-{number}", "variant": ""}
        yield {**key, "shard": 0, "count": 1}


def _campaign_marks() -> Iterator[dict[str, Any]]:
    for number in range(PROFILES):
        expires_at = NOW - timedelta(days=60) + timedelta(seconds=number * 250) if number % 2 else None
        yield {"campaign_id": an_id("cmp", 0), "mark": endpoint_hash(number)[:16], "expires_at": expires_at}


ROWS: dict[str, Callable[[], Iterator[dict[str, Any]]]] = {
    "installation": _installation,
    "leases": _leases,
    "projects": _projects,
    "api_keys": _api_keys,
    "accounts": _accounts,
    "glue_settings": _glue_settings,
    "windows": _windows,
    "window_states": _window_states,
    "vapid_keys": _vapid_keys,
    "providers": _providers,
    "profiles": _profiles,
    "subscriptions": _subscriptions,
    "memberships": _memberships,
    "groups": _groups,
    "notifications": _notifications,
    "ranges": _ranges,
    "deliveries": _deliveries,
    "attempts": _attempts,
    "receipts": _receipts,
    "counts": _counts,
    "jobs": _jobs,
    "audit_log": _audit_log,
    "idempotency_keys": _idempotency_keys,
    "rate_buckets": _rate_buckets,
    "imports": _imports,
    "import_refusals": _import_refusals,
    "held_devices": _held_devices,
    "visitors": _visitors,
    "events": _events,
    "segments": _segments,
    "carts": _carts,
    "webhooks": _webhooks,
    "webhook_outbox": _webhook_outbox,
    "webhook_messages": _webhook_messages,
    "webhook_attempts": _webhook_attempts,
    "entries": _entries,
    "insiders": _insiders,
    "sweeps": _sweeps,
    "campaigns": _campaigns,
    "dispatches": _dispatches,
    "contacts": _contacts,
    "campaign_counts": _campaign_counts,
    "campaign_marks": _campaign_marks,
}
"""What each table is filled with."""


async def fill(store: Store) -> None:
    """Fill every table.

    PostgreSQL counts what it has by itself, so it is told to do so now. SQLite does not unless it is asked, and nobody
    asks it: what it chooses without numbers is what an installation gets.
    """
    async with store.begin() as tx:
        for table in metadata.sorted_tables:
            await _copy(tx, table, ROWS[table.name]())
    if store.dialect == "postgresql":
        async with store.begin() as tx:
            await tx.execute(text("ANALYZE"))


async def _copy(tx: Tx, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    first = next(rows)
    # As the driver wants them: SQLAlchemy's own bulk insert would take a minute.
    convert = [
        (name, table.c[name].type.dialect_impl(tx.dialect).bind_processor(tx.dialect) or (lambda value: value))
        for name in first
    ]
    values = (tuple(to(row.get(name)) for name, to in convert) for row in chain([first], rows))
    driver: Any = (await tx.get_raw_connection()).driver_connection
    columns = ", ".join(first)
    if tx.dialect.name == "sqlite":
        marks = ", ".join("?" for _ in first)
        await driver.executemany(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", values)
        return
    async with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
        for row in values:
            await copy.write_row(row)
