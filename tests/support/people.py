"""Random people as rows, and random rules about them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import delete, insert

from heliograph.storage.store import Tx
from heliograph.storage.tables import (
    carts,
    deliveries,
    events,
    memberships,
    notifications,
    profiles,
    projects,
    providers,
    subscriptions,
    vapid_keys,
    visitors,
)

NOW = datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=UTC)
PROJECT, OTHER = "prj_0", "prj_1"


@dataclass(slots=True)
class Rows:
    """Rows of one person."""

    profile: dict[str, Any]
    subscriptions: list[dict[str, Any]] = field(default_factory=list)
    memberships: list[dict[str, Any]] = field(default_factory=list)
    visitors: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    cart: dict[str, Any] | None = None
    deliveries: list[dict[str, Any]] = field(default_factory=list)


def ago(**span: float) -> datetime:
    """Return an instant before the tests' now."""
    return NOW - timedelta(**span)


async def make_projects(tx: Tx) -> None:
    """Write two projects with what subscriptions and deliveries belong to."""
    for name in (PROJECT, OTHER):
        times = {"created_at": NOW, "updated_at": NOW}
        keys = {"receipt_key": b"", "identity_secret": b"", "plaintext_budget": 1, "vapid_subject": ""}
        await tx.execute(insert(projects).values(id=name, name=name, origins=[], **keys, **times))
        await tx.execute(
            insert(vapid_keys).values(
                id=f"vap_{name}", project_id=name, public_key=b"", private_key=b"", state="active", created_at=NOW
            )
        )
        await tx.execute(
            insert(providers).values(
                id=f"prv_{name}", project_id=name, channel="web", name="web", is_enabled=True, settings={}, **times
            )
        )
        await tx.execute(
            insert(notifications).values(
                id=f"ntf_{name}",
                project_id=name,
                kind="notification",
                state="done",
                content={},
                audience={"kind": "everyone"},
                ttl_seconds=1,
                urgency="normal",
                created_at=NOW,
                send_at=NOW,
                expires_at=NOW,
            )
        )


async def clear(tx: Tx) -> None:
    """Delete all people."""
    for table in (carts, events, visitors, memberships, deliveries, subscriptions, profiles):
        await tx.execute(delete(table))


async def write(tx: Tx, people: list[Rows]) -> None:
    """Write people; the keys that are missing get values that matter to no rule."""
    for number, person in enumerate(people):
        own = {"project_id": PROJECT} | person.profile
        profile_id = own.setdefault("id", f"pro_{number:04}")
        own = {"external_id": profile_id, "attributes": {}, "created_at": NOW, "updated_at": NOW} | own
        await tx.execute(insert(profiles).values(own))
        await _around(tx, number, own, person)


async def _around(tx: Tx, number: int, own: dict[str, Any], person: Rows) -> None:
    profile_id, project = own["id"], own["project_id"]
    place = {"project_id": project, "profile_id": profile_id}
    for index, row in enumerate(person.subscriptions):
        name = f"sub_{number:04}_{index:02}"
        given = {"endpoint": name, "endpoint_hash": name.encode(), "p256dh": b"", "auth": b"", "secret_hash": b""}
        refs = {"provider_id": f"prv_{project}", "vapid_key_id": f"vap_{project}", "channel": "web"}
        times = {"created_at": NOW, "endpoint_since": NOW, "refreshed_at": NOW}
        state = {"state": "active", "push_service": "mozilla"}
        await tx.execute(insert(subscriptions).values(given | refs | times | state | place | {"id": name} | row))
    for row in person.memberships:
        if person.subscriptions:
            name = f"sub_{number:04}_{row.get('of', 0) % len(person.subscriptions):02}"
            values = {key: value for key, value in row.items() if key != "of"}
            place_of = {"project_id": project, "subscription_id": name, "joined_at": NOW}
            await tx.execute(insert(memberships).values(place_of | values))
    for index, row in enumerate(person.visitors):
        given = {"token_hash": f"{number} {index}".encode(), "created_at": NOW, "last_seen_at": NOW, "is_mobile": False}
        await tx.execute(insert(visitors).values(given | place | row))
    for index, row in enumerate(person.events):
        given = {"id": f"evt_{number:04}_{index:03}", "received_at": NOW, "source": "page", "properties": {}, "at": NOW}
        await tx.execute(insert(events).values(given | place | row))
    if person.cart is not None:
        given = {"items": [], "item_count": 0, "total_milli": 0, "updated_at": NOW, "last_event_id": "evt_"}
        await tx.execute(insert(carts).values(given | place | person.cart))
    for index, row in enumerate(person.deliveries):
        given = {"id": f"dlv_{number:04}_{index:03}", "notification_id": f"ntf_{project}", "subscription_id": "sub_"}
        rest = {"state": "accepted", "attempts": 1, "created_at": NOW, "updated_at": NOW, "accepted_at": NOW}
        await tx.execute(insert(deliveries).values(given | rest | place | row))


_LETTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
_TEXTS = st.sampled_from(
    ["", "gold", "Gold", "5", "true", "é", 'a"b', "2026-03-14", "2026-03-14T10:00:00Z", "2025-1-1"]
)
_NAMES = st.sampled_from(["plan", "Plan", "é", 'q"u.o\\te', "a.b", "0", "😀", " "])
_NUMBERS = (
    st.sampled_from([0, 1, 5, -1, 5.0, 5.5, 0.1, -0.0, 2**53, 2**53 - 1, 1e15, 123456.789])
    | st.integers(-(10**6), 10**6)
    | st.integers(-9999, 9999).map(lambda n: n / 100)
)
_LARGE = st.sampled_from([2**63 - 1, -(2**63), 2**53 + 1, 1e17, -1e17])
SCALARS = _TEXTS | st.text(_LETTERS, max_size=5) | st.booleans() | _NUMBERS
JSON = st.recursive(
    SCALARS | _LARGE | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=5,
)
_SPANS = st.sampled_from([{"days": 1}, {"hours": 1}, {"days": 30}, {"days": 1, "hours": 1}, {"days": 3660}])
_INSTANTS = st.sampled_from(
    [timedelta(0), timedelta(hours=1), timedelta(days=1), timedelta(days=30), timedelta(days=400), timedelta(minutes=5)]
).flatmap(lambda base: st.sampled_from([-1, 0, 1]).map(lambda step: NOW - base + timedelta(microseconds=step)))
_ITEMS = st.sampled_from(["lamp", "é", "x'y"])
_EVENTS = st.sampled_from(["order", "item_view", "page_view"])
_BROWSERS, _SYSTEMS = st.sampled_from(["firefox", "chrome"]), st.sampled_from(["linux", "ios"])
_SERVICES = st.sampled_from(["mozilla", "fcm"])
_GROUPS, _IDENTIFIERS = st.sampled_from(["news", "warehouse"]), st.sampled_from(["", "42", "7"])
_LANGUAGES = st.sampled_from(["de", "de-AT", "DE-at", "den", "pt-BR", "en"])
_ZONES = st.sampled_from(["Europe/Berlin", "Europe/London", "UTC", "europe/berlin", "America/New_York"])
_MILLI = st.sampled_from([0, 1, 999, 1000, 49_900, 50_000, 10**9])


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def _rows(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(st.fixed_dictionaries(members), max_size=3)


_PROFILES = st.fixed_dictionaries(
    {
        "attributes": st.dictionaries(_NAMES, JSON.filter(lambda value: value is not None), max_size=3),
        "language": _maybe(_LANGUAGES),
        "time_zone": _maybe(_ZONES),
        "created_at": _INSTANTS,
        "last_seen_at": _maybe(_INSTANTS),
    }
)
_SUBSCRIBED = _rows(
    state=st.sampled_from(["active", "active", "gone", "unsubscribed"]),
    push_service=_SERVICES,
    created_at=_INSTANTS,
    browser=_maybe(_BROWSERS),
    os=_maybe(_SYSTEMS),
    is_mobile=_maybe(st.booleans()),
)
_MEMBERSHIPS = st.lists(
    st.fixed_dictionaries({"group_name": _GROUPS, "identifier": _IDENTIFIERS, "of": st.integers(0, 2)}),
    max_size=3,
    unique_by=lambda row: (row["group_name"], row["identifier"]),
)
_CARTS = st.fixed_dictionaries(
    {
        "items": st.lists(_ITEMS.map(lambda item: {"id": item, "count": 1}), max_size=2),
        "item_count": st.integers(0, 5),
        "total_milli": _MILLI,
        "updated_at": _INSTANTS,
    }
)
PEOPLE = st.builds(
    Rows,
    profile=_PROFILES,
    subscriptions=_SUBSCRIBED,
    memberships=_MEMBERSHIPS,
    visitors=_rows(browser=_maybe(_BROWSERS), os=_maybe(_SYSTEMS), is_mobile=st.booleans()),
    events=_rows(
        name=_EVENTS,
        at=_INSTANTS,
        item_id=_maybe(_ITEMS),
        amount_milli=_maybe(_MILLI),
        properties=st.dictionaries(_NAMES, JSON, max_size=2),
    ),
    cart=_maybe(_CARTS),
    deliveries=_rows(
        accepted_at=_maybe(_INSTANTS),
        displayed_at=_maybe(_INSTANTS),
        clicked_at=_maybe(_INSTANTS),
        dismissed_at=_maybe(_INSTANTS),
    ),
)
"""People with everything that rules ask about, few values for each so that rules often meet them."""

_DAYS = st.sampled_from(["2026-03-14", "2026-03-15", "2024-02-29"]) | st.integers(-2, 2).map(lambda n: {"days_ago": n})
_COMPARISONS = (
    st.tuples(st.sampled_from(["eq", "ne"]), SCALARS)
    | st.tuples(st.just("contains"), SCALARS.filter(lambda value: value != ""))
    | st.tuples(st.just("in"), st.lists(SCALARS, min_size=1, max_size=3))
    | st.tuples(st.sampled_from(["gt", "gte", "lt", "lte"]), _NUMBERS | _DAYS)
    | st.tuples(st.just("exists"), st.booleans())
).map(lambda pair: {"is": pair[0], "value": pair[1]})


def _question(kind: str, **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"kind": st.just(kind)}, optional=optional)


