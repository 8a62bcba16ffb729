"""Who is told of events in the transaction that records them: one visible tuple.

A listener is called with events that were not known before, ordered by when they happened, and with the profiles of
their people locked. What it raises refuses the whole call; what takes long belongs into a job.
"""

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

LISTENERS: tuple[Listener, ...] = ()
