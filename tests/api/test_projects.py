"""`/v1/projects`: making, changing and ending tenants."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from sqlalchemy import select

from heliograph.names import Scope
from heliograph.protocols import base64url, encryption
from heliograph.storage.tables import projects, vapid_keys

_NEW = {"name": "Shop", "origins": ["https://shop.example"], "vapid_subject": "mailto:push@example.com"}


def _pem(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


async def test_a_new_project_can_work_at_once(api, operator):
    """The keys of the answer open the project, and the VAPID key is a point that a page can subscribe with."""
    made = (await api.post("/v1/projects", headers=operator, json=_NEW)).json()
    encryption.check_public_key(base64url.decode(made["application_server_key"]))
    headers = {"Authorization": f"Bearer {made['secret_key']}"}
    told = (await api.get(f"/v1/projects/{made['project']['id']}", headers=headers)).json()
    assert told == made["project"]
    listed = (await api.get("/v1/vapid-keys", headers=headers)).json()["items"]
    assert [(key["id"], key["state"]) for key in listed] == [(made["vapid_key_id"], "active")]
    config = await api.get("/v1/public/config", headers={"Heliograph-Key": made["publishable_key"]})
    assert config.json()["application_server_key"] == made["application_server_key"]


async def test_what_is_secret_is_sealed_in_the_store(api, heliograph, operator):
    """Neither the private key nor the identity secret is in the database in clear."""
    made = (await api.post("/v1/projects", headers=operator, json=_NEW)).json()
    project_id = made["project"]["id"]
    answer = await api.post(f"/v1/projects/{project_id}/identity-secret", headers=operator)
    secret = base64url.decode(answer.json()["identity_secret"])
    async with heliograph.store.read() as tx:
        row = (await tx.execute(select(projects).where(projects.c.id == project_id))).one()
        key = (await tx.execute(select(vapid_keys).where(vapid_keys.c.project_id == project_id))).one()
    assert secret not in row.identity_secret
    assert heliograph.sealer.open(row.identity_secret, f"project/{project_id}/identity_secret") == secret
    private = heliograph.sealer.open(key.private_key, f"vapid_key/{key.id}")
    assert len(private) == 32
    assert private not in key.private_key


async def test_a_new_identity_secret_replaces_the_old(api, alice):
    """Each call gives another secret."""
    path = f"/v1/projects/{alice.id}/identity-secret"
    first, second = [(await api.post(path, headers=alice.manage)).json()["identity_secret"] for _ in range(2)]
    assert first != second
    assert len(base64url.decode(second)) == 32


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://Shop.Example", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("http://localhost:8971", "http://localhost:8971"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("http://[::1]:8971", "http://[::1]:8971"),
        ("http://shop.localhost", "http://shop.localhost"),
        ("https://10.0.0.1", "https://10.0.0.1"),
    ],
)
async def test_an_origin_is_kept_as_browsers_write_it(api, operator, given, kept):
    """Letter case and a default port make no difference; loopback may be plain http."""
    made = await api.post("/v1/projects", headers=operator, json=_NEW | {"origins": [given]})
    assert made.json()["project"]["origins"] == [kept]


@pytest.mark.parametrize(
    "origin",
    [
        "shop.example", "//shop.example", "http://shop.example", "ftp://shop.example", "https://", "https://:443",
        "https://shop.example/", "https://shop.example/path", "https://shop.example?x", "https://shop.example#x",
        "https://user@shop.example", "https://*.shop.example", "https://shop.example:99999", "https://shop.example:",
        "https://bücher.example", "https://shop .example", "https://shop.example\n", "null", "*", "https://[::1",
        "https://-x-.example..", "https://shop.example\\@evil.example", "javascript:alert(1)", "http://127.0.0.1.evil.example",
    ],
)  # fmt: skip
async def test_what_is_no_origin_is_refused(api, operator, origin):
    """An origin is scheme, host and port, and https but for localhost; the answer points at the one that is wrong."""
    body = _NEW | {"origins": ["https://good.example", origin]}
    answer = await api.post("/v1/projects", headers=operator, json=body)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/origins/1"]


@pytest.mark.parametrize("subject", ["mailto:x@localhost", "push@example.com", "https://localhost", "tel:+49", "x"])
async def test_a_contact_that_apple_refuses_is_refused_with_the_reason(api, heliograph, operator, subject):
    """A VAPID contact is checked when it is set, and nothing is stored."""
    answer = await api.post("/v1/projects", headers=operator, json=_NEW | {"vapid_subject": subject})
    assert answer.status_code == 422
    assert answer.json()["code"] == "contact_refused"
    assert answer.json()["errors"][0]["pointer"] == "/vapid_subject"
    async with heliograph.store.read() as tx:
        assert (await tx.execute(select(projects))).all() == []


async def test_a_change_leaves_the_rest_alone(api, alice):
    """Only what is given changes; null removes the identity key, and nothing changes nothing."""
    pem = _pem(ec.generate_private_key(ec.SECP256R1()))
    path = f"/v1/projects/{alice.id}"
    before = (await api.get(path, headers=alice.manage)).json()
    for change in ({"name": "New"}, {"plaintext_budget": 3993}, {"identity_public_key": pem}, {"origins": []}, {}):
        after = (await api.patch(path, headers=alice.manage, json=change)).json()
        assert after == before | change | {"updated_at": after["updated_at"]}
        before = after
    removed = (await api.patch(path, headers=alice.manage, json={"identity_public_key": None})).json()
    assert removed["identity_public_key"] is None
    assert removed["name"] == "New"


@pytest.mark.parametrize("budget", [199, 3994, -1, 2600.5, "2600", None])
async def test_the_budget_stays_within_what_a_push_message_holds(api, alice, budget):
    """A plaintext budget is 200 to 3993 bytes."""
    answer = await api.patch(f"/v1/projects/{alice.id}", headers=alice.manage, json={"plaintext_budget": budget})
    assert answer.status_code == 400


async def test_only_keys_that_verify_our_algorithms_are_taken(api, alice):
    """An identity key is P-256 or RSA of 2048 bits, and public."""
    path = f"/v1/projects/{alice.id}"
    private = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    wrong = [
        "no key",
        private.decode(),
        _pem(ec.generate_private_key(ec.SECP384R1())),
        _pem(rsa.generate_private_key(65537, 1024)),
        _pem(ed25519.Ed25519PrivateKey.generate()),
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    ]
    for pem in wrong:
        answer = await api.patch(path, headers=alice.manage, json={"identity_public_key": pem})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"] == "/identity_public_key"
    good = await api.patch(
        path, headers=alice.manage, json={"identity_public_key": _pem(rsa.generate_private_key(65537, 2048))}
    )
    assert good.status_code == 200


async def test_a_deleted_project_is_gone_for_everybody(api, operator, alice):
    """Its keys open nothing, pages are turned away, and the operator does not find it."""
    assert (await api.delete(f"/v1/projects/{alice.id}", headers=operator)).status_code == 204
    assert (await api.get("/v1/notifications", headers=alice.only(Scope.READ))).status_code == 401
    assert (await api.get("/v1/public/config", headers=alice.page)).status_code == 401
    assert (await api.get(f"/v1/projects/{alice.id}", headers=operator)).status_code == 404
    assert (await api.delete(f"/v1/projects/{alice.id}", headers=operator)).status_code == 404
    assert (await api.get("/v1/keys", headers=operator | {"Heliograph-Project": alice.id})).status_code == 404
    assert (await api.get("/v1/projects", headers=operator)).json()["items"] == []
