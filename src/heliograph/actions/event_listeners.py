"""Who is told of events in the transaction that records them: one visible tuple.

A listener is called with events that were not known before, ordered by when they happened, and with the profiles of
their people locked. What it raises refuses the whole call; what takes long belongs into a job.
"""

from heliograph.actions import entering
from heliograph.actions.event_parts import Listener, Parts

LISTENERS: tuple[Listener, ...] = (entering.follow,)

__all__ = ["LISTENERS", "Listener", "Parts"]
