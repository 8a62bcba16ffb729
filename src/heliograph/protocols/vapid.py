"""Voluntary application server identification: RFC 8292, both sides (we sign, devpush verifies)."""

import ipaddress
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from heliograph.protocols import base64url
from heliograph.protocols.encryption import check_public_key

MAX_LIFETIME = timedelta(hours=24)
"""The longest a token may live (RFC 8292 section 2)."""

_CURVE = ec.SECP256R1()
_HALF = 32
_HEADER = base64url.encode(b'{"typ":"JWT","alg":"ES256"}')
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_LOCAL_NAMES = (
    ".localhost",
    ".local",
    ".localdomain",
    ".internal",
    ".invalid",
    ".test",
    ".example",
    ".lan",
    ".home.arpa",
)


class VapidFault(StrEnum):
    """What is wrong with an Authorization header."""

    MISSING = "missing"
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    KEY = "key"
    SIGNATURE = "signature"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    TOO_LONG = "too_long"
    SUBJECT = "subject"


class VapidError(Exception):
    """A token that a push service must refuse."""

    def __init__(self, fault: VapidFault, sentence: str) -> None:
        super().__init__(sentence)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """What a valid Authorization header says."""

    public_key: bytes
    audience: str
    subject: str | None
    expires_at: datetime


def generate_private_key() -> ec.EllipticCurvePrivateKey:
    """Make an application server key."""
    return ec.generate_private_key(_CURVE)


