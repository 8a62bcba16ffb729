"""Proofs of identity: HMAC signatures and tokens, genuine and forged."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from heliograph.domain.identity import IdentityError, IdentityKeys, IdentityToken, SignedId, sign, verify
from heliograph.protocols import base64url

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
SECRET = bytes(range(32))
SHOWN = base64url.encode(SECRET)
PROJECT = "prj_01k2p7wq8e4vz9x3m5n6r7s8t0"
EC_KEY = ec.derive_private_key(4711, ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)


def _pem(key: Any) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


EC_KEYS = IdentityKeys(PROJECT, SECRET, _pem(EC_KEY))
RSA_KEYS = IdentityKeys(PROJECT, SECRET, _pem(RSA_KEY))


def _claims(**changes: Any) -> dict[str, Any]:
    claims = {"sub": "ada", "exp": int((NOW + timedelta(hours=1)).timestamp())} | changes
    return {name: value for name, value in claims.items() if value is not None}


def _token(claims: dict[str, Any], key: Any = EC_KEY, algorithm: str = "ES256", **header: Any) -> IdentityToken:
    # Not PyJWT's own encoder of claims, which would refuse what a forger would not.
    return IdentityToken(jwt.api_jws.encode(json.dumps(claims).encode(), key, algorithm, headers=header or None))


def _unsigned(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> IdentityToken:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return IdentityToken(".".join(base64url.encode(part) for part in parts))


@pytest.mark.parametrize("external_id", ["ada", "42", "größe@shop.example", "a" * 256, "a b/c"])
def test_signature_in_every_spelling(external_id: str) -> None:
    """The signature counts as hex in either case and as base64url, made with the secret as it is shown or decoded."""
    for key in (SHOWN.encode(), SECRET):
        digest = hmac.digest(key, external_id.encode(), "sha256")
        for text in (digest.hex(), digest.hex().upper(), base64url.encode(digest), base64url.encode(digest) + "="):
            assert verify(SignedId(external_id, text), EC_KEYS, now=NOW) == external_id
    assert verify(SignedId(external_id, sign(external_id, SECRET)), EC_KEYS, now=NOW) == external_id


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "0" * 64,
        hashlib.sha256(b"ada").hexdigest(),
        hmac.digest(SHOWN.encode(), b"eve", "sha256").hex(),
        hmac.digest(b"", b"ada", "sha256").hex(),
        hmac.digest(SHOWN.encode(), b"ada", "sha1").hex(),
        hmac.digest(SHOWN.encode(), b"ada", "sha256").hex()[:-2],
        hmac.digest(SHOWN.encode(), b"ada", "sha256").hex() + "00",
        " " + hmac.digest(SHOWN.encode(), b"ada", "sha256").hex(),
        "\u0661" * 64,
        "not base64!",
    ],
)
def test_forged_signatures_are_refused(signature: str) -> None:
    """A signature of something else, by something else, or cut short proves nothing."""
    with pytest.raises(IdentityError, match="does not fit"):
        verify(SignedId("ada", signature), EC_KEYS, now=NOW)


@given(st.text(max_size=80), st.text(max_size=120))
def test_any_text_is_answered(external_id: str, signature: str) -> None:
    """Whatever is sent as a signature is refused in one sentence that does not repeat it."""
    with pytest.raises(IdentityError):
        verify(SignedId(external_id, signature), EC_KEYS, now=NOW)


@pytest.mark.parametrize("external_id", ["", "a\x00b", "a\nb", "a" * 257, "\u202e"])
def test_external_ids_are_printable(external_id: str) -> None:
    """A well-signed external id still has to be one."""
    digest = hmac.digest(SHOWN.encode(), external_id.encode(), "sha256").hex()
    with pytest.raises(IdentityError):
        verify(SignedId(external_id, digest), EC_KEYS, now=NOW)


def test_tokens_of_both_kinds() -> None:
    """A token is checked with the algorithm of the stored key."""
    assert verify(_token(_claims()), EC_KEYS, now=NOW) == "ada"
    assert verify(_token(_claims(), RSA_KEY, "RS256"), RSA_KEYS, now=NOW) == "ada"


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": PROJECT},
        {"aud": ["somebody", PROJECT]},
        {"iat": 0},
        {"iat": "yesterday"},
        {"iss": 7},
        {"nbf": int((NOW + timedelta(seconds=50)).timestamp())},
        {"exp": int((NOW - timedelta(seconds=50)).timestamp())},
        {"exp": (NOW + timedelta(hours=24, seconds=50)).timestamp()},
    ],
)
def test_claims_that_are_taken(changes: dict[str, Any]) -> None:
    """Our own audience, other people's claims, and clocks that are up to a minute apart are no reason to refuse."""
    assert verify(_token(_claims(**changes)), EC_KEYS, now=NOW) == "ada"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": None}, "exp must be a number"),
        ({"exp": "1800000000"}, "exp must be a number"),
        ({"exp": True}, "exp must be a number"),
        ({"exp": int((NOW - timedelta(seconds=61)).timestamp())}, "expired"),
        ({"exp": 0}, "expired"),
        ({"exp": -(10**30)}, "no instant"),
        ({"exp": float("nan")}, "no instant"),
        ({"exp": 1e300}, "no instant"),
        ({"exp": int((NOW + timedelta(hours=24, seconds=62)).timestamp())}, "24 hours"),
        ({"nbf": int((NOW + timedelta(seconds=62)).timestamp())}, "nbf"),
        ({"nbf": "soon"}, "nbf must be a number"),
        ({"aud": "prj_another"}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": 7}, "aud"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": 42}, "sub"),
        ({"sub": ["ada"]}, "sub"),
        ({"sub": "a\x00"}, "sub"),
        ({"sub": "a" * 257}, "sub"),
    ],
)
def test_claims_that_are_refused(changes: dict[str, Any], reason: str) -> None:
    """A token without an end, with a far one, for somebody else or about nobody is refused, and the reason is told."""
    with pytest.raises(IdentityError, match=reason):
        verify(_token(_claims(**changes)), EC_KEYS, now=NOW)


