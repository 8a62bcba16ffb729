"""Encryption at rest: AES-256-GCM under a master key, bound to the place where the secret is stored."""

import hashlib
import os
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MASTER_KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = b"\x01"


class SealError(Exception):
    """The sealed bytes are damaged, belong elsewhere, or were sealed under another master key."""


class Sealer:
    """Seals and opens small secrets."""

    def __init__(self, master_key: bytes, entropy: Callable[[int], bytes] = os.urandom) -> None:
        if len(master_key) != MASTER_KEY_BYTES:
            raise ValueError("A master key is 32 bytes.")
        self._aead = AESGCM(master_key)
        self._entropy = entropy
        self.fingerprint = hashlib.sha256(b"heliograph master key\0" + master_key).hexdigest()[:16]
        """Tells two master keys apart without telling either."""

    def seal(self, data: bytes, context: str) -> bytes:
        """Encrypt `data`. `context` names its place, for example `vapid_key/vap_01k…`, and is needed to open it."""
        nonce = self._entropy(_NONCE_BYTES)
        return _VERSION + nonce + self._aead.encrypt(nonce, data, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Decrypt what `seal` made for the same context, or raise `SealError`."""
        if sealed[:1] != _VERSION:
            raise SealError("The sealed secret is of an unknown version.")
        try:
            return self._aead.decrypt(sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :], context.encode())
        except InvalidTag:
            raise SealError("The master key does not open this secret.") from None
