"""`/v1/notifications/{id}/why`: the story of one person or one subscription over HTTP."""

import re
from pathlib import Path

import pytest

from heliograph.actions.story_words import StoryCode
from heliograph.domain.delivery import DeliveryState, delivery_id
from heliograph.domain.outcome import OutcomeKind
from heliograph.storage import attempts
from heliograph.storage.attempts import AttemptRow
from heliograph.storage.tables import deliveries, profiles

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "why.md"


@pytest.fixture
async def notification_id(api, alice):
    """A notification of Alice's to everyone, not started."""
    body = {"audience": {"kind": "everyone"}, "content": {"title": "x"}}
    return (await api.post("/v1/notifications", headers=alice.manage, json=body)).json()["id"]


@pytest.fixture
async def delivery(heliograph, alice, notification_id):
    """A delivery of it that was accepted at the second attempt, to a subscription that is swept."""
    now = heliograph.clock.now()
    row = {
        "id": delivery_id(notification_id, "sub_1"),
        "project_id": alice.id,
        "notification_id": notification_id,
        "subscription_id": "sub_1",
        "state": DeliveryState.ACCEPTED,
        "attempts": 2,
        "status_code": 201,
        "service_message_id": "0:1234%abcd",
        "created_at": now,
        "updated_at": now,
    }
    async with heliograph.store.begin() as tx:
        await tx.execute(deliveries.insert(), [row])
        await attempts.add(
            tx,
            [
                AttemptRow(row["id"], 2, now, OutcomeKind.ACCEPTED, None, 201, 80),
                AttemptRow(row["id"], 1, now, OutcomeKind.TRY_LATER, "network_reset", None, 12),
            ],
        )
    return row["id"]


async def test_a_delivery_has_its_attempts_in_order(api, alice, delivery):
    """Asked for alone, a delivery tells each attempt, and what the push service calls the message that it took."""
    answer = await api.get(f"/v1/deliveries/{delivery}", headers=alice.only("read"))
    history = answer.json()["history"]
    assert [(one["number"], one["outcome"], one["status_code"], one["duration_ms"]) for one in history] == [
        (1, "try_later", None, 12),
        (2, "accepted", 201, 80),
    ]
    assert [one["service_message_id"] for one in history] == [None, "0:1234%abcd"]


async def test_a_subscriptions_story(api, alice, notification_id, delivery):
    """The sentences and the delivery with its attempts, for one subscription."""
    path = f"/v1/notifications/{notification_id}/why"
    answer = await api.get(path, headers=alice.only("read"), params={"subscription": "sub_1"})
    told = answer.json()
    assert [fact["code"] for fact in told["story"]] == ["scheduled", "audience_everyone"]
    (only,) = told["subscriptions"]
    assert [fact["code"] for fact in only["story"]] == ["chosen", "attempt", "attempt", "not_displayed"]
    assert [one["number"] for one in only["delivery"]["history"]] == [1, 2]
    assert [one["service_message_id"] for one in only["delivery"]["history"]] == [None, "0:1234%abcd"]
    assert only["story"][2]["sentence"].endswith("it took the message and calls it 0:1234%abcd.")


async def test_a_persons_story(api, alice, notification_id):
    """Somebody without a browser, and somebody who is not known at all."""
    path = f"/v1/notifications/{notification_id}/why"
    await api.post("/v1/profiles", headers=alice.manage, json={"external_id": "Åda/1"})
    told = (await api.get(path, headers=alice.manage, params={"profile": "Åda/1"})).json()
    assert (told["external_id"], told["story"][-1]["code"]) == ("Åda/1", "no_subscription")
    told = (await api.get(path, headers=alice.manage, params={"profile": "x" * 128})).json()
    assert told["story"][-1]["code"] == "profile_unknown"
    assert told["subscriptions"] == []


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"profile": "ada", "subscription": "sub_1"},
        {"profile": ""},
        {"subscription": ""},
        {"subscription": "x" * 41},
        {"profile": "x" * 5000},
        {"profile": "a\0"},
    ],
)
async def test_what_names_nobody_is_refused(api, alice, notification_id, query):
    """Neither, both, or something that can be nobody's: 400, with a pointer to the parameter."""
    answer = await api.get(f"/v1/notifications/{notification_id}/why", headers=alice.manage, params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["errors"][0]["pointer"] in ("query/profile", "query/subscription")


async def test_another_projects_story_is_not_told(api, alice, bob, notification_id, delivery):
    """Bob learns nothing of Alice's notification, nor of her subscription by way of a notification of his."""
    answer = await api.get(f"/v1/notifications/{notification_id}/why?subscription=sub_1", headers=bob.manage)
    assert answer.status_code == 404
    body = {"audience": {"kind": "everyone"}, "content": {"title": "x"}}
    his = (await api.post("/v1/notifications", headers=bob.manage, json=body)).json()["id"]
    told = (await api.get(f"/v1/notifications/{his}/why?subscription=sub_1", headers=bob.manage)).json()
    assert [fact["code"] for fact in told["subscriptions"][0]["story"]] == ["subscription_unknown"]


def test_every_code_is_documented():
    """The page has a line for each code, and none for others."""
    listed = re.findall(r"^\| `(\w+)` \| (?:all|person|subscription) \|", PAGE.read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(StoryCode)


async def test_a_visitor_is_asked_for_by_the_profile(api, alice, heliograph, notification_id):
    """Who has no external id is asked for by the profile's own, and another project's visitor is nobody."""
    now = heliograph.clock.now()
    person = heliograph.ids.new("pro")
    row = {"id": person, "project_id": alice.id, "attributes": {}, "created_at": now, "updated_at": now}
    async with heliograph.store.begin() as tx:
        await tx.execute(profiles.insert().values(row))
    path = f"/v1/notifications/{notification_id}/why?profile="
    codes = [fact["code"] for fact in (await api.get(path + person, headers=alice.manage)).json()["story"]]
    assert "profile_known" in codes
    unknown = heliograph.ids.new("pro")
    codes = [fact["code"] for fact in (await api.get(path + unknown, headers=alice.manage)).json()["story"]]
    assert "profile_unknown" in codes
