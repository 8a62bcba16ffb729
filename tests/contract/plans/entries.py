"""Every query about who is on the way through triggered campaigns."""

from sqlalchemy import true
from tests.contract.plans.query import Query
from tests.contract.plans.seed import NOW, an_id

from heliograph.domain.campaign import Campaign, CampaignKind, CampaignState
from heliograph.domain.entry import Entry, EntryReason, EntryState, Start
from heliograph.storage import caused, entries, looking

PRJ, CMP, PRO, ENT = (an_id(prefix, 0) for prefix in ("prj", "cmp", "pro", "ent"))
SOME_PEOPLE = [an_id("pro", number * 7) for number in range(200)]
NEW = an_id("x", 999)
_FEW = ([ENT, an_id("ent", 7)],)


def _entry() -> Entry:
    about = ("new", NOW, EntryState.WAITING, None, None, None, {}, None, NOW, None)
    return Entry(NEW, CMP, PRJ, PRO, *about)


def _campaign() -> Campaign:
    definition = {"audience": {"kind": "segment", "segment_id": an_id("seg", 5)}}
    what = (CampaignKind.MESSAGE, "n", CampaignState.RUNNING, definition, "event", "order", None, 0, 1)
    return Campaign(CMP, PRJ, *what, *(None,) * 5, NOW, NOW)


ENTRY_QUERIES = [
    Query(entries.hold, (SOME_PEOPLE,)),
    Query(entries.add, ([_entry()],)),
    Query(entries.waiting_of, (SOME_PEOPLE,)),
    Query(entries.history, (CMP, SOME_PEOPLE), {"now": NOW}),
    Query(entries.put_off, (an_id("ent", 1), Start("k", NOW))),
    Query(entries.move_due, (an_id("ent", 1), NOW)),
    Query(entries.end, (*_FEW, EntryState.CANCELLED, EntryReason.EVENT), {"now": NOW}),
    Query(entries.finish, (*_FEW, NEW), {"now": NOW}),
    Query(entries.take_due, (an_id("cmp", 1),), {"now": NOW, "limit": 200}),
    Query(entries.campaigns_overdue, (), {"before": NOW, "limit": 500}),
    Query(entries.page, (CMP,), {"before": None, "limit": 100}),
    Query(entries.page, (CMP,), {"before": an_id("ent", 9_000), "limit": 100, "profile_id": PRO}),
    Query(entries.tally, (CMP,), {"since": an_id("ent", 9_000), "limit": 500}),
    Query(entries.browsers, (SOME_PEOPLE,)),
    Query(entries.sweep, (), {"before": NOW, "limit": 500}),
    Query(caused.by_events, (PRJ, ["order", "cart_changed"])),
    Query(caused.by_trigger, (PRJ, "entered")),
    Query(caused.of_ids, ([CMP, an_id("cmp", 7)],)),
    Query(caused.audience_of, (_campaign(),)),
    Query(caused.later_events, (PRO, ["order"]), {"since": NOW, "limit": 20}),
    Query(caused.events_of, (SOME_PEOPLE, ["order"]), {"since": NOW}),
    Query(caused.event, (an_id("evt", 5),)),
    Query(looking.people, (PRJ,), {"after": an_id("pro", 9_000), "limit": 500}),
    Query(looking.named, (SOME_PEOPLE,)),
    Query(looking.within, (SOME_PEOPLE, true())),
    Query(looking.last_events, (SOME_PEOPLE, "order")),
    Query(looking.interested, (PRJ, "7", "item_view"), {"since": NOW, "after": "", "limit": 200}),
    Query(looking.insiders_of, (CMP, SOME_PEOPLE)),
    Query(looking.come_in, (CMP, SOME_PEOPLE), {"since": NOW}),
    Query(looking.go_out, (CMP, SOME_PEOPLE)),
    Query(looking.round_of, (CMP,)),
    Query(looking.round_of, (CMP,), {"lock": True}),
    Query(looking.begin_round, (CMP, "2"), {"now": NOW}),
    Query(looking.end_round, (CMP, "1"), {"now": NOW}),
    Query(looking.forget, (CMP,)),
]
