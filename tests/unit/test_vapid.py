"""RFC 8292: tokens that push services accept, and every fault that they refuse."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from py_vapid import Vapid02

from heliograph.protocols import base64url, vapid
from heliograph.protocols.vapid import VapidError, VapidFault

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AUDIENCE = "https://push.example.net"
KEY = vapid.generate_private_key()
RFC = json.loads((Path(__file__).parents[1] / "vectors" / "webpush.json").read_text())["rfc8292_2_4"]


def header(claims: dict[str, object], *, algorithm: str = "ES256", key: object = KEY, k: bytes | None = None) -> str:
    token = jwt.encode(claims, key, algorithm=algorithm)
    return f"vapid t={token}, k={base64url.encode(k or vapid.public_bytes(KEY))}"


def good(**changes: object) -> dict[str, object]:
    exp = int((NOW + timedelta(hours=12)).timestamp())
    return {"aud": AUDIENCE, "exp": exp, "sub": "mailto:a@shop.example.com"} | changes


def test_the_example_of_the_rfc_verifies():
    """The token printed in RFC 8292 section 2.4 is genuine."""
    token = vapid.verify(
        f"vapid t={RFC['t']}, k={RFC['k']}", audience=AUDIENCE, now=datetime.fromtimestamp(1453523768 - 3600, UTC)
    )

    assert token.subject == "mailto:push@example.com"


def test_what_we_sign_a_foreign_library_verifies():
    """PyJWT accepts our token with our public key."""
    value = vapid.sign(KEY, audience=AUDIENCE, subject="https://shop.example.com", expires_at=NOW + timedelta(hours=12))
    token = value.removeprefix("vapid t=").split(", k=")[0]

    claims = jwt.decode(token, KEY.public_key(), algorithms=["ES256"], audience=AUDIENCE, options={"verify_exp": False})

    assert claims["sub"] == "https://shop.example.com"
    assert isinstance(claims["exp"], int)


def test_what_py_vapid_signs_we_verify():
    """The library that most Python senders use is understood."""
    headers = Vapid02(KEY).sign(good())

    assert vapid.verify(headers["Authorization"], audience=AUDIENCE, now=NOW).public_key == vapid.public_bytes(KEY)


@pytest.mark.parametrize(
    ("authorization", "fault"),
    [
        (None, VapidFault.MISSING),
        ("", VapidFault.MISSING),
        ("Bearer x", VapidFault.MALFORMED),
        ("vapid t=x", VapidFault.MALFORMED),
        ("vapid k=x", VapidFault.MALFORMED),
        ("vapid t=a.b.c, k=AAAA", VapidFault.KEY),
        (header(good()).replace("t=", "t=x"), VapidFault.MALFORMED),
        (header(good()).rsplit(".", 1)[0] + ", k=" + base64url.encode(vapid.public_bytes(KEY)), VapidFault.MALFORMED),
        (header(good(), algorithm="HS256", key="k" * 32), VapidFault.ALGORITHM),
        (header(good(), key=vapid.generate_private_key()), VapidFault.SIGNATURE),
        (header(good(aud="https://other.example")), VapidFault.AUDIENCE),
        (header(good(aud=AUDIENCE + "/")), VapidFault.AUDIENCE),
        (header(good(exp=int(NOW.timestamp()))), VapidFault.EXPIRED),
        (header(good(exp=int(NOW.timestamp()) + 86_401)), VapidFault.TOO_LONG),
        (header(good(exp=1e300)), VapidFault.TOO_LONG),
        (header(good(sub=7)), VapidFault.SUBJECT),
    ],
)
def test_every_fault_is_told_apart(authorization: str | None, fault: VapidFault):
    """A push service can say what is wrong."""
    with pytest.raises(VapidError) as caught:
        vapid.verify(authorization, audience=AUDIENCE, now=NOW)

    assert caught.value.fault is fault


def test_an_expiry_in_quotes_is_refused():
    """Mozilla answers 401 to `"exp":"123"`, and so do we."""
    claims = base64url.encode(json.dumps(good(exp="1790000000")).encode())
    head = base64url.encode(b'{"typ":"JWT","alg":"ES256"}')

    r, s = decode_dss_signature(KEY.sign(f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256())))
    signature = base64url.encode(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    value = f"vapid t={head}.{claims}.{signature}, k={base64url.encode(vapid.public_bytes(KEY))}"

    with pytest.raises(VapidError, match="number"):
        vapid.verify(value, audience=AUDIENCE, now=NOW)


def test_a_private_key_survives_its_short_form():
    """32 bytes are enough to move a key between senders."""
    again = vapid.load_private_key(vapid.private_bytes(KEY))

    assert vapid.public_bytes(again) == vapid.public_bytes(KEY)


@pytest.mark.parametrize("raw", [b"", bytes(32), b"\xff" * 32, bytes(31), b"\x01" * 33])
def test_impossible_private_keys_are_refused(raw: bytes):
    """Zero, too large and too short are no keys."""
    with pytest.raises(ValueError, match=r"VAPID private key is 32 bytes|not a private key"):
        vapid.load_private_key(raw)


@pytest.mark.parametrize(
    "subject",
    [
        "mailto:push@shop.com",
        "https://shop.com",
        "https://shop.com/contact?x=1",
        "mailto:a.b+c@bücher.de",
        "https://a.co.",
    ],
)
def test_contacts_that_apple_takes(subject: str):
    """Real contacts pass unchanged."""
    assert vapid.check_subject(subject) == subject


@pytest.mark.parametrize(
    ("subject", "why"),
    [
        ("mailto:x@localhost", "Apple refuses"),
        ("mailto:x@push.localhost", "Apple refuses"),
        ("push@shop.com", "put mailto: in front"),
        ("mailto: push@shop.com", "without spaces"),
        ("mailto:Shop <push@shop.com>", "without spaces"),
        ("mailto:shop.com", "mailto:name@"),
        ("mailto:@shop.com", "mailto:name@"),
        ("mailto:a@", "Apple refuses"),
        ("mailto:a@shop", "Apple refuses"),
        ("mailto:a@127.0.0.1", "IP address"),
        ("https://127.0.0.1/", "IP address"),
        ("https://[::1]/", "IP address"),
        ("https://localhost:8080", "Apple refuses"),
        ("https://u@shop.com", "user name"),
        ("https://", "Apple refuses"),
        ("http://shop.com", "must begin with"),
        ("tel:+4930123456", "must begin with"),
        ("", "must begin with"),
        ("https://shop..com", "not a domain name"),
        ("https://-shop.com", "not a domain name"),
        ("https://[", "not a valid"),
    ],
)
def test_contacts_that_apple_refuses_are_refused_when_set(subject: str, why: str):
    """The operator learns of it before thousands of pushes fail."""
    with pytest.raises(ValueError, match=why):
        vapid.check_subject(subject)
