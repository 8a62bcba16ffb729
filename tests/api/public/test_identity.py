"""Binding a browser to a person by proof, and to nobody at logout."""

import asyncio
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.pages import Browser, Site, problem, row, rows

from heliograph.bootstrap import Heliograph
from heliograph.domain.identity import sign
from heliograph.kit.clock import FrozenClock
from heliograph.storage.tables import profiles, subscriptions


def _proof(site: Site, heliograph: Heliograph, external_id: str) -> dict[str, str]:
    project = site.project.project
    secret = heliograph.sealer.open(project.identity_secret, f"project/{project.id}/identity_secret")
    return {"external_id": external_id, "signature": sign(external_id, secret)}


async def _whose(heliograph: Heliograph, subscription_id: str) -> str | None:
    profile_id = (await row(heliograph.store, subscriptions, subscription_id))["profile_id"]
    return None if profile_id is None else (await row(heliograph.store, profiles, profile_id))["external_id"]


async def test_identifying_and_logging_out(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """On a shared browser the subscription is Ada's, then nobody's, then Grace's; both stay known."""
    made = await site.register(Browser.new("a"))
    path = f"/subscriptions/{made.id}/identity"
    for person in ("ada", "grace"):
        response = await site.call("POST", path, _proof(site, heliograph, person), secret=made.secret)
        assert (response.status_code, response.json()) == (200, {"identified": True})
        assert await _whose(heliograph, made.id) == person
        assert (await site.call("GET", f"/subscriptions/{made.id}", secret=made.secret)).json()["identified"] is True
        for _ in range(2):
            response = await site.call("DELETE", path, secret=made.secret)
            assert (response.status_code, response.content) == (204, b"")
            assert await _whose(heliograph, made.id) is None
        clock.advance(timedelta(minutes=1))
    known = {profile["external_id"]: profile["last_seen_at"] for profile in await rows(heliograph.store, profiles)}
    assert known["grace"] - known["ada"] == timedelta(minutes=1)


async def test_another_person_takes_the_place_of_the_first(site: Site, heliograph: Heliograph) -> None:
    """A new proof binds anew, even without a logout between."""
    made = await site.register(Browser.new("a"), identity=_proof(site, heliograph, "ada"))
    assert made.body["identified"] is True
    proof = _proof(site, heliograph, "grace")
    await site.call("POST", f"/subscriptions/{made.id}/identity", proof, secret=made.secret)
    assert await _whose(heliograph, made.id) == "grace"


async def test_one_person_with_several_browsers(site: Site, heliograph: Heliograph) -> None:
    """Several browsers of one person, all at once, give one profile."""
    proof = _proof(site, heliograph, "ada")
    await asyncio.gather(*(site.register(Browser.new(f"b{number}"), identity=proof) for number in range(10)))
    assert len(await rows(heliograph.store, profiles)) == 1
    bound = {kept["profile_id"] for kept in await rows(heliograph.store, subscriptions)}
    assert len(bound) == 1
    assert None not in bound


async def test_registering_again_keeps_the_person(site: Site, heliograph: Heliograph) -> None:
    """A refresh without a proof does not log anybody out."""
    browser = Browser.new("a")
    made = await site.register(browser, identity=_proof(site, heliograph, "ada"))
    assert (await site.register(browser)).body["identified"] is True
    again = await site.register(browser)
    await site.call("PUT", f"/subscriptions/{made.id}", Browser.new("b").body(site), secret=again.secret)
    assert await _whose(heliograph, made.id) == "ada"


async def test_unsubscribing_unbinds(site: Site, heliograph: Heliograph) -> None:
    """Who comes back with the same endpoint after leaving is nobody until proved."""
    browser = Browser.new("a")
    made = await site.register(browser, identity=_proof(site, heliograph, "ada"))
    await site.call("DELETE", f"/subscriptions/{made.id}", secret=made.secret)
    assert await _whose(heliograph, made.id) is None
    assert (await site.register(browser)).body["identified"] is False
    # An ended one is nobody's until it is back.
    other = await site.register(Browser.new("b"))
    await site.call("DELETE", f"/subscriptions/{other.id}", secret=other.secret)
    proof = _proof(site, heliograph, "ada")
    response = await site.call("POST", f"/subscriptions/{other.id}/identity", proof, secret=other.secret)
    problem(response, 409, "conflict")


async def test_forgeries_bind_nobody(site: Site, other_site: Site, heliograph: Heliograph) -> None:
    """Another person's signature, another project's, or none: refused, and no profile comes of it."""
    made = await site.register(Browser.new("a"))
    path = f"/subscriptions/{made.id}/identity"
    good = _proof(site, heliograph, "ada")
    forged = [
        good | {"external_id": "grace"},
        good | {"external_id": "Ada"},
        good | {"external_id": "ada "},
        good | {"signature": good["signature"][::-1]},
        good | {"signature": ""},
        _proof(other_site, heliograph, "ada"),
        {"token": "e30.e30."},
        {"token": good["signature"]},
    ]
    for proof in forged:
        problem(await site.call("POST", path, proof, secret=made.secret), 403, "identity_refused")
        body = Browser.new("b").body(site, identity=proof)
        problem(await site.call("POST", "/subscriptions", body), 403, "identity_refused")
    assert await rows(heliograph.store, profiles) == []
    assert len(await rows(heliograph.store, subscriptions)) == 1


NO_PROOFS: list[Any] = [
    {},
    {"external_id": "ada"},
    {"signature": "0" * 64},
    {"external_id": "ada", "token": "x"},
    {"external_id": "ada", "signature": "0" * 64, "token": "x"},
    {"external_id": None, "signature": None, "token": None},
    {"external_id": 42, "signature": "0" * 64},
    {"external_id": "ada", "signature": ["0"]},
    {"token": {}},
    {"user_id": "ada"},
    {"external_id": "ada", "signature": "0" * 64, "profile_id": "pro_x"},
    {"external_id": "a" * 257, "signature": "0" * 64},
    {"external_id": "ada", "signature": "0" * 101},
    {"token": "x" * 8193},
    "ada",
    [],
    None,
]


async def test_a_bare_id_is_no_proof(site: Site, heliograph: Heliograph) -> None:
    """Nothing but one whole proof is of the documented form; a user id alone never is."""
    made = await site.register(Browser.new("a"))
    path = f"/subscriptions/{made.id}/identity"
    for proof in NO_PROOFS:
        content = b"" if proof is None else None
        response = await site.call("POST", path, proof, secret=made.secret, content=content)
        problem(response, 400, "invalid_request")
        if proof is not None:
            body = Browser.new("b").body(site, identity=proof)
            document = problem(await site.call("POST", "/subscriptions", body), 400, "invalid_request")
            assert document["errors"][0]["pointer"].startswith("/identity")
    assert await rows(heliograph.store, profiles) == []


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
async def test_tokens(algorithm: str, site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """A project that stored a public key takes tokens signed with its private half, until they expire."""
    made = await site.register(Browser.new("a"))
    key: Any = (
        ec.generate_private_key(ec.SECP256R1()) if algorithm == "ES256" else rsa.generate_private_key(65537, 2048)
    )
    claims = {"sub": "ada", "exp": clock.now() + timedelta(minutes=5), "aud": site.project.project.id}
    token = {"token": jwt.encode(claims, key, algorithm)}
    path = f"/subscriptions/{made.id}/identity"
    refused = problem(await site.call("POST", path, token, secret=made.secret), 403, "identity_refused")
    assert "no public key" in refused["detail"]
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    url = f"/v1/projects/{site.project.project.id}"
    changed = await site.client.patch(url, json={"identity_public_key": pem}, headers=site.admin)
    assert changed.status_code == 200, changed.text
    assert (await site.call("POST", path, token, secret=made.secret)).status_code == 200
    assert await _whose(heliograph, made.id) == "ada"
    clock.advance(timedelta(minutes=6))
    refused = problem(await site.call("POST", path, token, secret=made.secret), 403, "identity_refused")
    assert "expired" in refused["detail"]


async def test_the_secret_is_needed_to_be_somebody(site: Site, heliograph: Heliograph) -> None:
    """Ada's own proof does not let her page bind or unbind another's browser."""
    mine, theirs = await site.register(Browser.new("a")), await site.register(Browser.new("b"))
    path = f"/subscriptions/{theirs.id}/identity"
    for secret in (None, mine.secret, site.key):
        proof = _proof(site, heliograph, "ada")
        problem(await site.call("POST", path, proof, secret=secret), 401, "unauthorized")
        problem(await site.call("DELETE", path, secret=secret), 401, "unauthorized")
    assert await rows(heliograph.store, profiles) == []
