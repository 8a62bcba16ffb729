"""The forms of A/B tests on the wire, and what is said of their outcome."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

import msgspec

from heliograph.api.admin.notification_forms import ContentForm, content_form, content_of
from heliograph.api.forms import Form, View
from heliograph.domain.experiment import (
    CONTROL,
    LEAST_WAIT,
    LONGEST_WAIT,
    MAX_ARMS,
    MAX_CONTROL,
    MAX_WEIGHT,
    WINNER,
    Arm,
    Experiment,
    Finish,
)
from heliograph.domain.significance import LEAST_ACCEPTED, LEAST_CLICKED, Tally, confidence, tally


class ArmForm(Form, frozen=True, kw_only=True):
    """One variant. Without `content` it says what the campaign says."""

    name: Annotated[
        str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_-]{0,29}$", description="Yours; not control and not winner.")
    ]
    weight: Annotated[int, msgspec.Meta(ge=1, le=MAX_WEIGHT, description="How many get it, beside the others.")] = 1
    content: ContentForm | None = None


class WinnerForm(Form, frozen=True, kw_only=True):
    """When the others get the variant with the best click rate; of equal ones the first."""

    test_percent: Annotated[
        int, msgspec.Meta(ge=1, le=99, description="How much of the audience the variants are tried on.")
    ]
    after_seconds: Annotated[
        int,
        msgspec.Meta(
            ge=int(LEAST_WAIT.total_seconds()),
            le=int(LONGEST_WAIT.total_seconds()),
            description="How long it is tried, at most.",
        ),
    ]
    deliveries: (
        Annotated[int, msgspec.Meta(ge=1, description="Not so long if so many messages of the test were accepted.")]
        | None
    ) = None


class ExperimentForm(Form, frozen=True, kw_only=True):
    """An A/B test: who gets which content, and who gets nothing so that the others can be compared."""

    variants: Annotated[list[ArmForm], msgspec.Meta(min_length=1, max_length=MAX_ARMS)]
    control_percent: Annotated[int, msgspec.Meta(ge=0, le=MAX_CONTROL, description="Of the audience.")] = 0
    winner: Annotated[WinnerForm, msgspec.Meta(description="Only where all are reached at one moment.")] | None = None

    def experiment(self) -> Experiment:
        """Return what the verb takes."""
        won = self.winner
        return Experiment(
            arms=tuple(
                Arm(arm.name, arm.weight, None if arm.content is None else content_of(arm.content))
                for arm in self.variants
            ),
            control_percent=self.control_percent,
            finish=None
            if won is None
            else Finish(won.test_percent, timedelta(seconds=won.after_seconds), won.deliveries),
        )


def experiment_form(experiment: Experiment | None) -> ExperimentForm | None:
    """Return an A/B test as its author wrote it."""
    if experiment is None:
        return None
    finish = experiment.finish
    return ExperimentForm(
        variants=[
            ArmForm(
                name=arm.name,
                weight=arm.weight,
                content=None if arm.content is None else content_form(arm.content),
            )
            for arm in experiment.arms
        ],
        control_percent=experiment.control_percent,
        winner=None
        if finish is None
        else WinnerForm(
            test_percent=finish.test_percent,
            after_seconds=int(finish.after.total_seconds()),
            deliveries=finish.deliveries,
        ),
    )


class ComparisonView(View, frozen=True, kw_only=True):
    """How the variants of an A/B test compare by click rate, as long as both were tried on people side by side."""

    best: Annotated[str, msgspec.Meta(description="The variant with the best click rate so far.")]
    second: str
    confidence: Annotated[
        float | None,
        msgspec.Meta(
            description="How sure it is that the two best differ, from 0 to 1, by a two-sided test of proportions; "
            f"null with less than {LEAST_ACCEPTED} accepted messages of each or {LEAST_CLICKED} clicks of both."
        ),
    ]


def comparison(counts: Mapping[str | None, Mapping[tuple[str, str], int]]) -> ComparisonView | None:
    """Compare the two best variants; None where there are not two."""
    tallies: dict[str, Tally] = {
        name: tally(of)
        for name, of in counts.items()
        if name is not None and name != CONTROL and not name.startswith(WINNER)
    }
    ranked = sorted(tallies, key=lambda name: (-tallies[name].rate, name))
    if len(ranked) < 2:  # noqa: PLR2004 - one has nothing to be compared with
        return None
    best, second = ranked[:2]
    sure = confidence(tallies[best], tallies[second])
    return ComparisonView(best=best, second=second, confidence=None if sure is None else round(sure, 4))
