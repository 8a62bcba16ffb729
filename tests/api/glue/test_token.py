"""`POST /token`: both forms, the end of tokens, and what strangers send."""

import json
from datetime import timedelta

from tests.api.glue.conftest import PROVIDERS, Glue, codes, make_account
from tests.support.api import Tenant

from heliograph.actions import accounts, projects
from heliograph.kit.clock import FrozenClock


def _form(glue: Glue, **changes: str) -> dict[str, str]:
    return {"grant_type": "password", "username": glue.made.account.name, "password": glue.made.password} | changes


async def test_a_password_for_a_token(glue: Glue, clock: FrozenClock) -> None:
    """The token opens the account's project for eight hours."""
    response = await glue.client.post("/token", data=_form(glue))
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    answered = response.json()
    assert (answered["token_type"], answered["expires_in"]) == ("Bearer", 28_800)
    clock.advance(timedelta(seconds=28_799))
    assert (await glue.call("GET", PROVIDERS, token=answered["access_token"])).status_code == 200
    clock.advance(timedelta(seconds=1))
    assert codes(await glue.call("GET", PROVIDERS, token=answered["access_token"])) == ["001"]


async def test_the_older_form(glue: Glue) -> None:
    """JSON with `grantType` is answered with a list of one."""
    older = {"grantType": "password", "username": glue.made.account.name, "password": glue.made.password}
    for body in (older, {"data": {"type": "token", "attributes": older}}, _form(glue)):
        response = await glue.client.post("/token", json=body)
        assert response.status_code == 200, response.text
        (answered,) = response.json()
        assert (await glue.call("GET", PROVIDERS, token=answered["access_token"])).status_code == 200


async def test_wrong_credentials(glue: Glue) -> None:
    """A wrong name and a wrong password look the same; OAuth's own members are there, too."""
    odd = [
        {"password": "wrong"},
        {"username": "nobody"},
        {"username": "a\0b"},
        {"username": "x" * 5000},
        {"password": ""},
        {"password": "x" * 5000},
        {"password": "\0"},
        {"username": ""},
    ]
    answers = set()
    for changes in odd:
        response = await glue.client.post("/token", data=_form(glue, **changes))
        assert codes(response) == ["invalid_grant"]
        assert response.json()["error"] == "invalid_grant"
        answers.add(response.text)
    assert len(answers) == 1


async def test_odd_requests(glue: Glue) -> None:
    """Missing members, other grants, other types and broken bodies are refused, never a fault."""
    kinds = {
        "application/x-www-form-urlencoded": [
            b"",
            b"x",
            b"grant_type=password",
            b"grant_type=password&username=a",
            b"\xff\xfe",
            b"&".join(b"a=%d" % number for number in range(100)),
            b"grant_type=password&username=%ff&password=%00%ff",
        ],
        "application/json": [
            b"",
            b"[]",
            b"1",
            b"null",
            b"{",
            b'{"grantType":"password","username":5,"password":[]}',
            b'{"grantType":["password"],"username":"a","password":"b"}',
            b'{"grantType":"password","username":"\\ud800","password":"b"}',
            b"[" * 100_000,
        ],
    }
    for kind, bodies in kinds.items():
        for body in bodies:
            response = await glue.client.post("/token", content=body, headers={"Content-Type": kind})
            assert response.status_code == 400, (kind, body[:80], response.text)
            assert codes(response)[0] in {"invalid_request", "invalid_grant", "unsupported_grant_type"}
    large = await glue.client.post("/token", content=b"x" * 300_000, headers={"Content-Type": "application/json"})
    assert large.status_code == 413
    text = await glue.client.post("/token", content=b"x", headers={"Content-Type": "text/plain"})
    assert (text.status_code, codes(text)) == (415, ["unsupported_media_type"])
    assert codes(await glue.client.get("/token")) == ["008"]


async def test_a_revoked_account_opens_nothing(glue: Glue) -> None:
    """Neither its password nor the tokens that it has."""
    async with glue.heliograph.store.begin() as tx:
        ctx = glue.heliograph.context()
        await accounts.revoke(tx, ctx, project_id=glue.tenant.id, wanted=glue.made.account.name)
    assert codes(await glue.client.post("/token", data=_form(glue))) == ["invalid_grant"]
    assert codes(await glue.call("GET", PROVIDERS)) == ["001"]


async def test_another_password_ends_tokens(glue: Glue) -> None:
    """Whoever had the old one is out at once; the new one opens the account."""
    old = glue.token
    async with glue.heliograph.store.begin() as tx:
        ctx, name = glue.heliograph.context(), glue.made.account.name
        changed = await accounts.change_password(tx, ctx, project_id=glue.tenant.id, wanted=name)
    assert codes(await glue.call("GET", PROVIDERS, token=old)) == ["001"]
    assert codes(await glue.client.post("/token", data=_form(glue))) == ["invalid_grant"]
    answered = (await glue.client.post("/token", data=_form(glue, password=changed.password))).json()
    assert (await glue.call("GET", PROVIDERS, token=answered["access_token"])).status_code == 200


async def test_a_deleted_project_opens_nothing(glue: Glue) -> None:
    """Its accounts are forgotten with it."""
    async with glue.heliograph.store.begin() as tx:
        await projects.remove(tx, glue.heliograph.context(), project_id=glue.tenant.id)
    assert codes(await glue.client.post("/token", data=_form(glue))) == ["invalid_grant"]
    assert codes(await glue.call("GET", PROVIDERS)) == ["001"]


async def test_odd_tokens(glue: Glue, bob: Tenant) -> None:
    """Other kinds of keys, damaged tokens and other schemes are 401, whatever is asked."""
    good = glue.token
    flipped = good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1]
    for token in ("x", "hat_", flipped, "hat_" + "A" * 5000, bob.tokens["manage"]):
        response = await glue.call("GET", PROVIDERS, token=token)
        assert (response.status_code, codes(response)) == (401, ["001"]), token
        assert response.headers["www-authenticate"] == "Bearer"
    for header in ("", "Bearer", "Bearer ", "Basic abc", glue.token):
        response = await glue.client.get(PROVIDERS, headers={"Authorization": header})
        assert (response.status_code, codes(response)) == (401, ["002"]), header
    v1 = await glue.client.get("/v1/providers", headers={"Authorization": f"Bearer {glue.token}"})
    assert v1.status_code == 401


async def test_names_are_the_installations(glue: Glue, bob: Tenant) -> None:
    """A token request names no project, so no two accounts share a name."""
    made = await make_account(glue.heliograph, bob, "second")
    assert made.account.name == "second"
    response = await glue.client.post("/token", data=_form(glue, username="second", password=made.password))
    token = response.json()["access_token"]
    listed = (await glue.call("GET", PROVIDERS, token=token)).json()["data"]
    assert len(listed) == 2
    assert json.dumps(listed) != (await glue.call("GET", PROVIDERS)).text
