"""Message encryption for Web Push: RFC 8291, on the `aes128gcm` content coding of RFC 8188, in one record."""

import hashlib
import hmac
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MAX_BODY = 4096
"""Bytes that every push service must take (RFC 8030 section 7.2)."""
OVERHEAD = 103
"""Bytes around the plaintext: 86 of header, 1 of delimiter, 16 of tag."""
MAX_PLAINTEXT = MAX_BODY - OVERHEAD
SALT_BYTES = 16
PUBLIC_KEY_BYTES = 65
AUTH_BYTES = 16

_TAG_BYTES = 16
_HEADER = struct.Struct(">16sIB")
_RECORD_SIZE = 4096
_LAST_RECORD = b"\x02"
_CEK_INFO = b"Content-Encoding: aes128gcm\x00\x01"
_NONCE_INFO = b"Content-Encoding: nonce\x00\x01"
_KEY_INFO = b"WebPush: info\x00"
_CURVE = ec.SECP256R1()


class DecryptionError(Exception):
    """The body is not one whole `aes128gcm` record for this receiver."""


@dataclass(frozen=True, slots=True)
class ReceiverKeys:
    """A subscription's `keys`: a public key (65 bytes) and a secret (16 bytes).

    Raises:
        ValueError: a wrong length, a compressed point, or a point off the curve P-256.
    """

    p256dh: bytes
    auth: bytes

    def __post_init__(self) -> None:
        check_public_key(self.p256dh)
        if len(self.auth) != AUTH_BYTES:
            raise ValueError("auth must be 16 bytes.")


@dataclass(frozen=True, slots=True)
class Plaintext:
    """One message to encrypt: raw receiver keys as stored (checked when they were registered), and the data."""

    p256dh: bytes
    auth: bytes
    data: bytes


def check_public_key(raw: bytes) -> ec.EllipticCurvePublicKey:
    """Read an uncompressed P-256 point, or raise `ValueError` with one sentence."""
    if len(raw) != PUBLIC_KEY_BYTES or raw[0] != 4:  # noqa: PLR2004 - 0x04 marks an uncompressed point (SEC 1, 2.3.3)
        raise ValueError("p256dh must be an uncompressed P-256 point: 65 bytes of which the first is 4.")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, raw)
    except ValueError as error:
        raise ValueError("p256dh is not a point on the curve P-256.") from error


def _keys(secret: bytes, auth: bytes, ua_public: bytes, as_public: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """Derive the content-encryption key and the nonce (RFC 8291 section 3.4)."""
    prk_key = hmac.digest(auth, secret, "sha256")
    ikm = hmac.digest(prk_key, _KEY_INFO + ua_public + as_public + b"\x01", "sha256")
    return content_keys(ikm, salt)


def content_keys(ikm: bytes, salt: bytes) -> tuple[bytes, bytes]:
    """Derive the first record's key (16 bytes) and nonce (12 bytes) from keying material (RFC 8188 2.2, 2.3)."""
    prk = hmac.digest(salt, ikm, "sha256")
    return hmac.digest(prk, _CEK_INFO, "sha256")[:16], hmac.digest(prk, _NONCE_INFO, "sha256")[:12]


def encrypt(
    plaintext: bytes,
    p256dh: bytes,
    auth: bytes,
    *,
    sender: ec.EllipticCurvePrivateKey,
    salt: bytes,
    padding: int = 0,
) -> bytes:
    """Encrypt one message into one `aes128gcm` body.

    Args:
        plaintext: at most 3,993 bytes together with the padding.
        p256dh: the receiver's public key, 65 bytes.
        auth: the receiver's secret, 16 bytes.
        sender: a key made for this message only (RFC 8291 section 3.1).
        salt: 16 random bytes made for this message only.
        padding: zero bytes that hide the length from the push service.

    Raises:
        ValueError: the message is too long, or the receiver's key is no point of the curve.
    """
    if len(plaintext) + padding > MAX_PLAINTEXT:
        raise ValueError(
            f"A push message holds at most {MAX_PLAINTEXT} bytes, this one has {len(plaintext) + padding}."
        )
    if len(salt) != SALT_BYTES:
        raise ValueError("A salt is 16 bytes.")
    ua_public = check_public_key(p256dh)
    as_public = sender.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    key, nonce = _keys(sender.exchange(ec.ECDH(), ua_public), auth, p256dh, as_public, salt)
    sealed = AESGCM(key).encrypt(nonce, plaintext + _LAST_RECORD + bytes(padding), None)
    return _HEADER.pack(salt, _RECORD_SIZE, PUBLIC_KEY_BYTES) + as_public + sealed


def encrypt_many(items: Sequence[Plaintext]) -> list[bytes]:
    """Encrypt a batch, each message with a key pair and a salt of its own.

    Raises:
        ValueError: one of the messages is too long or has a receiver key off the curve; none is returned then.
    """
    return [
        encrypt(i.data, i.p256dh, i.auth, sender=ec.generate_private_key(_CURVE), salt=os.urandom(SALT_BYTES))
        for i in items
    ]


def decrypt(body: bytes, private_key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """Decrypt a body as a user agent must: one record, delimiter 2, everything else refused (RFC 8291 section 4).

    Raises:
        DecryptionError: the body is damaged, has several records, or was made for somebody else.
    """
    if len(body) < _HEADER.size + PUBLIC_KEY_BYTES + 1 + _TAG_BYTES:
        raise DecryptionError("The body is shorter than an empty message.")
    salt, record_size, key_length = _HEADER.unpack_from(body)
    start = _HEADER.size + PUBLIC_KEY_BYTES
    if key_length != PUBLIC_KEY_BYTES:
        raise DecryptionError("The header's key identifier is not a public key of 65 bytes.")
    if record_size < 18 or len(body) - start > record_size:  # noqa: PLR2004 - RFC 8188 section 2: 17 is too small
        raise DecryptionError("A push message is exactly one record.")
    as_public = body[_HEADER.size : start]
    try:
        secret = private_key.exchange(ec.ECDH(), check_public_key(as_public))
    except ValueError as error:
        raise DecryptionError("The sender's key is not a point on the curve.") from error
    ua_public = private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    key, nonce = _keys(secret, auth, ua_public, as_public, salt)
    return open_record(body[start:], key, nonce)


def open_record(record: bytes, key: bytes, nonce: bytes) -> bytes:
    """Decrypt a last record and strip its padding (RFC 8188 section 2), or raise `DecryptionError`."""
    try:
        padded = AESGCM(key).decrypt(nonce, record, None)
    except InvalidTag:
        raise DecryptionError("The message does not decrypt with this key.") from None
    plaintext = padded.rstrip(b"\x00")
    if plaintext[-1:] != _LAST_RECORD:
        raise DecryptionError("The record's delimiter is not that of a last record.")
    return plaintext[:-1]


def body_digest(body: bytes) -> str:
    """Return a short name for a body in a log or a test."""
    return hashlib.sha256(body).hexdigest()[:12]
