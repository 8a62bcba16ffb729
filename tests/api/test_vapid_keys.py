"""`/v1/vapid-keys`: one active key, older ones that still sign, pauses."""

import pytest

from heliograph.protocols import base64url, vapid

_PATH = "/v1/vapid-keys"


async def _keys(api, tenant):
    return {key["id"]: key for key in (await api.get(_PATH, headers=tenant.manage)).json()["items"]}


async def test_a_new_key_retires_the_one_before(api, alice):
    """Pages get the new key; the one before is retiring, and there is never more than one active."""
    second = (await api.post(_PATH, headers=alice.manage, json={})).json()
    third = (await api.post(_PATH, headers=alice.manage, json={})).json()
    states = {key_id: key["state"] for key_id, key in (await _keys(api, alice)).items()}
    assert states == {alice.made.vapid_key.id: "retiring", second["id"]: "retiring", third["id"]: "active"}
    config = (await api.get("/v1/public/config", headers=alice.page)).json()
    assert config["application_server_key"] == third["public_key"]


async def test_a_key_can_be_taken_over_from_another_system(api, heliograph, alice):
    """A private key of 32 bytes becomes the active key; its public half is what the old system's pages used."""
    pair = vapid.generate_private_key()
    given = base64url.encode(vapid.private_bytes(pair))
    answer = await api.post(_PATH, headers=alice.manage, json={"private_key": given})
    assert answer.status_code == 201
    assert answer.json()["public_key"] == base64url.encode(vapid.public_bytes(pair))
    assert given not in answer.text
    again = await api.post(_PATH, headers=alice.manage, json={"private_key": given})
    assert again.status_code == 409


@pytest.mark.parametrize("given", ["x", "AAAA", "A" * 43, "_" * 43, "A" * 44, "A" * 86, "ü" * 43])
async def test_what_is_no_private_key_is_refused(api, alice, given):
    """Wrong lengths, zero, and numbers past the curve's order are 400, and the active key stays."""
    answer = await api.post(_PATH, headers=alice.manage, json={"private_key": given})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/private_key"
    assert [key["state"] for key in (await _keys(api, alice)).values()] == ["active"]


async def test_a_pause_has_an_end_and_a_reason(api, alice):
    """A paused key says until when and why; resuming lifts it."""
    path = f"{_PATH}/{alice.made.vapid_key.id}"
    pause = {"until": "2026-03-15T00:00:00Z", "reason": "contact is being changed"}
    paused = (await api.post(f"{path}/pause", headers=alice.manage, json=pause)).json()
    assert (paused["paused_until"], paused["pause_reason"]) == (pause["until"], pause["reason"])
    resumed = (await api.post(f"{path}/resume", headers=alice.manage)).json()
    assert (resumed["paused_until"], resumed["pause_reason"]) == (None, None)


@pytest.mark.parametrize("until", ["2020-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
async def test_a_pause_ends_within_reason(api, alice, until):
    """A pause that is over already, or that no calendar holds, is refused."""
    path = f"{_PATH}/{alice.made.vapid_key.id}/pause"
    answer = await api.post(path, headers=alice.manage, json={"until": until})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/until"


async def test_keys_are_retired_when_nobody_uses_them(api, alice, bob):
    """The active key never is, a retiring one once nobody uses it, another project's key is not there at all."""
    first = alice.made.vapid_key.id
    active = await api.post(f"{_PATH}/{first}/retire?force=true", headers=alice.manage)
    assert (active.status_code, active.json()["code"]) == (409, "conflict")
    await api.post(_PATH, headers=alice.manage, json={})
    waiting = (await _keys(api, alice))[first]
    assert (waiting["active_subscriptions"], waiting["active_subscriptions_exact"]) == (0, True)
    assert waiting["retiring_at"] is not None
    assert (await api.post(f"{_PATH}/{first}/retire", headers=bob.manage)).status_code == 404
    retired = (await api.post(f"{_PATH}/{first}/retire", headers=alice.manage)).json()
    assert (retired["state"], retired["retired_at"]) == ("retired", waiting["retiring_at"])
    assert (await api.post(f"{_PATH}/{first}/retire", headers=alice.manage)).json() == retired


async def test_a_retired_key_does_not_come_back(api, alice):
    """A private key that was retired, perhaps because it leaked, is not taken over again."""
    given = base64url.encode(vapid.private_bytes(vapid.generate_private_key()))
    made = (await api.post(_PATH, headers=alice.manage, json={"private_key": given})).json()
    await api.post(_PATH, headers=alice.manage, json={})
    await api.post(f"{_PATH}/{made['id']}/retire", headers=alice.manage)
    assert (await api.post(_PATH, headers=alice.manage, json={"private_key": given})).status_code == 409
