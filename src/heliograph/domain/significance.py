"""What clicks say and what they do not: rates with intervals, and whether two differ by more than chance."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import erf, sqrt

from heliograph.domain.delivery import DeliveryState

Z = 1.959964
"""Of the normal distribution, for 95 %."""
LEAST_ACCEPTED = 100
"""Of each variant, below which nothing is claimed."""
LEAST_CLICKED = 10
"""Of two variants together: the test of proportions is an approximation that needs some."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Messages of one variant: those that push services took, were shown, and were clicked."""

    accepted: int = 0
    displayed: int = 0
    clicked: int = 0

    @property
    def rate(self) -> float:
        """Clicks per accepted message: a browser that cannot report what it showed must not change who wins."""
        return self.clicked / self.accepted if self.accepted else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Between which rates the true one lies, with 95 % confidence (Wilson's score interval)."""
        n, p = self.accepted, self.rate
        if n == 0:
            return 0.0, 1.0
        middle, width = p + Z * Z / (2 * n), Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        return max(0.0, (middle - width) / (1 + Z * Z / n)), min(1.0, (middle + width) / (1 + Z * Z / n))


def tally(counts: Mapping[tuple[str, str], int]) -> Tally:
    """Sum up deliveries that are counted by state and reason."""
    of: dict[DeliveryState, int] = {}
    for (state, _), count in counts.items():
        of[DeliveryState(state)] = of.get(DeliveryState(state), 0) + count
    seen = (DeliveryState.DISPLAYED, DeliveryState.CLICKED, DeliveryState.DISMISSED)
    return Tally(
        accepted=sum(count for state, count in of.items() if state.was_accepted),
        displayed=sum(of.get(state, 0) for state in seen),
        clicked=of.get(DeliveryState.CLICKED, 0),
    )


def confidence(one: Tally, other: Tally) -> float | None:
    """Return how sure it is that two rates differ, from 0 to 1; None where there is too little to say.

    Two-sided z-test of two proportions with a pooled variance.
    """
    if min(one.accepted, other.accepted) < LEAST_ACCEPTED or one.clicked + other.clicked < LEAST_CLICKED:
        return None
    pooled = (one.clicked + other.clicked) / (one.accepted + other.accepted)
    spread = sqrt(pooled * (1 - pooled) * (1 / one.accepted + 1 / other.accepted))
    if spread == 0:
        return 0.0
    return erf(abs(one.rate - other.rate) / spread / sqrt(2))
