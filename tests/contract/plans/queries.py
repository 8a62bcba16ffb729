"""Every query there is, asked of a large installation. A function of `storage/` that is missing here fails a test."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.contract.plans.campaigns import CAMPAIGN_QUERIES
from tests.contract.plans.entries import ENTRY_QUERIES
from tests.contract.plans.people import PEOPLE_QUERIES
from tests.contract.plans.prompts import PROMPT_QUERIES
from tests.contract.plans.query import Query
from tests.contract.plans.seed import NOTIFICATIONS, NOW, SUBSCRIPTIONS, a_delivery, an_id, endpoint_hash
from tests.contract.plans.segments import SEGMENT_QUERIES

from heliograph.domain.delivery import DeliveryState, ReceiptEvent
from heliograph.domain.glue import GlueSettings, Right
from heliograph.domain.notification import (
    Audience,
    AudienceKind,
    Content,
    Notification,
    NotificationKind,
    NotificationState,
    Urgency,
)
from heliograph.domain.outcome import OutcomeKind
from heliograph.domain.rate import Limits, Rate
from heliograph.domain.subscription import Group, SubscriptionState
from heliograph.domain.webhook import Event, MessageState
from heliograph.domain.window import WindowSettings
from heliograph.names import Channel, EventType, Scope
from heliograph.queue.base import BULK, PRIORITIES, URGENT
from heliograph.storage import (
    accounts,
    api_keys,
    attempts,
    audience,
    audit,
    counts,
    deliveries,
    delivery_reads,
    dry_runs,
    experiments,
    glue,
    groups,
    held_devices,
    idempotency_keys,
    imports,
    installation,
    jobs,
    key_health,
    key_retirement,
    leases,
    moving,
    notifications,
    outbox,
    personal,
    profiles,
    projects,
    providers,
    pruning,
    ranges,
    rates,
    receipts,
    retention,
    stories,
    subscriptions,
    survey,
    template_values,
    vapid_keys,
    webhook_messages,
    webhooks,
    windows,
    witnesses,
)

PRJ, SUB, PRO, NTF, VAP, PRV = (an_id(prefix, 0) for prefix in ("prj", "sub", "pro", "ntf", "vap", "prv"))
RUNNING, MIDDLE = an_id("ntf", NOTIFICATIONS - 1), an_id("sub", SUBSCRIPTIONS // 2)
NEW = an_id("x", 999)
WHK, MSG = an_id("whk", 0), an_id("msg", 1)
MONTH = timedelta(days=30)
EVERYONE = Audience(AudienceKind.EVERYONE)
WAREHOUSE, NEWS = Group("warehouse", "42"), Group("news")
BETWEEN = ranges.IdsBetween(MIDDLE, an_id("sub", SUBSCRIPTIONS // 2 + 500))
SOME_SUBSCRIPTIONS = tuple(an_id("sub", number * 7) for number in range(500))
SOME_DELIVERIES = [a_delivery(NOTIFICATIONS - 1, number) for number in range(500)]


BUCKETS = Limits.of(Rate.parse("100/s"), {"all": "100/s", "fcm": "6000/m"}).buckets(RUNNING, PRJ, "fcm")


def _group(name: str, identifier: str | None = None) -> Audience:
    return Audience(AudienceKind.GROUP, group=name, identifier=identifier)


def _profile() -> dict[str, Any]:
    times = {"created_at": NOW, "updated_at": NOW}
    return {"id": an_id("pro", 999_999), "project_id": PRJ, "external_id": "new", "attributes": {}, **times}


def _subscription() -> dict[str, Any]:
    place = {"id": an_id("sub", 999_999), "project_id": PRJ, "provider_id": PRV, "vapid_key_id": VAP}
    address = {"endpoint": "https://push.example/new", "endpoint_hash": b"new", "p256dh": b"p", "auth": b"a"}
    times = {"created_at": NOW, "endpoint_since": NOW, "refreshed_at": NOW}
    return {
        **place,
        **address,
        **times,
        "channel": "web",
        "state": "active",
        "push_service": "fcm",
        "secret_hash": b"s",
    }


def _device() -> dict[str, Any]:
    what = {"id": an_id("dev", 999_999), "project_id": PRJ, "channel": "ios", "token": "new", "token_hash": b"new"}
    optional = dict.fromkeys(("app_id", "profile_id", "language", "time_zone"))
    return {**what, **optional, "groups": [], "attributes": {}, "created_at": NOW, "updated_at": NOW}


def _notification() -> Notification:
    return Notification(
        id=an_id("ntf", 999_999),
        project_id=PRJ,
        kind=NotificationKind.NOTIFICATION,
        content=Content(title="Hello"),
        audience=EVERYONE,
        state=NotificationState.SCHEDULED,
        ttl=MONTH,
        urgency=Urgency.NORMAL,
        topic=None,
        created_at=NOW,
        send_at=NOW,
        expires_at=NOW,
    )


def _new_deliveries() -> list[dict[str, Any]]:
    return [
        {
            "id": a_delivery(5_000, number),
            "project_id": PRJ,
            "notification_id": RUNNING,
            "subscription_id": an_id("sub", number),
            "profile_id": None,
            "state": "accepted",
            "reason": None,
            "attempts": 1,
            "created_at": NOW,
            "updated_at": NOW,
        }
        for number in range(500)
    ]


def _attempts() -> list[attempts.AttemptRow]:
    return [
        attempts.AttemptRow(delivery, 2, NOW, OutcomeKind.ACCEPTED, None, 201, 80) for delivery in SOME_DELIVERIES[:256]
    ]


def _job(number: int, key: str | None) -> dict[str, Any]:
    when = {"run_at": NOW, "created_at": NOW, "state": "ready", "attempts": 0}
    return {"id": an_id("job", number), "name": "n", "args": {}, "priority": 5, "dedupe_key": key, **when}


def _key() -> api_keys.ApiKey:
    return api_keys.ApiKey(
        an_id("key", 999_999), PRJ, api_keys.KeyKind.SECRET, "n", (Scope.READ,), b"new", None, "hsk_", NOW
    )


def _webhook() -> webhooks.Webhook:
    made, health = (NOW, NOW), (0, None, None)
    return webhooks.Webhook(
        an_id("whk", 999_999), PRJ, "https://a.example/", "", (), True, None, b"s", None, None, *health, *made
    )


def _account() -> accounts.Account:
    return accounts.Account(an_id("acc", 999_999), PRJ, "new", "scrypt", (Right.SUBSCRIBE,), NOW)


PAGE: dict[str, Any] = {"after": None, "limit": 100}

GREETING = replace(_notification(), content=Content(title="{{ profile.name }}{{ cart.count }}", template=True))

QUERIES = [
    # Asked with every request.
    Query(api_keys.of_hash, (endpoint_hash(77),)),
    Query(api_keys.note_use, (an_id("key", 5),), {"now": NOW, "grain": timedelta(minutes=1)}),
    Query(projects.get, (PRJ,)),
    # Projects and keys.
    Query(projects.add, (projects.Project(NEW, "n", (), "s", b"", b"", None, 1, NOW, NOW),)),
    Query(projects.page, (), PAGE),
    Query(projects.page, (), {"after": an_id("prj", 900), "limit": 100}),
    Query(projects.change, (PRJ, {"name": "m"})),
    Query(projects.is_empty),
    Query(projects.lock, (PRJ,)),
    Query(api_keys.add, (_key(),)),
    Query(api_keys.get, (PRJ, an_id("key", 1))),
    Query(api_keys.get, (None, an_id("key", 0))),
    Query(api_keys.page, (PRJ,), PAGE),
    Query(api_keys.page, (None,), PAGE),
    Query(api_keys.change, (an_id("key", 1), {"name": "m"})),
    Query(api_keys.replace, (an_id("key", 1),), {"by": an_id("key", 2), "ends_at": NOW}),
    Query(api_keys.is_empty),
    Query(vapid_keys.add, (vapid_keys.VapidKey(NEW, PRJ, b"p", b"s", vapid_keys.VapidKeyState.RETIRED, NOW),)),
    Query(vapid_keys.get, (PRJ, VAP)),
    Query(vapid_keys.active, (PRJ,)),
    Query(vapid_keys.of_public_key, (PRJ, (0).to_bytes(65, "big"))),
    Query(vapid_keys.of_project, (PRJ,)),
    Query(vapid_keys.page, (PRJ,), PAGE),
    Query(vapid_keys.change, (VAP, {"pause_reason": None})),
    Query(vapid_keys.retire_active, (PRJ,), {"now": NOW}),
    Query(key_retirement.hold, (VAP,)),
    Query(key_retirement.lock, (VAP,)),
    Query(key_retirement.count_uses, (VAP,), {"limit": 500}),
    Query(key_retirement.unused, (), {"before": NOW, "limit": 20}),
    Query(key_retirement.retire, (VAP,), {"now": NOW}),
    Query(key_retirement.end_subscriptions, (VAP,), {"now": NOW, "limit": 300}),
    Query(vapid_keys.pause, (VAP,), {"until": NOW, "reason": "r"}),
    Query(vapid_keys.resume, (VAP,)),
    Query(key_health.lock, (VAP,)),
    Query(key_health.write, (VAP, key_health.KeyHealth(1, NOW))),
    Query(key_health.heal, (VAP,)),
    Query(key_health.extend_pause, (VAP,), {"of": NOW, "until": NOW}),
    Query(key_health.extend_pause, (VAP,), {"of": None, "until": NOW}),
    Query(providers.add, (providers.Provider(NEW, PRJ, Channel.WEB, "n", True, {}, NOW, NOW),)),
    Query(providers.get, (PRJ, PRV)),
    Query(providers.named, (PRJ, "web")),
    Query(providers.default, (PRJ, Channel.WEB)),
    Query(providers.of_project, (PRJ,)),
    Query(providers.page, (PRJ,), PAGE),
    Query(providers.change, (PRV, {"name": "m"})),
    Query(accounts.add, (_account(),)),
    Query(accounts.named, ("account 5",)),
    Query(accounts.get, (an_id("acc", 5),)),
    Query(accounts.of_project, (an_id("prj", 5),)),
    Query(accounts.set_password, (an_id("acc", 5), "scrypt$")),
    Query(accounts.revoke, (an_id("acc", 5),), {"at": NOW}),
    Query(glue.read, (PRJ,)),
    Query(glue.write, (PRJ, glue.KeptSettings(GlueSettings())), {"now": NOW}),
    Query(glue.any_unfinished, (PRJ,)),
    # The two-step window.
    Query(windows.read, (PRJ,)),
    Query(windows.write, (PRJ, WindowSettings("push.new.example")), {"now": NOW}),
    Query(windows.name_of_host, ("push.shop.example",)),
    Query(windows.all_settings, (), PAGE),
    Query(windows.all_settings, (), {"after": an_id("prj", 900), "limit": 100}),
    Query(windows.add_state, (windows.WindowState(b"s" * 32, PRJ, "http://shop.example", None, NOW),)),
    Query(windows.claim, (PRJ, b"s" * 32), {"now": NOW}),
    Query(windows.finish, (PRJ, b"s" * 32), {"now": NOW}),
    Query(windows.is_subscribed, (PRJ, b"v" * 32)),
    Query(windows.sweep, (), {"now": NOW, "limit": 100}),
    Query(windows.remove, (PRJ,)),
    Query(providers.is_used, (PRJ, PRV)),
    Query(providers.is_used, (PRJ, an_id("prv", 1))),
    Query(providers.remove, (an_id("prv", 7),)),
    # Profiles.
    Query(profiles.add, (_profile(),)),
    Query(profiles.ensure, (_profile(),)),
    Query(profiles.get, (PRJ, PRO)),
    Query(profiles.get, (PRJ, PRO), {"lock": True}),
    Query(profiles.of_external_id, (PRJ, "person 5000")),
    Query(profiles.change, (PRO, {"language": "en"})),
    Query(profiles.page, (PRJ,), PAGE),
    Query(profiles.page, (PRJ,), {"after": an_id("pro", 5000), "limit": 100}),
    Query(profiles.remove, (an_id("pro", 5000),)),
    # Subscriptions.
    Query(subscriptions.get, (PRJ, MIDDLE)),
    Query(subscriptions.of_endpoint, (PRJ, endpoint_hash(25_001))),
    Query(subscriptions.provider_of, (MIDDLE,)),
    Query(subscriptions.lock, (SOME_SUBSCRIPTIONS[:3],)),
    Query(subscriptions.claim, (PRJ, endpoint_hash(25_001)), only_on="postgresql"),
    Query(subscriptions.add, (_subscription(),)),
    Query(subscriptions.change, (SUB, {"language": "en"})),
    Query(subscriptions.ids_of_profile, (PRO,)),
    Query(subscriptions.lock_of_profile, (PRO,)),
    Query(subscriptions.bind, (SUB, PRO)),
    Query(subscriptions.unbind, (PRO,)),
    Query(subscriptions.page, (PRJ, subscriptions.Filter()), PAGE),
    Query(subscriptions.page, (PRJ, subscriptions.Filter()), {"after": MIDDLE, "limit": 100}),
    Query(subscriptions.page, (PRJ, subscriptions.Filter(SubscriptionState.ACTIVE)), {"after": MIDDLE, "limit": 100}),
    Query(subscriptions.page, (PRJ, subscriptions.Filter(SubscriptionState.UNSUBSCRIBED)), PAGE),
    Query(subscriptions.page, (PRJ, subscriptions.Filter(profile_id=PRO)), PAGE),
    Query(subscriptions.page, (PRJ, subscriptions.Filter(profile_id="pro_none")), PAGE),
    Query(subscriptions.page, (PRJ, subscriptions.Filter(group=WAREHOUSE)), PAGE),
    Query(subscriptions.page, (PRJ, subscriptions.Filter(group=Group("warehouse"))), {"after": MIDDLE, "limit": 100}),
    # Groups.
    Query(groups.ensure, (PRJ, {Group("new"): NEW, WAREHOUSE: an_id("x", 998)}), {"now": NOW}),
    Query(groups.get, (PRJ, an_id("grp", 5))),
    Query(groups.find, (PRJ, WAREHOUSE)),
    Query(groups.page, (PRJ, None), PAGE),
    Query(groups.page, (PRJ, None), {"after": an_id("grp", 5000), "limit": 100}),
    Query(groups.page, (PRJ, "warehouse"), PAGE),
    Query(groups.page, (PRJ, "group8000"), PAGE),
    Query(groups.remove, (an_id("grp", 5),)),
    Query(groups.remove_members, (PRJ, NEWS), {"limit": 500, "now": NOW}),
    Query(groups.join, (PRJ, SUB, [WAREHOUSE, NEWS]), {"now": NOW}),
    Query(groups.leave, (PRJ, an_id("sub", 2), NEWS), {"now": NOW}),
    Query(groups.leave_all, (an_id("sub", 2),)),
    Query(groups.count_of, (an_id("sub", 2),)),
    Query(groups.of_subscriptions, (SOME_SUBSCRIPTIONS,)),
    # Notifications.
    Query(notifications.add, (_notification(),)),
    Query(notifications.get, (PRJ, NTF)),
    Query(notifications.load_row, (NTF,)),
    Query(notifications.load_row, (NTF,), {"lock": True}),
    Query(notifications.load_with_limits, (NTF,)),
    Query(notifications.change_rate, (NTF, None), {"of": (NotificationState.RUNNING,)}),
    Query(notifications.page, (PRJ,), {"before": None, "limit": 100}),
    Query(notifications.page, (PRJ,), {"before": an_id("ntf", 2000), "limit": 100}),
    Query(notifications.page, (PRJ,), {"before": None, "limit": 100, "state": NotificationState.CANCELLED}),
    Query(notifications.state_of, (NTF,)),
    Query(notifications.move, (NTF,), {"to": NotificationState.DONE, "of": (NotificationState.RUNNING,)}),
    Query(notifications.fix_audience, (NTF, Audience(AudienceKind.EVERYONE))),
    Query(notifications.note, (NTF,), {"planned_at": NOW}),
    Query(notifications.any_subscription, (PRJ, SOME_SUBSCRIPTIONS)),
    Query(notifications.any_subscription, (PRJ, tuple(f"sub_none{number}" for number in range(600)))),
    # Dry runs.
    Query(dry_runs.count, (PRJ, EVERYONE), {"limit": 500}),
    Query(dry_runs.count, (PRJ, _group("warehouse")), {"limit": 500}),
    Query(dry_runs.count, (PRJ, _group("warehouse", "42")), {"limit": 500}),
    Query(dry_runs.last_id, (PRJ,)),
    Query(dry_runs.external_ids, ([an_id("pro", number) for number in range(500)],)),
    Query(dry_runs.ended_of_people, (PRJ, [f"person {number}" for number in range(500)])),
    # A/B tests.
    Query(experiments.arms, (an_id("dsp", 5),)),
    Query(
        experiments.decide,
        (NTF,),
        {"variant": "winner:a", "content": {"title": "t"}, "send_at": NOW, "expires_at": NOW},
    ),
    # Templates.
    Query(template_values.texts, (GREETING, [an_id("pro", number) for number in range(500)])),
    Query(template_values.of_profiles, ([an_id("pro", number) for number in range(500)],)),
    Query(template_values.carts_of, ([an_id("pro", number) for number in range(500)],)),
    Query(template_values.campaign_name, (an_id("cmp", 5),)),
    # Delivery: plan, fan out, send, record, retry, finish.
    Query(audience.page_of_ids, (PRJ, EVERYONE), {"after": MIDDLE, "upto": "sub_z", "limit": 500}),
    Query(audience.end_of_page, (PRJ, EVERYONE), {"after": MIDDLE, "upto": "sub_z", "limit": 500}),
    Query(audience.end_of_page, (PRJ, _group("warehouse")), {"after": MIDDLE, "upto": "sub_z", "limit": 500}),
    Query(audience.page_of_ids, (PRJ, _group("warehouse")), {"after": MIDDLE, "upto": "sub_z", "limit": 500}),
    Query(audience.page_of_ids, (PRJ, _group("warehouse", "42")), {"after": MIDDLE, "upto": "sub_z", "limit": 500}),
    Query(audience.receivers, (PRJ, EVERYONE, BETWEEN), {"started_at": NOW}),
    Query(audience.receivers, (PRJ, _group("warehouse"), BETWEEN), {"started_at": NOW}),
    Query(audience.receivers, (PRJ, _group("warehouse", "42"), BETWEEN), {"started_at": NOW}),
    Query(
        audience.receivers,
        (PRJ, Audience(AudienceKind.SUBSCRIPTIONS, subscription_ids=SOME_SUBSCRIPTIONS), ranges.Slice(0, 500)),
        {"started_at": NOW},
    ),
    Query(
        audience.receivers,
        (
            PRJ,
            Audience(AudienceKind.PROFILES, external_ids=tuple(f"person {number}" for number in range(500))),
            ranges.Slice(0, 500),
        ),
        {"started_at": NOW},
    ),
    Query(audience.laid_out, (PRJ, EVERYONE, BETWEEN), {"started_at": NOW}),
    Query(audience.laid_out, (PRJ, _group("warehouse", "42"), BETWEEN), {"started_at": NOW}),
    Query(audience.by_ids, (SOME_SUBSCRIPTIONS,)),
    Query(audience.still_meant, (PRJ, Audience(AudienceKind.GROUP, group="warehouse"), SOME_SUBSCRIPTIONS)),
    Query(
        audience.still_meant,
        (PRJ, Audience(AudienceKind.PROFILES, external_ids=("person 1", "person 2")), SOME_SUBSCRIPTIONS),
    ),
    Query(ranges.add, (NTF, 100, [BETWEEN] * 100)),
    Query(ranges.open_selection, (RUNNING, 5)),
    Query(ranges.close, (RUNNING, 5)),
    Query(ranges.any_open, (RUNNING,)),
    Query(ranges.any_open, (NTF,)),
    Query(ranges.count_open, (RUNNING,), {"limit": 40}),
    Query(rates.take, (BUCKETS,), {"wanted": 500, "now": 10**18, "upto": 10**18 + 10**9}),
    Query(rates.charge, (BUCKETS,), {"count": 5, "now": 10**18}),
    Query(rates.free_at, (BUCKETS,)),
    Query(rates.sweep, (), {"before": 10**18, "limit": 100}),
    Query(ranges.count, (RUNNING,)),
    Query(deliveries.recorded, (SOME_DELIVERIES,)),
    Query(deliveries.add_new, (_new_deliveries(),)),
    Query(deliveries.waiting, (SOME_DELIVERIES,), {"due": NOW}),
    Query(
        deliveries.change_waiting,
        (SOME_DELIVERIES, deliveries.Change(DeliveryState.ACCEPTED, None, 2, 201, "m", None, NOW)),
        {"attempts_before": 1, "due_before": NOW, "now": NOW},
    ),
    Query(deliveries.fail_waiting, (SOME_DELIVERIES,), {"due": NOW, "reason": "r", "now": NOW}),
    Query(deliveries.any_waiting, (RUNNING,)),
    Query(deliveries.any_waiting, (NTF,)),
    Query(deliveries.apply_receipts, (SOME_DELIVERIES,), {"now": NOW}),
    Query(deliveries.unapplied_receipts, (), {"since": NOW - timedelta(days=59, hours=17), "limit": 100}),
    Query(delivery_reads.get, (PRJ, SOME_DELIVERIES[0])),
    Query(delivery_reads.by_ids, (PRJ, SOME_DELIVERIES[:50])),
    Query(attempts.add, (_attempts(),)),
    Query(attempts.of_deliveries, (SOME_DELIVERIES[:50],)),
    Query(stories.joined, (PRJ, _group("warehouse"), SOME_SUBSCRIPTIONS[:50])),
    Query(stories.joined, (PRJ, _group("warehouse", "42"), SOME_SUBSCRIPTIONS[:50])),
    Query(stories.sent_to_profile, (an_id("pro", 5), RUNNING), {"limit": 50}),
    Query(stories.swept_at, (NTF,)),
    Query(delivery_reads.of_notification, (RUNNING,), {"state": None, **PAGE}),
    Query(delivery_reads.of_notification, (RUNNING,), {"state": DeliveryState.RETRYING, **PAGE}),
    Query(delivery_reads.of_notification, (RUNNING,), {"state": None, "after": SOME_DELIVERIES[7], "limit": 100}),
    Query(delivery_reads.of_subscription, (PRJ, an_id("sub", 3)), PAGE),
    Query(delivery_reads.counts, ([an_id("ntf", number) for number in range(100)],)),
    Query(counts.add, (NTF, {("accepted", ""): 5, ("gone", "http_410"): 1}, 1)),
    Query(counts.read, (NTF,)),
    Query(
        receipts.add,
        (PRJ, [receipts.Receipt(delivery, ReceiptEvent.CLICKED, None, NOW) for delivery in SOME_DELIVERIES[:50]]),
        {"now": NOW},
    ),
    # Housekeeping.
    Query(
        pruning.end, ([pruning.Dead(an_id("sub", n), endpoint_hash(n), "http_410") for n in range(500)],), {"now": NOW}
    ),
    Query(witnesses.proved, (SOME_SUBSCRIPTIONS[:100],)),
    Query(pruning.end_expired, (), {"now": NOW, "limit": 300}),
    Query(pruning.sweep_tombstones, (), {"before": NOW - MONTH, "limit": 300}),
    Query(pruning.sweep_receipts, (), {"before": NOW - MONTH, "limit": 300}),
    Query(pruning.sweep_ranges, (), {"before": NOW - MONTH, "limit": 10}),
    # Webhooks.
    Query(webhooks.add, (_webhook(),)),
    Query(webhooks.get, (PRJ, WHK)),
    Query(webhooks.get, (PRJ, WHK), {"lock": True}),
    Query(webhooks.load, (WHK,)),
    Query(webhooks.load, (WHK,), {"lock": True}),
    Query(webhooks.page, (PRJ,), PAGE),
    Query(webhooks.page, (PRJ,), {"after": WHK, "limit": 100}),
    Query(webhooks.count, (PRJ,)),
    Query(webhooks.change, (WHK, {"description": "x"})),
    Query(webhooks.switch_off, (PRJ,)),
    Query(webhooks.failing, (), {"limit": 20}),
    Query(webhooks.enabled, ([WHK, an_id("whk", 5)],)),
    Query(outbox.add, ({WHK: frozenset()}, [Event(EventType.WEBHOOK_TEST, NOW, {})] * 500), {"now": NOW}),
    Query(outbox.ask, ([WHK],), {"run_at": NOW, "now": NOW}),
    Query(outbox.hasten, (WHK,), {"now": NOW}),
    Query(webhook_messages.take_events, (WHK,)),
    Query(webhook_messages.waited_for, (), {"after": NOW - timedelta(days=60), "before": NOW, "limit": 300}),
    Query(webhook_messages.add, (webhook_messages.new(NEW, WHK, 1, now=NOW), b"{}")),
    Query(webhook_messages.due, (WHK,), {"now": NOW}),
    Query(webhook_messages.record, (webhook_messages.AttemptRow(MSG, 1, NOW, 500, None, 80), {"tries": 1})),
    Query(webhook_messages.hurry, (an_id("whk", 7),), {"now": NOW - timedelta(days=61)}),
    Query(webhook_messages.get, (WHK, MSG)),
    Query(webhook_messages.attempts_of, (an_id("msg", 3),)),
    Query(webhook_messages.page, (WHK,), {"state": None, "before": None, "limit": 100}),
    Query(webhook_messages.page, (WHK,), {"state": MessageState.DEAD, "before": an_id("msg", 15_000), "limit": 100}),
    Query(webhook_messages.replay, (WHK, [an_id("msg", 3 * number) for number in range(300)]), {"now": NOW}),
    Query(
        webhook_messages.replay_since,
        (WHK, [MessageState.DEAD, MessageState.DELIVERED]),
        {"since": NOW - timedelta(days=600), "limit": 300, "now": NOW},
    ),
    Query(webhook_messages.sweep, (), {"before": NOW - MONTH, "limit": 300}),
    Query(webhooks.remove, (an_id("whk", 9),)),
    # Answers by the caller's key.
    Query(idempotency_keys.claim, (PRJ, "new"), only_on="postgresql"),
    Query(idempotency_keys.get, (PRJ, "key 5"), {"now": NOW}),
    Query(idempotency_keys.put, (idempotency_keys.Answered(PRJ, "key 5", b"f", 201, b"a", NOW),)),
    Query(idempotency_keys.sweep, (), {"now": NOW - MONTH, "limit": 300}),
    # The queue, with a hundred thousand waiting jobs.
    Query(jobs.add, ([_job(900_000 + number, f"key {number}") for number in range(50)],)),
    Query(jobs.free_expired, (), {"now": NOW + timedelta(seconds=20), "limit": 100}),
    Query(jobs.take, (), {"priority": BULK, "worker": "w", "limit": 20, "lease_until": NOW, "now": NOW}),
    # Only later work in this priority, thirty thousand of it.
    Query(jobs.take, (), {"priority": URGENT, "worker": "w", "limit": 20, "lease_until": NOW, "now": NOW}),
    Query(jobs.prolong, ([an_id("job", number) for number in range(40)],), {"worker": "w", "lease_until": NOW}),
    Query(jobs.remove, (an_id("job", 5),), {"worker": "w", "attempt": 0}),
    Query(jobs.put_off, (an_id("job", 5),), {"run_at": NOW}),
    Query(jobs.give_back, (an_id("job", 5),), {"worker": "w", "attempt": 0, "run_at": NOW, "error": ""}),
    Query(jobs.set_aside, (an_id("job", 5),), {"worker": "w", "attempt": 0, "error": ""}),
    Query(jobs.next_due, (PRIORITIES,)),
    Query(jobs.dead, (), {"limit": 50}),
    Query(jobs.sweep_dead, (), {"before": NOW, "limit": 500}),
    Query(audit.add, (audit.Entry(NEW, PRJ, "key", None, "key_made", None, None, NOW),)),
    Query(audit.page, (PRJ,), {"before": None, "limit": 100}),
    Query(audit.page, (PRJ,), {"before": an_id("aud", 9_000), "limit": 100}),
    Query(audit.page, (None,), {"before": an_id("aud", 9_000), "limit": 100}),
    Query(audit.sweep, (), {"before": NOW, "limit": 500}),
    Query(retention.sweep_deliveries, (), {"before": NOW - MONTH, "limit": 500, "now": NOW}),
    Query(retention.sweep_notifications, (), {"before": NOW - MONTH, "limit": 20}),
    Query(personal.deliveries_of, (PRO, [SUB]), {"after": None, "limit": 100}),
    Query(personal.deliveries_of, (an_id("pro", 5), []), {"after": SOME_DELIVERIES[7], "limit": 100}),
    Query(personal.erase_deliveries, (PRO, [SUB])),
    Query(personal.erase_subscriptions, ([SUB, MIDDLE],)),
    Query(personal.audiences, (PRJ,), {"after": "", "upto": "ntf_z", "limit": 50}),
    Query(personal.set_variables, (NTF, {})),
    Query(personal.rewrite, (NTF,), {"audience": {"kind": "everyone"}, "content": {"title": "Erased"}}),
    Query(imports.add, (imports.Import(NEW, PRJ, imports.ImportState.WAITING, None, {}, None, NOW, NOW),)),
    Query(imports.get, (PRJ, an_id("imp", 5))),
    Query(imports.last_of_head, (PRJ, endpoint_hash(5))),
    Query(imports.page, (PRJ,), {"before": None, "limit": 100}),
    Query(imports.page, (PRJ,), {"before": an_id("imp", 900), "limit": 100}),
    Query(imports.advance, (an_id("imp", 5), {"rows_read": 2}), {"rows_before": 1}),
    Query(imports.refuse, (an_id("imp", 5), [imports.RefusedRow(n, n, "conflict", "No.") for n in range(500)])),
    Query(imports.refused, (an_id("imp", 0),), {"after": 9_000, "limit": 100}),
    Query(moving.known, (PRJ, [endpoint_hash(number * 7) for number in range(500)])),
    Query(moving.add, ([_subscription()],)),
    Query(moving.change, ([{"id": SUB, "profile_id": PRO}],)),
    Query(moving.memberships_of, (SOME_SUBSCRIPTIONS,)),
    Query(moving.join, (PRJ, [(one, NEWS) for one in SOME_SUBSCRIPTIONS]), {"now": NOW}),
    Query(moving.ensure_profiles, ([_profile()],)),
    Query(moving.people, (PRJ, [f"person {number * 7}" for number in range(500)])),
    Query(moving.set_attributes, ([{"id": PRO, "attributes": {}}],), {"now": NOW}),
    Query(moving.providers_by_name, (PRJ,)),
    Query(moving.active, (PRJ,), {"after": "", "limit": 500}),
    Query(moving.active, (PRJ,), {"after": MIDDLE, "limit": 500}),
    Query(moving.is_key_used, (VAP,)),
    Query(held_devices.known, (PRJ, "ios", [endpoint_hash(number * 7) for number in range(500)])),
    Query(held_devices.add, ([_device()],)),
    Query(held_devices.page, (PRJ,), {"after": an_id("dev", 9_000), "limit": 500}),
    Query(held_devices.of_profile, (PRO,)),
    Query(held_devices.unbind, (PRO,)),
    Query(held_devices.erase, (PRO,)),
    Query(survey.server),
    Query(survey.due_jobs, (PRIORITIES,), {"now": NOW}),
    Query(survey.running_jobs, (), {"now": NOW}),
    Query(survey.dead_jobs),
    Query(survey.paused_keys, (), {"now": NOW}),
    Query(survey.lease_ends, ("lease 5",)),
    Query(leases.acquire, ("lease 5",), {"holder": "w", "until": NOW, "now": NOW}),
    Query(leases.release, ("lease 5",), {"holder": "w"}),
    Query(installation.get, ("fact 5",)),
    Query(installation.put, ("fact 5", "y")),
    Query(installation.settle, ("fact 5", "y")),
    *CAMPAIGN_QUERIES,
    *ENTRY_QUERIES,
    *PROMPT_QUERIES,
    *PEOPLE_QUERIES,
    *SEGMENT_QUERIES,
]
