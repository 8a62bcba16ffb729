"""What a listener of events is given, and what it is."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from heliograph.domain.event import Event
from heliograph.kit.context import Context
from heliograph.queue.base import Queue
from heliograph.storage.store import Tx


@dataclass(frozen=True, slots=True)
class Parts:
    """What listeners work with beside the transaction."""

    queue: Queue


Listener = Callable[[Tx, Context, Parts, str, Sequence[Event]], Awaitable[None]]
"""Called with transaction, context, parts, the project's identifier, and the events."""
