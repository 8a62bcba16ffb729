"""`/v1/keys`: making, listing, rotating and revoking keys, and what they open."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.support.api import bearer

from heliograph.actions import keys
from heliograph.names import Scope
from heliograph.storage.tables import api_keys


async def _make(api, headers, **values):
    answer = await api.post("/v1/keys", headers=headers, json={"name": "Key", "scopes": ["read"]} | values)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def _opens(api, token):
    return (await api.get("/v1/notifications", headers=bearer(token))).status_code == 200


async def test_a_secret_key_is_shown_once(api, heliograph, alice):
    """The token is in the answer that made it; the store has its SHA-256, and no later answer has it."""
    made = await _make(api, alice.manage)
    assert await _opens(api, made["token"])
    told = await api.get(f"/v1/keys/{made['key']['id']}", headers=alice.manage)
    listed = await api.get("/v1/keys", headers=alice.manage)
    assert made["token"] not in told.text + listed.text
    async with heliograph.store.read() as tx:
        for row in await tx.execute(select(api_keys).where(api_keys.c.kind == "secret")):
            assert row.token is None
            assert row.hint == "hsk_" + row.hint[4:10]
            assert made["token"].encode() not in row.token_hash


async def test_a_publishable_key_stays_readable(api, alice):
    """It is printed in every page, so it may be looked up."""
    made = await _make(api, alice.manage, kind="publishable", scopes=[])
    told = (await api.get(f"/v1/keys/{made['key']['id']}", headers=alice.manage)).json()
    assert told["token"] == made["token"]
    assert made["token"].startswith("hpk_")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "x"}, "/scopes"),
        ({"name": "x", "scopes": []}, "/scopes"),
        ({"name": "x", "scopes": ["write"]}, "/scopes/0"),
        ({"name": "x", "kind": "publishable", "scopes": ["read"]}, "/scopes"),
        ({"name": "", "scopes": ["read"]}, "/name"),
        ({"name": " ", "scopes": ["read"]}, "/name"),
        ({"scopes": ["read"]}, "/name"),
        ({"name": "x", "scopes": ["read"], "expires_at": "2020-01-01T00:00:00Z"}, "/expires_at"),
        ({"name": "x", "scopes": ["read"], "expires_at": "9999-12-31T23:59:59-23:59"}, "/expires_at"),
        ({"name": "x", "scopes": ["read"], "expires_at": "0001-01-01T00:00:00+23:59"}, "/expires_at"),
        ({"name": "x", "kind": "other", "scopes": ["read"]}, "/kind"),
    ],
)
async def test_a_key_that_makes_no_sense_is_refused(api, alice, body, pointer):
    """A key needs a name, scopes if it is secret, and an end that is ahead."""
    answer = await api.post("/v1/keys", headers=alice.manage, json=body)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_key_ends_at_its_time(api, alice, clock):
    """A key with an end opens nothing from that instant on."""
    end = clock.now() + timedelta(hours=1)
    made = await _make(api, alice.manage, expires_at=end.isoformat())
    clock.advance(timedelta(minutes=59, seconds=59))
    assert await _opens(api, made["token"])
    clock.advance(timedelta(seconds=1))
    assert not await _opens(api, made["token"])


async def test_a_rotated_key_works_until_the_overlap_is_over(api, alice, clock):
    """Old and new key work side by side for a while, then the new one alone; it may do what the old one did."""
    old = await _make(api, alice.manage, scopes=["read", "send"])
    path = f"/v1/keys/{old['key']['id']}/rotate"
    new = (await api.post(path, headers=alice.manage, json={"overlap_seconds": 60})).json()
    assert new["key"]["scopes"] == ["read", "send"]
    assert await _opens(api, old["token"])
    assert await _opens(api, new["token"])
    told = (await api.get(f"/v1/keys/{old['key']['id']}", headers=alice.manage)).json()
    assert told["replaced_by_id"] == new["key"]["id"]
    again = await api.post(path, headers=alice.manage, json={})
    assert again.status_code == 409
    clock.advance(timedelta(seconds=60))
    assert not await _opens(api, old["token"])
    assert await _opens(api, new["token"])


async def test_a_rotation_without_overlap_ends_the_old_key_at_once(api, alice):
    """`overlap_seconds: 0` is for a key that leaked."""
    old = await _make(api, alice.manage)
    path = f"/v1/keys/{old['key']['id']}/rotate"
    new = (await api.post(path, headers=alice.manage, json={"overlap_seconds": 0})).json()
    assert not await _opens(api, old["token"])
    assert await _opens(api, new["token"])
    assert (await api.post(path, headers=alice.manage, json={})).status_code == 409


async def test_a_rotation_does_not_prolong_the_old_key(api, alice, clock):
    """A key that would have ended before the overlap ends as it would have; its successor lives as long as it did."""
    end = clock.now() + timedelta(minutes=10)
    old = await _make(api, alice.manage, expires_at=end.isoformat())
    clock.advance(timedelta(minutes=5))
    path = f"/v1/keys/{old['key']['id']}/rotate"
    new = (await api.post(path, headers=alice.manage, json={"overlap_seconds": 3600})).json()
    clock.advance(timedelta(minutes=5))
    assert not await _opens(api, old["token"])
    clock.advance(timedelta(minutes=4))
    assert await _opens(api, new["token"])


async def test_a_revoked_key_opens_nothing_and_stays_in_the_list(api, alice):
    """Revoking is at once, and twice does no harm."""
    made = await _make(api, alice.manage)
    for _ in range(2):
        assert (await api.delete(f"/v1/keys/{made['key']['id']}", headers=alice.manage)).status_code == 204
    assert not await _opens(api, made["token"])
    listed = (await api.get("/v1/keys", headers=alice.manage)).json()["items"]
    assert [key["revoked_at"] is not None for key in listed if key["id"] == made["key"]["id"]] == [True]


@pytest.mark.parametrize("scope", list(Scope))
async def test_scopes_open_what_they_say(api, alice, scope):
    """`manage` includes the others; `send` does not include `read`."""
    headers = alice.only(scope)
    body = {"audience": {"kind": "everyone"}, "content": {"title": "x"}}
    assert (await api.get("/v1/notifications", headers=headers)).is_success == (scope is not Scope.SEND)
    assert (await api.post("/v1/notifications", headers=headers, json=body)).is_success == (scope is not Scope.READ)
    assert (await api.get("/v1/keys", headers=headers)).is_success == (scope is Scope.MANAGE)


async def test_the_installations_keys_are_apart(api, operator, alice):
    """Without a project header an installation key manages the installation's keys, with one those of the project."""
    made = await _make(api, operator, scopes=["manage"])
    own = (await api.get("/v1/keys", headers=operator)).json()["items"]
    assert all(key["project_id"] is None for key in own)
    assert made["key"]["id"] in [key["id"] for key in own]
    named = operator | {"Heliograph-Project": alice.id}
    assert {key["project_id"] for key in (await api.get("/v1/keys", headers=named)).json()["items"]} == {alice.id}
    assert (await api.get(f"/v1/keys/{made['key']['id']}", headers=alice.manage)).status_code == 404
    refused = await api.post("/v1/keys", headers=operator, json={"name": "x", "kind": "publishable"})
    assert refused.status_code == 400


