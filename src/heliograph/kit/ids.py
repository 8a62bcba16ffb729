"""Identifiers that sort by time: prefix, `_`, 26 characters in the layout of a ULID (48 bits of ms, 80 random bits)."""

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from heliograph.kit.clock import Clock

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_BODY = re.compile(f"[0-7][{_ALPHABET}]{{25}}")
_UUID = re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_RANDOM_BYTES = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def _encode(number: int) -> str:
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def _milliseconds(at: datetime) -> int:
    # Not by way of a float, which may fall into the millisecond before.
    return (at - _EPOCH) // _MILLISECOND


class Ids:
    """Makes identifiers from a clock and a source of randomness."""

    def __init__(self, clock: Clock, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._clock = clock
        self._entropy = entropy

    def new(self, prefix: str) -> str:
        """Return a fresh identifier such as `sub_01k…`; later ones sort behind earlier ones (to the millisecond)."""
        random = int.from_bytes(self._entropy(_RANDOM_BYTES), "big")
        return f"{prefix}_{_encode(_milliseconds(self._clock.now()) << 80 | random)}"


def of_hash(prefix: str, at: datetime, digest: bytes) -> str:
    """Return the identifier of the millisecond of `at` whose other 80 bits are the first of `digest`."""
    return f"{prefix}_{_encode(_milliseconds(at) << 80 | int.from_bytes(digest[:_RANDOM_BYTES], 'big'))}"


def floor_id(prefix: str, at: datetime) -> str:
    """Return the smallest identifier that can be made in the millisecond of `at`."""
    return f"{prefix}_{_encode(_milliseconds(at) << 80)}"


def ceiling_id(prefix: str, at: datetime) -> str:
    """Return the largest identifier that can be made in the millisecond of `at`."""
    return f"{prefix}_{_encode(_milliseconds(at) << 80 | (1 << 80) - 1)}"


def made_at(identifier: str) -> datetime:
    """Return the instant that an identifier begins with, to the millisecond."""
    number = 0
    for character in identifier.partition("_")[2]:
        number = number << 5 | _ALPHABET.index(character)
    return datetime.fromtimestamp((number >> 8 * _RANDOM_BYTES) / 1000, UTC)


def is_id(prefix: str, text: str) -> bool:
    """Tell whether `text` has the form of an identifier with this prefix."""
    head, _, body = text.partition("_")
    return head == prefix and _BODY.fullmatch(body) is not None


def to_uuid(identifier: str) -> str:
    """Return the same 128 bits written as a UUID (RFC 9562), for interfaces that want one."""
    number = 0
    for character in identifier.partition("_")[2]:
        number = number << 5 | _ALPHABET.index(character)
    return str(UUID(int=number))


def from_uuid(prefix: str, text: str) -> str | None:
    """Return the identifier that `to_uuid` wrote; None for what is no UUID."""
    return f"{prefix}_{_encode(int(text.replace('-', ''), 16))}" if _UUID.fullmatch(text) else None
