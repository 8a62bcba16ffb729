"""A/B tests: who gets which content, who gets nothing for comparison, and which one the others get. Pure.

People are laid out on 10,000 places by a hash of the campaign and the person, so that everybody stays where they are,
whoever asks and whenever: first those who get nothing, then the variants by their weights, then those who wait for the
winner.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from typing import Any

from heliograph.domain.notification import Content
from heliograph.domain.share import PLACES, Share
from heliograph.domain.significance import Tally
from heliograph.errors import FieldError

CONTROL = "control"
WINNER = "winner"
MAX_ARMS = 10
MAX_WEIGHT = 1000
MAX_CONTROL = 50
"""Percent: who leaves out more does not test but pause."""
LEAST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(days=7)
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")
_PER_PERCENT = PLACES // 100


@dataclass(frozen=True, slots=True)
class Arm:
    """One variant of a test. `content` is None for the campaign's own."""

    name: str
    weight: int = 1
    content: Content | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """When the best is sent to all others: after a time, or as soon as so many messages of the test were accepted.

    Attributes:
        test_percent: how much of the audience the variants are tried on.
    """

    test_percent: int
    after: timedelta
    deliveries: int | None = None


@dataclass(frozen=True, slots=True)
class Experiment:
    """An A/B test of a campaign's content.

    Attributes:
        control_percent: of the audience, who get nothing.
        finish: None to go on with all variants for ever.
    """

    arms: tuple[Arm, ...]
    control_percent: int = 0
    finish: Finish | None = None

    def shares(self, salt: str) -> Iterator[tuple[str, Share]]:
        """Yield who gets what: `control` first if there is one, the arms, and `winner` if others wait for it."""
        start = self.control_percent * _PER_PERCENT
        stop = PLACES if self.finish is None else start + (PLACES - start) * self.finish.test_percent // 100
        if start:
            yield CONTROL, Share(salt, 0, start)
        whole, here = sum(arm.weight for arm in self.arms), start
        for arm, weights in zip(self.arms, accumulate(arm.weight for arm in self.arms), strict=True):
            end = start + (stop - start) * weights // whole
            yield arm.name, Share(salt, here, end)
            here = end
        if stop < PLACES:
            yield WINNER, Share(salt, stop, PLACES)


def winner(arms: tuple[str, ...], tallies: Mapping[str, Tally]) -> str:
    """Return the arm with the best click rate; of equal ones, and if nobody clicked, the one that is named first."""
    return max(arms, key=lambda name: (tallies.get(name, Tally()).rate, -arms.index(name)))


def experiment_errors(experiment: Experiment) -> Iterator[FieldError]:
    """Yield what is wrong with a test, with pointers below `/experiment`; contents are checked elsewhere."""
    arms = experiment.arms
    least = 1 if experiment.control_percent else 2
    if not least <= len(arms) <= MAX_ARMS:
        sentence = f"A test has 2 to {MAX_ARMS} variants, or one and a control group."
        yield FieldError("/experiment/variants", sentence)
    for index, arm in enumerate(arms):
        here = f"/experiment/variants/{index}"
        if not NAME.fullmatch(arm.name) or arm.name in (CONTROL, WINNER):
            yield FieldError(f"{here}/name", "1 to 30 of a-z, 0-9, - and _; not control and not winner.")
        if arm.name in {other.name for other in arms[:index]}:
            yield FieldError(f"{here}/name", "Give each variant a name of its own.")
        if not 1 <= arm.weight <= MAX_WEIGHT:
            yield FieldError(f"{here}/weight", f"A weight is 1 to {MAX_WEIGHT:,}.")
    if not 0 <= experiment.control_percent <= MAX_CONTROL:
        yield FieldError("/experiment/control_percent", f"0 to {MAX_CONTROL}.")
    if experiment.finish is not None:
        yield from _finish_errors(experiment.finish, len(arms))


def _finish_errors(finish: Finish, arms: int) -> Iterator[FieldError]:
    here = "/experiment/winner"
    if arms < 2:  # noqa: PLR2004 - one cannot win
        yield FieldError(here, "There is nothing to choose from: give at least two variants.")
    if not 1 <= finish.test_percent <= 99:  # noqa: PLR2004 - percent
        yield FieldError(f"{here}/test_percent", "1 to 99.")
    if not LEAST_WAIT <= finish.after <= LONGEST_WAIT:
        yield FieldError(f"{here}/after_seconds", "5 minutes to 7 days.")
    if finish.deliveries is not None and finish.deliveries < 1:
        yield FieldError(f"{here}/deliveries", "At least 1.")


def to_json(experiment: Experiment, content: Any) -> dict[str, Any]:
    """Return an experiment as it is kept; `content` writes a content."""
    arms = [
        {"name": arm.name, "weight": arm.weight} | ({} if arm.content is None else {"content": content(arm.content)})
        for arm in experiment.arms
    ]
    kept: dict[str, Any] = {"variants": arms, "control_percent": experiment.control_percent}
    if experiment.finish is not None:
        finish = experiment.finish
        kept["winner"] = {
            "test_percent": finish.test_percent,
            "after_seconds": int(finish.after.total_seconds()),
            "deliveries": finish.deliveries,
        }
    return kept


def from_json(kept: Mapping[str, Any], content: Any) -> Experiment:
    """Read what `to_json` wrote; `content` reads a content."""
    finish = kept.get("winner")
    return Experiment(
        arms=tuple(
            Arm(arm["name"], arm["weight"], content(arm["content"]) if "content" in arm else None)
            for arm in kept["variants"]
        ),
        control_percent=kept.get("control_percent", 0),
        finish=None
        if finish is None
        else Finish(finish["test_percent"], timedelta(seconds=finish["after_seconds"]), finish.get("deliveries")),
    )
