"""The log of administrative acts: complete, in the act's own transaction, and without a secret."""

import json
from datetime import timedelta

import httpx
from tests.support.api import Tenant
from tests.support.pages import rows

from heliograph.actions import audit
from heliograph.bootstrap import Heliograph
from heliograph.errors import Conflict
from heliograph.kit.clock import FrozenClock
from heliograph.names import Act, Scope
from heliograph.storage.tables import audit_log


async def _acts(heliograph: Heliograph) -> list[str]:
    return [row["act"] for row in await rows(heliograph.store, audit_log)]


async def test_what_an_operator_does_is_written_down_without_secrets(
    api: httpx.AsyncClient, heliograph: Heliograph, operator: dict[str, str], clock: FrozenClock
):
    """Who, what, when and under which request; no token, key or contact stands in the log."""

    async def tick(_request: httpx.Request) -> None:
        clock.advance(timedelta(milliseconds=1))

    api.event_hooks["request"].append(tick)
    made = (
        await api.post(
            "/v1/projects",
            headers=operator,
            json={"name": "Lamps", "origins": ["https://lamps.example"], "vapid_subject": "mailto:push@example.com"},
        )
    ).json()
    there = operator | {"Heliograph-Project": made["project"]["id"]}
    secrets = [made["secret_key"], made["publishable_key"]]

    key = (await api.post("/v1/keys", headers=there, json={"name": "Server", "scopes": ["send"]})).json()
    rotated = (await api.post(f"/v1/keys/{key['key']['id']}/rotate", headers=there, json={})).json()
    secrets += [key["token"], rotated["token"]]
    await api.delete(f"/v1/keys/{rotated['key']['id']}", headers=there)
    vapid = (await api.post("/v1/vapid-keys", headers=there, json={})).json()
    pause = {"until": "2099-01-01T00:00:00Z", "reason": "moving"}
    await api.post(f"/v1/vapid-keys/{vapid['id']}/pause", headers=there, json=pause)
    await api.post(f"/v1/vapid-keys/{vapid['id']}/resume", headers=there)
    provider = (await api.post("/v1/providers", headers=there, json={"name": "second"})).json()
    await api.patch(f"/v1/providers/{provider['id']}", headers=there, json={"is_enabled": False})
    await api.delete(f"/v1/providers/{provider['id']}", headers=there)
    group = (await api.post("/v1/groups", headers=there, json={"name": "news"})).json()
    await api.delete(f"/v1/groups/{group['id']}", headers=there)
    person = (await api.post("/v1/profiles", headers=there, json={"external_id": "ada"})).json()
    await api.get(f"/v1/profiles/{person['id']}/export", headers=there)
    await api.delete(f"/v1/profiles/{person['id']}", headers=there)
    await api.patch(f"/v1/projects/{made['project']['id']}", headers=operator, json={"name": "Lanterns"})
    last = await api.delete(f"/v1/projects/{made['project']['id']}", headers=operator)

    log = [row for row in await rows(heliograph.store, audit_log) if row["actor_kind"] == "key"]
    assert {row["act"] for row in log[:3]} == {Act.PROJECT_MADE, Act.VAPID_KEY_MADE, Act.PROVIDER_MADE}
    assert [row["act"] for row in log[3:]] == [
        Act.KEY_MADE, Act.KEY_ROTATED, Act.KEY_REVOKED, Act.VAPID_KEY_MADE,
        Act.VAPID_KEY_PAUSED, Act.VAPID_KEY_RESUMED, Act.PROVIDER_MADE, Act.PROVIDER_CHANGED, Act.PROVIDER_REMOVED,
        Act.GROUP_REMOVED, Act.PROFILE_EXPORTED, Act.PROFILE_REMOVED, Act.PROJECT_CHANGED, Act.PROJECT_REMOVED,
    ]  # fmt: skip
    assert {row["project_id"] for row in log} == {made["project"]["id"]}
    assert log[-1]["request_id"] == last.headers["x-request-id"]
    assert len({row["actor_id"] for row in log}) == 1
    told = json.dumps([{**row, "at": None} for row in log])
    assert [secret for secret in secrets if str(secret) in told] == []
    assert "hsk_" not in told
    assert "mailto:" not in told


async def test_what_fails_is_not_in_the_log(api: httpx.AsyncClient, heliograph: Heliograph, alice: Tenant):
    """The line is written in the transaction of the act, and goes with it."""
    before = await _acts(heliograph)
    only = alice.made.provider.id
    assert (await api.delete(f"/v1/providers/{only}", headers=alice.manage)).status_code == Conflict.status
    async with heliograph.store.begin() as tx:
        await audit.note(tx, heliograph.context(), Act.KEY_MADE, project_id=alice.id)
        await tx.rollback()
    assert await _acts(heliograph) == before


async def test_the_log_is_read_by_pages_and_by_its_own_project(
    api: httpx.AsyncClient, alice: Tenant, bob: Tenant, operator: dict[str, str], clock: FrozenClock
):
    """Newest first; a project sees its own acts, the installation all; only manage may look."""
    for number in range(5):
        clock.advance(timedelta(milliseconds=1))
        await api.post("/v1/keys", headers=alice.manage, json={"name": f"k{number}", "scopes": ["read"]})
    seen: list[str] = []
    cursor = None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/v1/audit", headers=alice.manage, params=query)).json()
        assert {entry["project_id"] for entry in page["items"]} == {alice.id}
        seen += [entry["details"].get("name") for entry in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen[:5] == ["k4", "k3", "k2", "k1", "k0"]
    everything = (await api.get("/v1/audit", headers=operator, params={"limit": 200})).json()["items"]
    assert {entry["project_id"] for entry in everything} >= {alice.id, bob.id}
    for scope in (Scope.READ, Scope.SEND):
        assert (await api.get("/v1/audit", headers=alice.only(scope))).status_code == 403
