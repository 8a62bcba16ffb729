"""Private application server keys as other systems keep them: raw, PEM, DER, JWK, or the pair that `web-push` prints.

RFC 8292 section 3.2 says only what a key is; how it is kept is everybody's own habit. RFC 5958 (PKCS #8), RFC 5915
(SEC 1), RFC 7517 (JWK).
"""

import json
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from heliograph.protocols import base64url, vapid

MAX_KEY_FILE = 8_192
"""Bytes; no key of the curve P-256 needs more in any form."""
_FORMS = "Give the private VAPID key: 32 bytes as base64url, PEM, PKCS #8 or JWK."
_RAW = 32
_NAMES = ("d", "privateKey", "private_key", "vapidPrivateKey", "vapid_private_key")


def read_private_key(text: str) -> ec.EllipticCurvePrivateKey:
    """Read a private key in whatever form it is kept.

    Raises:
        ValueError: one sentence that says what to give; it never repeats the key.
    """
    bare = text.strip()
    if not bare or len(bare) > MAX_KEY_FILE:
        raise ValueError(_FORMS)
    if bare.startswith("{"):
        return _of_json(bare)
    if "-----BEGIN" in bare:
        return _curve_key(bare.encode(), load_pem_private_key)
    try:
        raw = base64url.decode("".join(bare.split()))
    except ValueError:
        raise ValueError(_FORMS) from None
    return vapid.load_private_key(raw) if len(raw) == _RAW else _curve_key(raw, load_der_private_key)


def _of_json(text: str) -> ec.EllipticCurvePrivateKey:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("The key's file is no JSON.") from None
    found = next((given[name] for name in _NAMES if isinstance(given.get(name), str)), None)
    if found is None:
        raise ValueError("The JSON has no private key: a JWK has it as d.")
    return vapid.load_private_key(base64url.decode(found))


def _curve_key(data: bytes, load: Any) -> ec.EllipticCurvePrivateKey:
    try:
        key = load(data, password=None)
    except TypeError:
        raise ValueError("The key's file is protected by a password: take that off first.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(
            "This is no private key that can be read: 32 bytes as base64url, PEM, PKCS #8 or JWK."
        ) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("This is not a private key of the curve P-256.")  # noqa: TRY004 - a wrong value
    return key
