"""Every query about segments; and each condition, wherever its expression is put."""

from typing import Any

from sqlalchemy import select
from tests.contract.plans.query import Query
from tests.contract.plans.seed import NOW, SUBSCRIPTIONS, an_id

from heliograph.conditions import narrowed, parse
from heliograph.domain.notification import Audience, AudienceKind
from heliograph.domain.person import Needs, Part
from heliograph.domain.segment import Segment
from heliograph.storage import audience, people, segments
from heliograph.storage.ranges import IdsBetween
from heliograph.storage.tables import profiles

PRJ, MIDDLE, NEW = an_id("prj", 0), an_id("sub", SUBSCRIPTIONS // 2), an_id("x", 999)
SEGMENT = Audience(AudienceKind.SEGMENT, rule={})
BETWEEN = IdsBetween(MIDDLE, an_id("sub", SUBSCRIPTIONS // 2 + 500))
SOME_SUBSCRIPTIONS = tuple(an_id("sub", number * 7) for number in range(250))
EVERYTHING = Needs(frozenset(Part), frozenset(["item_view", "order"]))

_DAYS = {"within": {"days": 30}}
RULES: list[dict[str, Any]] = [
    {"kind": "attribute", "name": "plan", "is": "eq", "value": "pro"},
    {"kind": "attribute", "name": "age", "is": "gt", "value": 5},
    {"kind": "attribute", "name": "tags", "is": "contains", "value": "x"},
    {"kind": "event_count", "name": "item_view", **_DAYS},
    {"kind": "event_count", "name": "item_view", "from": 2, "to": 5, "item": "item 5"},
    {"kind": "event_count", "name": "item_view", "to": 0, "property": {"name": "x", "is": "eq", "value": 5}},
    {"kind": "order", "count": {"from": 2}, "total": {"from": 50}, **_DAYS},
    {"kind": "order", "last_within": {"days": 3}},
    {"kind": "order", "last_not_within": {"days": 3}},
    {"kind": "cart", "count": {"from": 1}, "total": {"from": 50}, "item": "lamp", "idle_for": {"hours": 4}},
    {"kind": "last_seen", **_DAYS},
    {"kind": "first_seen", **_DAYS},
    {"kind": "device", "browser": "firefox", "mobile": True},
    {"kind": "language", "in": ["de"]},
    {"kind": "time_zone", "in": ["Europe/"]},
    {"kind": "subscription", "push_service": "fcm", **_DAYS},
    {"kind": "subscription", "has": False},
    {"kind": "group", "name": "warehouse"},
    {"kind": "group", "name": "warehouse", "identifier": "42"},
    {"kind": "engagement", "did": "clicked", "to": 0, **_DAYS},
    {"kind": "engagement", "ignored_last": 3},
]
COMBINED = {
    "kind": "combine",
    "match": "any",
    "of": [{"kind": "combine", "match": "none", "of": RULES[:6]}, *RULES[6:]],
}


def _segment() -> Segment:
    return Segment(NEW, PRJ, "new", RULES[0], NOW, NOW)


def _of_rule(rule: dict[str, Any]) -> list[Query]:
    meant = parse(rule).sql(NOW)
    window = {"after": an_id("pro", 9_000), "limit": 200}
    between = {"after": an_id("pro", 9_000), "upto": an_id("pro", 9_200)}
    page = {"after": MIDDLE, "upto": "sub_z", "limit": 500, "look_at": 500}
    return [
        Query(segments.window, (PRJ, meant), window),
        Query(segments.count, (PRJ, meant), between),
        Query(segments.matching, (PRJ, meant), between | {"limit": 10}),
        Query(audience.segment_page, (PRJ, meant), page),
        Query(audience.receivers, (PRJ, SEGMENT, BETWEEN), {"started_at": NOW, "meant": meant}),
        Query(audience.still_meant, (PRJ, SEGMENT, SOME_SUBSCRIPTIONS), {"meant": meant}),
    ]


def _narrowed(rule: dict[str, Any]) -> list[Query]:
    return [Query(segments.is_fewer, (one,), {"limit": 500}) for one in narrowed(parse(rule), PRJ, NOW)]


SEGMENT_QUERIES = [
    Query(segments.add, (_segment(),)),
    Query(segments.get, (PRJ, an_id("seg", 5))),
    Query(segments.named, (PRJ, "segment 5")),
    Query(segments.page, (PRJ,), {"after": None, "limit": 100}),
    Query(segments.page, (PRJ,), {"after": an_id("seg", 500), "limit": 100}),
    Query(segments.change, (an_id("seg", 5),), {"name": "new", "rule": {}, "now": NOW}),
    Query(segments.waiting_notifications, (an_id("seg", 5),), {"limit": 20}),
    Query(segments.waiting_messages, (PRJ, an_id("seg", 5)), {"limit": 20}),
    Query(segments.remove, (an_id("seg", 5),)),
    Query(
        segments.matching_among,
        (PRJ, parse(RULES[0]).sql(NOW), select(profiles.c.id).where(profiles.c.id.in_([an_id("pro", 5)]))),
    ),
    Query(people.load, ([an_id("pro", number * 7) for number in range(200)], EVERYTHING)),
    *(query for rule in RULES for query in _of_rule(rule)),
    *(query for rule in RULES for query in _narrowed(rule)),
]
