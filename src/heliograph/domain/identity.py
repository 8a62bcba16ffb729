"""Who a browser belongs to, proved by the customer's server: HMAC-SHA256 of the external id, or a token (RFC 7519).

A bare user id in a page's request proves nothing, since everybody can write one; so nothing here takes one.
"""

import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from heliograph.protocols import base64url

MAX_EXTERNAL_ID = 256
MAX_TOKEN = 8192
MAX_TOKEN_LIFE = timedelta(hours=24)
LEEWAY = timedelta(seconds=60)
"""How far the clocks of the customer's server and ours may be apart."""
_HEX_OF_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_NO_CLAIMS = {
    # PyJWT would compare with the machine's clock; ours is an argument.
    f"verify_{claim}": False
    for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
}

_PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


class IdentityError(ValueError):
    """The proof does not hold; the sentence says why and never repeats the proof."""


@dataclass(frozen=True, slots=True)
class SignedId:
    """An external id with HMAC-SHA256(identity secret, external id), as hex or base64url."""

    external_id: str
    signature: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class IdentityToken:
    """A JWT, signed with the private half of the project's identity key, whose `sub` is the external id."""

    token: str = field(repr=False)


Proof = SignedId | IdentityToken


@dataclass(frozen=True, slots=True)
class IdentityKeys:
    """What a project checks proofs with.

    Attributes:
        secret: 32 bytes; shown to the operator as base64url.
        public_key: PEM of a P-256 or an RSA key, if the project uses tokens.
    """

    project_id: str
    secret: bytes = field(repr=False)
    public_key: str | None = None


def check_external_id(text: str) -> str:
    """Return an external id unchanged, or raise `ValueError` with one sentence."""
    if not (0 < len(text) <= MAX_EXTERNAL_ID and text.isprintable()):
        raise ValueError(f"An external id is 1 to {MAX_EXTERNAL_ID} printable characters.")
    return text


def sign(external_id: str, secret: bytes) -> str:
    """Return the signature that a customer's server makes, as hex. The key is the secret's text, as it is shown."""
    return hmac.digest(base64url.encode(secret).encode(), external_id.encode(), "sha256").hex()


def verify(proof: Proof, keys: IdentityKeys, *, now: datetime) -> str:
    """Return the external id that a proof stands for.

    Raises:
        IdentityError: the proof does not hold.
    """
    match proof:
        case SignedId():
            return _verify_signature(proof, keys.secret)
        case IdentityToken():
            return _verify_token(proof.token, keys, now)


def _verify_signature(proof: SignedId, secret: bytes) -> str:
    try:
        external_id = check_external_id(proof.external_id)
        text = proof.signature
        given = bytes.fromhex(text) if _HEX_OF_SHA256.fullmatch(text) else base64url.decode(text)
    except ValueError as error:
        raise IdentityError("The signature does not fit the external id.") from error
    # A server that decodes the secret before it signs knows the same secret: both readings count.
    keys = (base64url.encode(secret).encode(), secret)
    fits = [hmac.compare_digest(hmac.digest(key, external_id.encode(), "sha256"), given) for key in keys]
    if not any(fits):
        raise IdentityError("The signature does not fit the external id.")
    return external_id


def _verify_token(token: str, keys: IdentityKeys, now: datetime) -> str:
    if keys.public_key is None:
        raise IdentityError("The project has no public key for identity tokens: store one, or sign the external id.")
    if len(token) > MAX_TOKEN:
        raise IdentityError(f"An identity token has at most {MAX_TOKEN} characters.")
    public_key = _load(keys.public_key)
    # The key decides: a token that names its own algorithm could name `none`, or HS256 with the public key as secret.
    algorithm = "RS256" if isinstance(public_key, rsa.RSAPublicKey) else "ES256"
    try:
        claims = jwt.decode(token, public_key, algorithms=[algorithm], options=_NO_CLAIMS)  # type: ignore[arg-type]
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise IdentityError(f"The identity token is not signed with {algorithm} by the project's key.") from error
    return _subject(claims, keys.project_id, now)


@lru_cache(maxsize=256)
def _load(pem: str) -> _PublicKey:
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise IdentityError("The project's key for identity tokens is neither P-256 nor RSA.")
    return key


def _subject(claims: dict[str, Any], project_id: str, now: datetime) -> str:
    expires_at = _instant(claims.get("exp"), "exp")
    if expires_at <= now - LEEWAY:
        raise IdentityError("The identity token has expired.")
    if expires_at > now + MAX_TOKEN_LIFE + LEEWAY:
        raise IdentityError("The identity token's exp must be at most 24 hours ahead.")
    if "nbf" in claims and _instant(claims["nbf"], "nbf") > now + LEEWAY:
        raise IdentityError("The identity token is not valid yet (nbf).")
    audience = claims.get("aud", project_id)
    if project_id not in (audience if isinstance(audience, list) else [audience]):
        raise IdentityError("The identity token's aud must be the project's id, or be left out.")
    subject = claims.get("sub")
    try:
        return check_external_id(subject if isinstance(subject, str) else "")
    except ValueError as error:
        raise IdentityError("The identity token's sub must be the external id.") from error


def _instant(claim: object, name: str) -> datetime:
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        raise IdentityError(f"The identity token's {name} must be a number of seconds since 1970.")
    try:
        return datetime.fromtimestamp(claim, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise IdentityError(f"The identity token's {name} is no instant.") from error