@pytest.mark.parametrize("named", ["prj_\0", "prj_unknown", "", "\u00e9"])
async def test_a_project_header_that_names_none(api, operator, named):
    """What is not the id of a project is as unknown as one that is, whatever letters it has."""
    headers = [*operator.items(), ("Heliograph-Project", named.encode("latin-1"))]
    assert (await api.get("/v1/keys", headers=headers)).status_code == 404


async def test_the_last_use_is_noted_now_and_then(api, heliograph, alice, clock):
    """The first use is noted at once, later ones when five minutes have passed: not one write per request."""

    async def noted():
        async with heliograph.store.read() as tx:
            query = select(api_keys.c.last_used_at).where(api_keys.c.id == alice.key_ids[Scope.READ])
            return (await tx.execute(query)).scalar_one()

    assert await noted() is None
    headers = alice.only(Scope.READ)
    await api.get("/v1/notifications", headers=headers)
    first = await noted()
    assert first == clock.now()
    clock.advance(timedelta(minutes=4))
    await api.get("/v1/notifications", headers=headers)
    assert await noted() == first
    clock.advance(timedelta(minutes=1))
    await api.get("/v1/notifications", headers=headers)
    assert await noted() == clock.now()


async def test_the_first_start_makes_keys_once(api, heliograph):
    """A new installation gets a key of its own and a first project; a second start makes nothing and shows nothing."""
    async with heliograph.store.begin() as tx:
        first = await keys.ensure_first(tx, heliograph.context())
    assert first is not None
    assert (await api.get("/v1/projects", headers=bearer(first.installation_key))).status_code == 200
    assert await _opens(api, first.secret_key)
    assert first.installation_key not in repr(first)
    async with heliograph.store.begin() as tx:
        assert await keys.ensure_first(tx, heliograph.context()) is None
