"""`/v1/deliveries`: what came of each single one."""

import pytest
from tests.support.operations import row_counts

from heliograph.domain.delivery import DeliveryState, delivery_id
from heliograph.storage.tables import deliveries


@pytest.fixture
async def sent(api, heliograph, alice):
    """A notification of Alice's with seven deliveries: the odd ones accepted, the others gone."""
    body = {"audience": {"kind": "everyone"}, "content": {"title": "x"}}
    made = (await api.post("/v1/notifications", headers=alice.manage, json=body)).json()
    now = heliograph.clock.now()
    rows = [
        {
            "id": delivery_id(made["id"], f"sub_{number}"),
            "project_id": alice.id,
            "notification_id": made["id"],
            "subscription_id": f"sub_{number}",
            "state": DeliveryState.ACCEPTED if number % 2 else DeliveryState.GONE,
            "reason": None if number % 2 else "unsubscribed",
            "attempts": 1,
            "status_code": 201 if number % 2 else 410,
            "service_message_id": "0:1234%abcd",
            "created_at": now,
            "updated_at": now,
        }
        for number in range(7)
    ]
    async with heliograph.store.begin() as tx:
        await tx.execute(deliveries.insert(), rows)
    return made["id"], rows


async def _all(api, headers, path, **query):
    found, cursor = [], None
    while True:
        page = (await api.get(path, headers=headers, params=query | ({"cursor": cursor} if cursor else {}))).json()
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            return found


async def test_a_notifications_deliveries_come_in_pages(api, alice, sent):
    """Pages of two give each delivery once; `state` keeps those in that state."""
    notification_id, rows = sent
    path = f"/v1/notifications/{notification_id}/deliveries"
    found = await _all(api, alice.manage, path, limit=2)
    assert sorted(item["id"] for item in found) == sorted(row["id"] for row in rows)
    gone = await _all(api, alice.manage, path, limit=2, state="gone")
    assert {item["subscription_id"] for item in gone} == {"sub_0", "sub_2", "sub_4", "sub_6"}
    assert {(item["reason"], item["status_code"]) for item in gone} == {("unsubscribed", 410)}


async def test_a_cursor_belongs_to_its_listing(api, alice, sent):
    """A cursor given to another listing, or to the same with another filter, is refused."""
    notification_id, _ = sent
    path = f"/v1/notifications/{notification_id}/deliveries"
    cursor = (await api.get(path, headers=alice.manage, params={"limit": 1})).json()["next"]
    for other, query in (
        (path, {"state": "gone"}),
        ("/v1/notifications", {}),
        ("/v1/deliveries", {"subscription_id": "x"}),
    ):
        answer = await api.get(other, headers=alice.manage, params=query | {"cursor": cursor})
        assert answer.status_code == 400, other


async def test_one_delivery_and_a_subscriptions_deliveries(api, alice, sent):
    """A delivery is found by its identifier and by its subscription; the push service's name is an attempt's."""
    _, rows = sent
    one = await api.get(f"/v1/deliveries/{rows[3]['id']}", headers=alice.manage)
    assert one.json()["state"] == "accepted"
    assert "0:1234%abcd" not in one.text
    (listed,) = await _all(api, alice.manage, "/v1/deliveries", subscription_id="sub_3")
    assert listed | {"history": []} == one.json()


async def test_another_projects_deliveries_are_not_found(api, heliograph, bob, sent):
    """Bob sees nothing of Alice's deliveries by any of the ways to ask."""
    notification_id, rows = sent
    before = await row_counts(heliograph)
    assert (await api.get(f"/v1/deliveries/{rows[0]['id']}", headers=bob.manage)).status_code == 404
    assert await _all(api, bob.manage, "/v1/deliveries", subscription_id="sub_3") == []
    path = f"/v1/notifications/{notification_id}/deliveries"
    assert (await api.get(path, headers=bob.manage)).status_code == 404
    assert (await api.post(f"/v1/notifications/{notification_id}/cancel", headers=bob.manage)).status_code == 404
    assert await row_counts(heliograph) == before