def private_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the 32 bytes of the private scalar, the form that every Web Push library exchanges."""
    return key.private_numbers().private_value.to_bytes(_HALF, "big")


def load_private_key(raw: bytes) -> ec.EllipticCurvePrivateKey:
    """Read 32 bytes of private scalar, or raise `ValueError`."""
    if len(raw) != _HALF:
        raise ValueError("A VAPID private key is 32 bytes.")
    try:
        return ec.derive_private_key(int.from_bytes(raw, "big"), _CURVE)
    except ValueError as error:
        raise ValueError("This is not a private key of the curve P-256.") from error


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the 65 bytes that a page gives to `subscribe()` as `applicationServerKey`."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def sign(key: ec.EllipticCurvePrivateKey, *, audience: str, subject: str, expires_at: datetime) -> str:
    """Return a whole Authorization value, `vapid t=…, k=…` (RFC 8292 section 3).

    Args:
        key: the private half of the application server key.
        audience: origin of the endpoint, such as `https://fcm.googleapis.com`.
        subject: contact of the sender, checked by `check_subject`.
        expires_at: at most 24 hours ahead.
    """
    claims = {"aud": audience, "exp": int(expires_at.timestamp()), "sub": subject}
    signed = f"{_HEADER}.{base64url.encode(json.dumps(claims, separators=(',', ':')).encode())}"
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    signature = r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")
    return f"vapid t={signed}.{base64url.encode(signature)}, k={base64url.encode(public_bytes(key))}"


def verify(authorization: str | None, *, audience: str, now: datetime) -> VerifiedToken:
    """Check an Authorization value as a push service does (RFC 8292 section 4.2).

    Raises:
        VapidError: with the fault, and one sentence that says what to change.
    """
    token, public_key = _parameters(authorization)
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature (RFC 7515 section 7.1)
        raise VapidError(VapidFault.MALFORMED, "t is not a JWT of three parts.")
    header, claims = _json(parts[0]), _json(parts[1])
    if header.get("alg") != "ES256":
        raise VapidError(VapidFault.ALGORITHM, "The JWT must be signed with ES256.")
    _check_signature(public_key, f"{parts[0]}.{parts[1]}", parts[2])
    return _check_claims(claims, public_key, audience=audience, now=now)


def _parameters(authorization: str | None) -> tuple[str, bytes]:
    if not authorization:
        raise VapidError(VapidFault.MISSING, "The Authorization header is missing.")
    scheme, _, rest = authorization.strip().partition(" ")
    if scheme.lower() != "vapid":
        raise VapidError(VapidFault.MALFORMED, "The Authorization scheme must be vapid.")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if not fields.get("t") or not fields.get("k"):
        raise VapidError(VapidFault.MALFORMED, "Authorization needs both t and k.")
    try:
        public_key = base64url.decode(fields["k"].strip('"'))
        check_public_key(public_key)
    except ValueError as error:
        raise VapidError(VapidFault.KEY, "k is not an uncompressed P-256 point in base64url.") from error
    return fields["t"].strip('"'), public_key


def _json(part: str) -> dict[str, object]:
    try:
        value = json.loads(base64url.decode(part))
    except (ValueError, RecursionError) as error:
        raise VapidError(VapidFault.MALFORMED, "A part of the JWT is not JSON in base64url.") from error
    if not isinstance(value, dict):
        raise VapidError(VapidFault.MALFORMED, "A part of the JWT is not a JSON object.")
    return value


def _check_signature(public_key: bytes, signed: str, part: str) -> None:
    try:
        raw = base64url.decode(part)
    except ValueError as error:
        raise VapidError(VapidFault.SIGNATURE, "The signature is not base64url.") from error
    if len(raw) != 2 * _HALF:
        raise VapidError(VapidFault.SIGNATURE, "The signature must be 64 bytes, r and s, not DER.")
    der = encode_dss_signature(int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big"))
    try:
        check_public_key(public_key).verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise VapidError(VapidFault.SIGNATURE, "The signature does not verify with k.") from None


def _check_claims(claims: dict[str, object], public_key: bytes, *, audience: str, now: datetime) -> VerifiedToken:
    if claims.get("aud") != audience:
        raise VapidError(VapidFault.AUDIENCE, f"aud must be the endpoint's origin, {audience}.")
    expiry = claims.get("exp")
    if isinstance(expiry, bool) or not isinstance(expiry, int | float):
        raise VapidError(VapidFault.MALFORMED, "exp must be a number of seconds.")
    try:
        expires_at = datetime.fromtimestamp(expiry, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise VapidError(VapidFault.TOO_LONG, "exp is no instant.") from error
    if expires_at <= now:
        raise VapidError(VapidFault.EXPIRED, "exp is in the past.")
    if expires_at > now + MAX_LIFETIME:
        raise VapidError(VapidFault.TOO_LONG, "exp is more than 24 hours ahead.")
    subject = claims.get("sub")
    if subject is not None and not isinstance(subject, str):
        raise VapidError(VapidFault.SUBJECT, "sub must be a string.")
    return VerifiedToken(public_key, audience, subject, expires_at)


def check_subject(subject: str) -> str:
    """Check the contact that goes into every token, by the rules of the strictest push service, Apple's.

    Returns:
        The subject unchanged.

    Raises:
        ValueError: one sentence that says what to change.
    """
    if subject.startswith("mailto:"):
        mailbox = subject.removeprefix("mailto:")
        local, at, host = mailbox.rpartition("@")
        if not at or not local or re.search(r"[\s<>,;?]", mailbox):
            raise ValueError("Write the contact as mailto:name@your-domain, without spaces or a display name.")
    elif subject.startswith("https://"):
        try:
            parts = urlsplit(subject)
            host = parts.hostname or ""
        except ValueError as error:
            raise ValueError("The contact is not a valid https address.") from error
        if parts.username is not None or re.search(r"\s", subject):
            raise ValueError("The contact's address must not hold a user name or spaces.")
    elif "@" in subject:
        raise ValueError("A bare address is refused by Apple: put mailto: in front of it.")
    else:
        raise ValueError("The contact must begin with mailto: or https://.")
    _check_public_host(host)
    return subject


def _check_public_host(host: str) -> None:
    name = host.rstrip(".").lower()
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        pass
    else:
        raise ValueError("The contact needs a domain name; push services refuse an IP address.")
    if name == "localhost" or name.endswith(_LOCAL_NAMES) or "." not in name:
        raise ValueError(f"Apple refuses a contact at {name or 'no domain'}: use a domain that exists on the internet.")
    try:
        ascii_name = name.encode("idna").decode()
    except UnicodeError as error:
        raise ValueError(f"{name} is not a domain name.") from error
    if not all(_LABEL.fullmatch(label) for label in ascii_name.split(".")):
        raise ValueError(f"{name} is not a domain name.")
