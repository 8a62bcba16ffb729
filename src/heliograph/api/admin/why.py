"""Why somebody got a notification, or did not: `/v1/notifications/{id}/why`."""

from typing import Annotated

from litestar import get
from litestar.params import FromPath, QueryParameter

from heliograph.actions.story import Fact
from heliograph.actions.story_words import StoryCode
from heliograph.actions.why import Story, why
from heliograph.api.admin.deliveries import DeliveryHistoryView, history_view
from heliograph.api.auth import By
from heliograph.api.forms import Moment, View
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.domain.identity import MAX_EXTERNAL_ID
from heliograph.errors import NotFound
from heliograph.names import Scope


class FactView(View, frozen=True, kw_only=True):
    """One sentence for a person, and its `code` for a program. `at` is when it happened, or will."""

    code: StoryCode
    sentence: str
    at: Moment | None


class SubscriptionStoryView(View, frozen=True, kw_only=True):
    """One browser's part of the story. `delivery` is null if nothing was tried."""

    subscription_id: str
    story: list[FactView]
    delivery: DeliveryHistoryView | None


class WhyView(View, frozen=True, kw_only=True):
    """The story: what holds for all, then for the person, then browser by browser (50 of them at most)."""

    notification_id: str
    external_id: str | None
    story: list[FactView]
    subscriptions: list[SubscriptionStoryView]


def _facts(facts: list[Fact]) -> list[FactView]:
    return [FactView(code=fact.code, sentence=fact.sentence, at=fact.at) for fact in facts]


def why_view(told: Story) -> WhyView:
    """Return a story as callers see it."""
    return WhyView(
        notification_id=told.notification_id,
        external_id=told.external_id,
        story=_facts(told.facts),
        subscriptions=[
            SubscriptionStoryView(
                subscription_id=one.seen.id,
                story=_facts(one.facts),
                delivery=None if one.seen.delivery is None else history_view(one.seen.delivery, one.seen.attempts),
            )
            for one in told.subscriptions
        ],
    )


@get(
    "/notifications/{notification_id:str}/why",
    summary="Tell why somebody got a notification, or not",
    tags=["Notifications"],
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def tell_why(
    notification_id: FromPath[str],
    caller: By,
    heliograph: Wired,
    profile: Annotated[
        str | None,
        QueryParameter(
            min_length=1, max_length=MAX_EXTERNAL_ID, description="Your own id of the person, or a profile's."
        ),
    ] = None,
    subscription: Annotated[
        str | None, QueryParameter(min_length=1, max_length=40, description="Instead of a person: one subscription.")
    ] = None,
) -> WhyView:
    """Return the whole story of one person, or one subscription, and one notification, in plain sentences with codes.

    Give either `profile` or `subscription`. What is told is what is known: memberships are told as they are now.
    """
    async with heliograph.store.read() as tx:
        told = await why(
            tx,
            heliograph.context(),
            project_id=caller.project(),
            notification_id=notification_id,
            external_id=profile,
            subscription_id=subscription,
        )
    return why_view(told)


ROUTES = (tell_why,)
