"""What became of a prompt campaign, as its author sees it: the events of each variant, and how many said yes."""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from heliograph.actions.prompt_events import STANDARD, Statistics
from heliograph.api.forms import View

SHOWN, SUBSCRIBED = "show-widget", "push-subscribed"


class PromptVariantView(View, frozen=True, kw_only=True):
    """What happened to one variant, or to all of them (`variant` null, as of a campaign without any)."""

    variant: str | None
    events: Annotated[
        dict[str, int],
        msgspec.Meta(description=f"Always has {', '.join(STANDARD)}; custom HTML adds events of its own."),
    ]
    subscribed_rate: Annotated[float, msgspec.Meta(description=f"`{SUBSCRIBED}` of `{SHOWN}`, 0 to 1.")]


class PromptStatisticsView(View, frozen=True, kw_only=True):
    """What pages told of a prompt campaign. Nobody signs it: it says how a campaign does, and decides nothing."""

    total: PromptVariantView
    variants: list[PromptVariantView]


def prompt_statistics_view(found: Statistics) -> PromptStatisticsView:
    """Return what callers see."""
    return PromptStatisticsView(
        total=_view(None, found.total),
        variants=[_view(variant, events) for variant, events in found.by_variant.items() if variant],
    )


def _view(variant: str | None, events: Mapping[str, int]) -> PromptVariantView:
    shown, subscribed = events.get(SHOWN, 0), events.get(SUBSCRIBED, 0)
    # A page may be left between the two, so that the yes is told of and the show is not.
    rate = min(1.0, subscribed / shown) if shown else 0.0
    return PromptVariantView(variant=variant, events=dict(events), subscribed_rate=round(rate, 6))