def test_token_never_chooses_its_algorithm() -> None:
    """Neither `none`, nor HMAC with the public key as secret, nor another key's algorithm is accepted."""
    public = _pem(EC_KEY)
    header = {"typ": "JWT", "alg": "HS256"}
    signed = ".".join(base64url.encode(json.dumps(part).encode()) for part in (header, _claims()))
    confused = IdentityToken(f"{signed}.{base64url.encode(hmac.digest(public.encode(), signed.encode(), 'sha256'))}")
    forged = [
        confused,
        _unsigned({"alg": "none"}, _claims()),
        _unsigned({"alg": "None"}, _claims(), b"x"),
        _unsigned({"alg": "ES256"}, _claims()),
        _unsigned({"alg": "ES256"}, _claims(), bytes(64)),
        _unsigned({}, _claims(), bytes(64)),
        _token(_claims(), RSA_KEY, "RS256"),
        _token(_claims(), ec.derive_private_key(815, ec.SECP256R1())),
        _unsigned({"alg": "ES256", "jwk": {}}, _claims()),
    ]
    for token in forged:
        with pytest.raises(IdentityError, match="not signed with ES256"):
            verify(token, EC_KEYS, now=NOW)
    with pytest.raises(IdentityError, match="not signed with RS256"):
        verify(_token(_claims()), RSA_KEYS, now=NOW)


def test_tokens_need_a_stored_key() -> None:
    """A project without a public key takes no token."""
    with pytest.raises(IdentityError, match="no public key"):
        verify(_token(_claims()), IdentityKeys(PROJECT, SECRET), now=NOW)


@pytest.mark.parametrize("text", ["", "a", "a.b", "a.b.c", "..", "." * 100, "e30.e30.e30", "é.é.é", "x" * 8193])
def test_odd_tokens_are_refused(text: str) -> None:
    """What is no token is refused in one sentence that does not repeat it."""
    with pytest.raises(IdentityError) as refusal:
        verify(IdentityToken(text), EC_KEYS, now=NOW)
    assert len(text) < 4 or text not in str(refusal.value)


def test_deeply_nested_tokens_are_refused() -> None:
    """JSON that exhausts the parser is a refusal, in the header as well as in the claims."""
    deep = base64url.encode(b"[" * 3000 + b"]" * 3000)
    for text in (f"{deep}.e30.e30", _token(_claims()).token.split(".")[0] + f".{deep}.e30"):
        with pytest.raises(IdentityError):
            verify(IdentityToken(text), EC_KEYS, now=NOW)


def test_claims_must_be_an_object() -> None:
    """A well-signed token whose claims are no object is refused."""
    token = IdentityToken(jwt.api_jws.encode(b'["ada"]', EC_KEY, "ES256"))
    with pytest.raises(IdentityError):
        verify(token, EC_KEYS, now=NOW)
