"""Once only: a call that comes again with its key gets the first answer, and has no second effect.

draft-ietf-httpapi-idempotency-key-header. The answer is written in the transaction of the effect: a process that dies
has done both or neither. Only answers that went well are kept; what was refused changed nothing and may be tried again.
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec

from heliograph.errors import IdempotencyInProgress, IdempotencyKeyReused
from heliograph.kit.context import Context
from heliograph.storage import idempotency_keys
from heliograph.storage.idempotency_keys import Answered
from heliograph.storage.store import Tx

KEPT = timedelta(hours=24)
MAX_KEY = 255
INSTALLATION = "installation"
"""The scope of calls that are about no project."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that must happen once.

    Attributes:
        scope: whose key it is: a project, or `INSTALLATION`.
        key: 1 to 255 printable ASCII characters of the caller's choice.
        fingerprint: of what is asked; the same key with another one is refused.
    """

    scope: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call is answered: an HTTP status and JSON, or no body."""

    status: int
    body: bytes
    is_replayed: bool = False


def is_key(text: str) -> bool:
    """Tell whether a text can be a key."""
    return 1 <= len(text) <= MAX_KEY and text.isascii() and text.isprintable()


def fingerprint(route: str, body: Any) -> bytes:
    """Return the SHA-256 of a route and a body (any value that is written as JSON), whatever the order of members."""
    said = msgspec.json.encode(body, order="deterministic")
    return hashlib.sha256(route.encode() + b"\0" + said).digest()


async def once(tx: Tx, ctx: Context, call: Call, work: Callable[[], Awaitable[Answer]]) -> Answer:
    """Return the first answer to a call if there is one, else do the work in this transaction and keep its answer.

    Raises:
        IdempotencyInProgress: another process is at it.
        IdempotencyKeyReused: the key came with another request.
    """
    if not await idempotency_keys.claim(tx, call.scope, call.key):
        raise IdempotencyInProgress
    known = await idempotency_keys.get(tx, call.scope, call.key, now=ctx.now)
    if known is not None:
        if known.fingerprint != call.fingerprint:
            raise IdempotencyKeyReused("This key came with another call or body before: make a new key for a new call.")
        return Answer(known.status, ctx.sealer.open(known.answer, _place(call)), is_replayed=True)
    answer = await work()
    sealed = ctx.sealer.seal(answer.body, _place(call))
    expires_at = ctx.now + KEPT
    await idempotency_keys.put(tx, Answered(call.scope, call.key, call.fingerprint, answer.status, sealed, expires_at))
    return answer


def _place(call: Call) -> str:
    return f"idempotency_key/{call.scope}/{call.key}"
