"""What rates mean for a send: how long they hold it up, exact where everything else about its duration is a guess."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from heliograph.domain.rate import Limits, Rate

NOTIFICATION, PROJECT = "notification", "project"


@dataclass(frozen=True, slots=True)
class Held:
    """One rate and what it means for a send.

    Attributes:
        of: `notification`, `project`, or the push service that it is for.
        messages: that it holds for.
        late: how many of them would have no turn before the notification expires.
    """

    of: str
    rate: Rate
    messages: int
    late: int

    @property
    def seconds(self) -> float:
        """How long they take if nothing else shares the rate."""
        return max(0, self.messages - 1) * self.rate.interval / 1_000_000_000


def held(limits: Limits, receivers: Mapping[tuple[str, str], int], life: timedelta) -> tuple[Held, ...]:
    """Return what each rate means for messages counted by channel and push service, longest first."""
    by_service: Counter[str] = Counter()
    for (_, service), count in receivers.items():
        by_service[service] += count
    found = [
        _held(of, rate, by_service.total(), life)
        for of, rate in ((NOTIFICATION, limits.notification), (PROJECT, limits.project))
        if rate is not None
    ]
    services = [_held(name, rate, by_service[name], life) for name, rate in limits.services.items()]
    found += [one for one in services if one.messages]
    return tuple(sorted(found, key=lambda one: -one.seconds))


def _held(of: str, rate: Rate, messages: int, life: timedelta) -> Held:
    in_time = ceil(life.total_seconds() * 1_000_000_000 / rate.interval)
    return Held(of, rate, messages, max(0, messages - in_time))


def late(all_held: tuple[Held, ...]) -> int:
    """Return how many messages at least would expire."""
    overall = max((one.late for one in all_held if one.of in (NOTIFICATION, PROJECT)), default=0)
    return max(overall, sum(one.late for one in all_held if one.of not in (NOTIFICATION, PROJECT)))


def in_words(limits: Limits, service: str) -> str:
    """Return the rates that messages to a push service wait for, for the middle of a sentence; empty if none."""
    told = (
        (limits.notification, "of this notification"),
        (limits.project, "of the whole project"),
        (limits.services.get(service), f"to {service}"),
    )
    return ", ".join(f"{rate} {whose}" for rate, whose in told if rate is not None)
