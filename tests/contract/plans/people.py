"""Every query about visitors, what they do and what is in their carts."""

from datetime import timedelta
from typing import Any

from tests.contract.plans.query import Query
from tests.contract.plans.seed import NOW, an_id, endpoint_hash

from heliograph.domain.cart import Cart
from heliograph.domain.event import Event, Line, Source
from heliograph.storage import carts, events, merging, profiles, subscriptions, visitors

PRJ, PRO, SUB = (an_id(prefix, 0) for prefix in ("prj", "pro", "sub"))
BUSY = an_id("pro", 1)
MONTH = timedelta(days=30)
WAYS = {"from_profile": BUSY, "to_profile": an_id("pro", 2)}


def _new_event(number: int) -> Event:
    what = ("cart_add", "sku", 100, NOW, NOW, Source.PAGE, {"item": {"id": "sku"}})
    return Event(an_id("evt", 900_000 + number), PRJ, PRO, *what)


def _new_visitor() -> dict[str, Any]:
    times = {"created_at": NOW, "last_seen_at": NOW}
    return {"project_id": PRJ, "token_hash": b"new", "profile_id": PRO, "is_mobile": False, **times}


PEOPLE_QUERIES = [
    Query(events.add, ([_new_event(number) for number in range(100)],)),
    Query(events.page, (BUSY,), {"before": None, "limit": 100}),
    Query(events.page, (BUSY,), {"before": an_id("evt", 15_000), "limit": 100}),
    Query(events.of_cart, (BUSY,), {"limit": 2_000}),
    Query(events.erase, (BUSY,), {"limit": 300}),
    Query(events.sweep, (), {"before": NOW + 1000 * MONTH, "limit": 300}),
    Query(carts.get, (PRO,)),
    Query(carts.put, (PRJ, PRO, Cart((Line("a", 1, None, {}),), NOW, an_id("evt", 1)))),
    Query(carts.remove, (PRO,)),
    Query(carts.rebuild, (PRJ, BUSY)),
    Query(visitors.find, (PRJ, endpoint_hash(5))),
    Query(visitors.find, (PRJ, endpoint_hash(5)), {"lock": True}),
    Query(visitors.add, (_new_visitor(),)),
    Query(visitors.change, (PRJ, endpoint_hash(5), {"last_seen_at": NOW})),
    Query(visitors.of_profile, (PRO,)),
    Query(visitors.move, (), WAYS),
    Query(visitors.sweep, (), {"before": NOW - MONTH, "limit": 100}),
    *(Query(merging.move, (held,), {**WAYS, "limit": 300}) for held in merging.HELD),
    *(Query(merging.has, (held, BUSY)) for held in merging.HELD),
    Query(merging.begin, (), WAYS),
    Query(merging.waiting),
    Query(merging.of_person, (PRO,)),
    Query(merging.forget_contacts, (PRO,)),
    Query(profiles.name, (PRO, "ada"), {"now": NOW}),
    Query(subscriptions.owner, (SUB,)),
    Query(subscriptions.adopt, (SUB, PRO)),
    Query(subscriptions.move, (), WAYS),
]