def _asks(*names: str) -> Any:
    return lambda rule: any(name in rule for name in names)


def _bounds(value: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={"from": value, "to": value}).filter(
        lambda bounds: bool(bounds) and bounds.get("from", 0) <= bounds.get("to", 10**9)
    )


_COUNTS = _bounds(st.integers(0, 4))
_AMOUNTS = _bounds(st.sampled_from([0, 0.001, 1, 49.9, 50, 99.8]))
_WINDOWS = {"within": _SPANS, "not_within": _SPANS}
_COUNTED = st.just({}) | _COUNTS


def _merged(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda members: {key: value for one in members for key, value in one.items()})


QUESTIONS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "attribute": _merged(st.fixed_dictionaries({"kind": st.just("attribute"), "name": _NAMES}), _COMPARISONS),
    "event_count": _merged(
        st.fixed_dictionaries(
            {"kind": st.just("event_count"), "name": _EVENTS},
            optional={
                "within": _SPANS,
                "item": _ITEMS,
                "property": _merged(st.fixed_dictionaries({"name": _NAMES}), _COMPARISONS),
            },
        ),
        _COUNTED,
    ),
    "order": _question(
        "order", count=_COUNTS, total=_AMOUNTS, within=_SPANS, last_within=_SPANS, last_not_within=_SPANS
    ).filter(_asks("count", "total", "last_within", "last_not_within")),
    "cart": _question("cart", count=_COUNTS, total=_AMOUNTS, item=_ITEMS, idle_for=_SPANS).filter(
        _asks("count", "total", "item", "idle_for")
    ),
    "last_seen": _question("last_seen", **_WINDOWS).filter(_asks(*_WINDOWS)),
    "first_seen": _question("first_seen", **_WINDOWS).filter(_asks(*_WINDOWS)),
    "device": _question("device", browser=_BROWSERS, os=_SYSTEMS, mobile=st.booleans()).filter(
        _asks("browser", "os", "mobile")
    ),
    "language": st.fixed_dictionaries(
        {"kind": st.just("language"), "in": st.lists(_LANGUAGES, min_size=1, max_size=2)}
    ),
    "time_zone": st.fixed_dictionaries(
        {
            "kind": st.just("time_zone"),
            "in": st.lists(_ZONES | st.sampled_from(["Europe/", "europe/"]), min_size=1, max_size=2),
        }
    ),
    "subscription": _question(
        "subscription",
        has=st.booleans(),
        state=st.sampled_from(["active", "gone", "unsubscribed"]),
        channel=st.just("web"),
        push_service=_SERVICES,
        **_WINDOWS,
    ),
    "group": st.fixed_dictionaries(
        {"kind": st.just("group"), "name": _GROUPS}, optional={"identifier": st.sampled_from(["42", "7"])}
    ),
    "engagement": _merged(
        st.fixed_dictionaries(
            {"kind": st.just("engagement"), "did": st.sampled_from(["accepted", "displayed", "clicked", "dismissed"])},
            optional={"within": _SPANS},
        ),
        _COUNTED,
    )
    | st.fixed_dictionaries({"kind": st.just("engagement"), "ignored_last": st.integers(1, 3)}),
}
"""Random questions of each kind that combines nothing."""

ANY_QUESTION = st.one_of(*QUESTIONS.values())


def _combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "kind": st.just("combine"),
            "match": st.sampled_from(["all", "any", "none"]),
            "of": st.lists(inner, min_size=1, max_size=3),
        }
    )


RULES = st.recursive(ANY_QUESTION, _combined, max_leaves=5)
"""Random trees of questions."""
