"""What people may ask for: everything known of them, and that it be deleted."""

import json
from datetime import UTC, datetime

import httpx
import pytest
from sqlalchemy import insert, update
from tests.support.api import Tenant
from tests.support.pages import Browser, Site, rows

from heliograph.actions import identity
from heliograph.bootstrap import Heliograph
from heliograph.storage import sql
from heliograph.storage.tables import deliveries, memberships, notifications, profiles, receipts, subscriptions

AT = datetime(2026, 3, 1, tzinfo=UTC)


async def _person(heliograph: Heliograph, api: httpx.AsyncClient, tenant: Tenant, name: str) -> tuple[str, list[str]]:
    """A person with two browsers, of which one is logged out again, and three deliveries with receipts."""
    site = Site(tenant.made, api, tenant.made.project.origins[0])
    ids = []
    for number in range(2):
        answer = await site.register(Browser.new(f"{name}{number}"), groups=[{"name": "news"}])
        ids.append(answer.id)
    async with heliograph.store.begin() as tx:
        for sub_id in ids:
            await identity.bind(
                tx, heliograph.context(), project_id=tenant.id, subscription_id=sub_id, external_id=name
            )
    known = (await api.get("/v1/profiles", headers=tenant.manage, params={"external_id": name})).json()
    person_id = known["items"][0]["id"]
    common = {"project_id": tenant.id, "created_at": AT, "updated_at": AT, "attempts": 1, "state": "displayed"}
    notification = {
        "id": f"ntf_{name}", "project_id": tenant.id, "kind": "notification", "state": "done", "ttl_seconds": 60,
        "content": {"title": "x"}, "audience": {"kind": "everyone"}, "urgency": "normal",
        "created_at": AT, "send_at": AT, "expires_at": AT,
    }  # fmt: skip
    what = [(ids[0], person_id), (ids[1], None), ("sub_swept", person_id), ("sub_other", None)]
    async with heliograph.store.begin() as tx:
        await tx.execute(insert(notifications).values(notification))
        for number, (sub_id, profile_id) in enumerate(what):
            row = {"id": f"dlv_{name}{number}", "notification_id": f"ntf_{name}", "subscription_id": sub_id}
            await tx.execute(insert(deliveries).values(common | row | {"profile_id": profile_id}))
            seen = {"delivery_id": row["id"], "event": "displayed", "project_id": tenant.id, "at": AT}
            await tx.execute(insert(receipts).values(seen | {"received_at": AT}))
    return person_id, ids


async def test_an_export_holds_everything_and_no_secret(api: httpx.AsyncClient, heliograph: Heliograph, alice: Tenant):
    """Profile, subscriptions with groups, every delivery to the person or to their browsers; no address and no key."""
    person_id, ids = await _person(heliograph, api, alice, "ada")
    await _person(heliograph, api, alice, "grace")

    found = (await api.get(f"/v1/profiles/{person_id}/export", headers=alice.manage)).json()

    assert found["profile"]["external_id"] == "ada"
    assert [one["id"] for one in found["subscriptions"]] == sorted(ids)
    assert [one["groups"][0]["name"] for one in found["subscriptions"]] == ["news", "news"]
    assert [one["id"] for one in found["deliveries"]] == ["dlv_ada0", "dlv_ada1", "dlv_ada2"]
    told = json.dumps(found)
    assert "https://updates.push" not in told
    assert not {"endpoint", "p256dh", "auth", "secret"} & {name for one in found["subscriptions"] for name in one}


async def test_erasing_leaves_nothing_of_one_person_and_all_of_others(
    api: httpx.AsyncClient, heliograph: Heliograph, alice: Tenant
):
    """Subscriptions, memberships, deliveries and receipts go with the profile; the browser's secret opens nothing."""
    person_id, _ = await _person(heliograph, api, alice, "ada")
    _, others = await _person(heliograph, api, alice, "grace")

    gone = await api.delete(f"/v1/profiles/{person_id}", headers=alice.manage, params={"everything": "true"})

    assert gone.status_code == 204
    store = heliograph.store
    assert [row["external_id"] for row in await rows(store, profiles)] == ["grace"]
    assert [row["id"] for row in await rows(store, subscriptions)] == sorted(others)
    assert {row["subscription_id"] for row in await rows(store, memberships)} == set(others)
    left = {"dlv_ada3", "dlv_grace0", "dlv_grace1", "dlv_grace2", "dlv_grace3"}
    assert {row["id"] for row in await rows(store, deliveries)} == left
    assert {row["delivery_id"] for row in await rows(store, receipts)} == left
    log = (await api.get("/v1/audit", headers=alice.manage)).json()["items"]
    (erased,) = [entry for entry in log if entry["act"] == "profile_erased"]
    assert (erased["subject_id"], erased["details"]) == (person_id, {"subscriptions": 2, "deliveries": 3, "devices": 0})
    assert (await api.delete(f"/v1/profiles/{person_id}", headers=alice.manage)).status_code == 404


async def test_nobody_is_exported_or_erased_from_another_project(
    api: httpx.AsyncClient, heliograph: Heliograph, alice: Tenant, bob: Tenant
):
    """Another project's person is not found."""
    person_id, _ = await _person(heliograph, api, alice, "ada")
    assert (await api.get(f"/v1/profiles/{person_id}/export", headers=bob.manage)).status_code == 404
    erase = await api.delete(f"/v1/profiles/{person_id}", headers=bob.manage, params={"everything": "true"})
    assert erase.status_code == 404
    assert len(await rows(heliograph.store, profiles)) == 1


async def test_what_went_to_a_shared_browser_is_of_who_it_was_then(
    api: httpx.AsyncClient, heliograph: Heliograph, alice: Tenant
):
    """Who has the browser now is neither told what the last one was sent, nor takes that away by being erased."""
    person_id, ids = await _person(heliograph, api, alice, "ada")
    other_id, _ = await _person(heliograph, api, alice, "grace")
    async with heliograph.store.begin() as tx:
        moved = update(deliveries).where(deliveries.c.id == "dlv_grace0")
        await tx.execute(moved.values(subscription_id=ids[0]))

    async def told(of: str) -> list[str]:
        answer = await api.get(f"/v1/profiles/{of}/export", headers=alice.manage)
        return [one["id"] for one in answer.json()["deliveries"]]

    assert await told(person_id) == ["dlv_ada0", "dlv_ada1", "dlv_ada2"]
    await api.delete(f"/v1/profiles/{person_id}", headers=alice.manage, params={"everything": "true"})
    assert await told(other_id) == ["dlv_grace0", "dlv_grace1", "dlv_grace2"]


async def test_somebody_with_more_browsers_than_a_statement_takes(
    api: httpx.AsyncClient, heliograph: Heliograph, alice: Tenant, monkeypatch: pytest.MonkeyPatch
):
    """A shop that calls every visitor `guest` can export and erase that one too."""
    monkeypatch.setattr(sql, "MAX_PARAMETERS", 1)
    person_id, _ = await _person(heliograph, api, alice, "guest")
    found = (await api.get(f"/v1/profiles/{person_id}/export", headers=alice.manage)).json()
    assert [one["id"] for one in found["deliveries"]] == ["dlv_guest0", "dlv_guest1", "dlv_guest2"]
    gone = await api.delete(f"/v1/profiles/{person_id}", headers=alice.manage, params={"everything": "true"})
    assert gone.status_code == 204
    assert await rows(heliograph.store, subscriptions) == []
