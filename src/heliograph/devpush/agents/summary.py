"""What a fleet saw, as numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from heliograph.devpush.agents.agent import Arrival


def percentile(values: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile of values in any order; `share` is between 0 and 1. NaN without values."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


@dataclass(frozen=True, slots=True)
class Summary:
    """Totals of one notification, or of everything. `latencies` are seconds from a given instant to the decryption."""

    agents: int
    subscribed: int
    decrypted: int
    shown: int
    clicked: int
    duplicates: int
    undecryptable: int
    malformed: int
    lost: int
    """Subscribed agents that decrypted nothing of it."""
    first_at: datetime | None
    last_at: datetime | None
    latencies: tuple[float, ...]

    def latency(self, share: float) -> float:
        """Return a percentile of the latencies, in seconds."""
        return percentile(self.latencies, share)


def summarize(arrivals: Sequence[Arrival], *, agents: int, subscribed: int, since: datetime | None) -> Summary:
    """Count arrivals; `since` is the instant that latencies are measured from."""
    good = [a for a in arrivals if a.plaintext is not None]
    first = [a for a in good if not a.duplicate]
    instants = [a.received_at for a in first]
    return Summary(
        agents=agents,
        subscribed=subscribed,
        decrypted=len(first),
        shown=sum(a.shown for a in arrivals),
        clicked=sum(a.clicked for a in arrivals),
        duplicates=sum(a.duplicate for a in arrivals),
        undecryptable=sum(a.plaintext is None for a in arrivals),
        malformed=sum(a.problem is not None for a in good),
        lost=max(subscribed - len({a.agent for a in first}), 0),
        first_at=min(instants, default=None),
        last_at=max(instants, default=None),
        latencies=tuple((at - since).total_seconds() for at in instants) if since else (),
    )
