"""Every query about campaigns, their runs, and whom limits look at."""

from dataclasses import replace
from datetime import timedelta

from tests.contract.plans.query import Query
from tests.contract.plans.seed import NOTIFICATIONS, NOW, a_delivery, an_id

from heliograph.domain.campaign import Campaign, CampaignKind, CampaignRun, CampaignState, DispatchState
from heliograph.domain.contact_rules import Contact
from heliograph.domain.exclusion import Rank
from heliograph.domain.notification import (
    Audience,
    AudienceKind,
    Content,
    Notification,
    NotificationKind,
    NotificationState,
    Urgency,
)
from heliograph.storage import campaigns, contacts, dispatches, rivals

PRJ, CMP, DSP, NTF = (an_id(prefix, 0) for prefix in ("prj", "cmp", "dsp", "ntf"))
NEW = an_id("x", 999)
SOME_PEOPLE = [an_id("pro", number * 7) for number in range(250)]
SOME_SUBSCRIPTIONS = [an_id("sub", number * 7) for number in range(250)]
SOME_DELIVERIES = [a_delivery(NOTIFICATIONS - 1, number) for number in range(500)]


def _campaign() -> Campaign:
    kind, state = CampaignKind.MESSAGE, CampaignState.DRAFT
    return Campaign(NEW, PRJ, kind, "x", state, {}, "now", None, None, 0, 1, None, None, None, None, None, NOW, NOW)


def _run() -> CampaignRun:
    return CampaignRun(NEW, CMP, PRJ, "new", NOW, DispatchState.WAITING, None, None, None, None, NOW)


def _notification() -> Notification:
    life = (timedelta(days=1), Urgency.NORMAL, None, NOW, NOW, NOW + timedelta(days=1))
    everyone = Audience(AudienceKind.EVERYONE)
    what = (NotificationKind.NOTIFICATION, Content(title="x"), everyone, NotificationState.RUNNING)
    return replace(Notification(an_id("ntf", NOTIFICATIONS - 1), PRJ, *what, *life))


CAMPAIGN_QUERIES = [
    Query(campaigns.add, (_campaign(),)),
    Query(campaigns.get, (PRJ, CMP)),
    Query(campaigns.get, (PRJ, CMP), {"lock": True}),
    Query(campaigns.load, (CMP,)),
    Query(campaigns.load, (CMP,), {"lock": True}),
    Query(campaigns.page, (PRJ,), {"before": None, "limit": 100}),
    Query(campaigns.page, (PRJ,), {"before": an_id("cmp", 900), "limit": 100, "kind": CampaignKind.MESSAGE}),
    Query(campaigns.page, (PRJ,), {"before": None, "limit": 100, "state": CampaignState.RUNNING}),
    Query(campaigns.change, (CMP, {"name": "y"}), {"now": NOW}),
    Query(campaigns.remove, (an_id("cmp", 7),)),
    Query(campaigns.overdue, (), {"before": NOW, "limit": 100}),
    Query(campaigns.open_notifications, (CMP,), {"limit": 1}),
    Query(campaigns.tallies, (CMP,)),
    Query(campaigns.names, ([CMP, an_id("cmp", 7)],)),
    Query(dispatches.add, (_run(),)),
    Query(dispatches.load, (DSP,)),
    Query(dispatches.by_key, (CMP, "key 0")),
    Query(dispatches.settle, (DSP, DispatchState.STARTED)),
    Query(dispatches.page, (CMP,), {"before": None, "limit": 100}),
    Query(dispatches.page, (CMP,), {"before": an_id("dsp", 900), "limit": 100}),
    Query(dispatches.count, (CMP,)),
    Query(contacts.zones, (SOME_PEOPLE, SOME_SUBSCRIPTIONS)),
    Query(contacts.zones, (SOME_PEOPLE, SOME_SUBSCRIPTIONS), {"lock": True}),
    Query(contacts.since, (SOME_PEOPLE, NOW - timedelta(days=31))),
    Query(contacts.note, (SOME_PEOPLE, Contact(NTF, CMP, "marketing", NOW)), {"project_id": PRJ}),
    Query(contacts.browsers_of, (SOME_PEOPLE,)),
    Query(contacts.sweep, (), {"before": NOW, "limit": 500}),
    Query(rivals.ahead_of, (_notification(), "marketing", Rank(0, NOW, NTF))),
    Query(rivals.decided, (SOME_DELIVERIES,)),
]
