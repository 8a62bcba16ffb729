"""The definition of a message campaign: checked as a whole when it is written, so that no run of it fails later."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from heliograph import triggers
from heliograph.actions import audiences, notifications
from heliograph.actions.contact_limits import limit_faults
from heliograph.actions.notifications import Draft
from heliograph.actions.rates import read_rate
from heliograph.domain.campaign import Campaign
from heliograph.domain.contact_rules import ContactRules
from heliograph.domain.experiment import Experiment, experiment_errors
from heliograph.domain.message import Message
from heliograph.domain.notification import DEFAULT_TTL, TOPIC
from heliograph.errors import FieldError, InvalidRequest, NotFound, Problem
from heliograph.storage import campaigns, projects
from heliograph.storage.projects import Project
from heliograph.storage.store import Tx
from heliograph.triggers import AnyTrigger
from heliograph.triggers.at import At
from heliograph.triggers.base import OWN
from heliograph.triggers.now import Now
from heliograph.triggers.recurring import Recurring

_AT_ONE_MOMENT = (Now, At, Recurring)


@dataclass(frozen=True, slots=True)
class MessageDraft:
    """A message campaign as its author asks for it.

    Attributes:
        draft: content, audience and the life of its notifications.
        limits: how often and when it may go to one person.
        life: how long after it is due it is worth sending; None: as long as its TTL.
        experiment: an A/B test of its content.
    """

    trigger: AnyTrigger
    draft: Draft
    limits: ContactRules
    life: timedelta | None = None
    experiment: Experiment | None = None


async def checked(tx: Tx, *, project_id: str, asked: MessageDraft, at: str) -> dict[str, Any]:
    """Return the definition as it is stored; `at` is its JSON Pointer.

    Raises:
        InvalidRequest: the trigger, the limits or the times are none.
        ContentRefused: content that cannot be shown.
        ContentTooLarge: content that does not fit into a push message.
        NotFound: there is no such segment, or none of the named subscriptions is the project's.
    """
    project = await projects.get(tx, project_id)
    if project is None:
        raise NotFound("There is no such project.")
    draft = asked.draft
    faults = [FieldError(f"{at}/trigger{one.pointer}", one.detail) for one in asked.trigger.faults()]
    faults += limit_faults(asked.limits, f"{at}/limits")
    if asked.experiment is not None:
        faults += _below(at, [*experiment_errors(asked.experiment), *_winner_faults(asked)])
    if draft.topic is not None and not TOPIC.fullmatch(draft.topic):
        faults.append(FieldError(f"{at}/topic", "A topic is 1 to 32 letters, digits, - and _ (RFC 8030 section 5.4)."))
    if faults:
        raise InvalidRequest(faults[0].detail, tuple(faults))
    audience = await audiences.known(tx, project_id, draft.audience, f"{at}/audience")
    try:
        notifications.check_content(project, draft.kind, draft.content)
        _check_arms(project, asked)
        await notifications.check_audience(tx, project_id, audience)
    except Problem as problem:
        problem.errors = _below(at, problem.errors)
        raise
    message = Message(
        audience=audience,
        content=draft.content,
        kind=draft.kind,
        limits=asked.limits,
        ttl=DEFAULT_TTL if draft.ttl is None else draft.ttl,
        life=asked.life,
        urgency=draft.urgency,
        topic=draft.topic,
        rate=read_rate(draft.rate, f"{at}/rate"),
        experiment=asked.experiment,
    )
    return {"trigger": triggers.stored(asked.trigger), **campaigns.message_json(message)}


def _winner_faults(asked: MessageDraft) -> list[FieldError]:
    """Refuse a winner where there is no crowd that waits for it at one moment."""
    test = asked.experiment
    is_fit = isinstance(asked.trigger, _AT_ONE_MOMENT) and getattr(asked.trigger, "time_zone", None) != OWN
    if test is None or test.finish is None or is_fit:
        return []
    kinds = ", ".join(one.kind for one in _AT_ONE_MOMENT)
    sentence = f"A winner is for triggers that reach all at one moment ({kinds}, not in each person's own time zone)."
    return [FieldError("/experiment/winner", sentence)]


def _check_arms(project: Project, asked: MessageDraft) -> None:
    """Check the contents of a test as the campaign's own is checked."""
    for index, arm in enumerate([] if asked.experiment is None else asked.experiment.arms):
        try:
            if arm.content is not None:
                notifications.check_content(project, asked.draft.kind, arm.content)
        except Problem as problem:
            problem.errors = _below(f"/experiment/variants/{index}", problem.errors)
            raise


def _below(at: str, errors: Sequence[FieldError]) -> tuple[FieldError, ...]:
    return tuple(FieldError(f"{at}{one.pointer}", one.detail) for one in errors)


def draft_of(campaign: Campaign, variant: str | None = None) -> Draft:
    """Return what a dry run takes: of the whole audience, or of those who get one variant of an A/B test.

    Raises:
        NotFound: there is no such variant.
    """
    message = campaigns.message_of(campaign.definition)
    content, share = message.content, None
    if variant is not None:
        test = message.experiment
        arm = next((one for one in test.arms if one.name == variant), None) if test is not None else None
        if test is None or arm is None:
            raise NotFound("The campaign has no such variant.")
        content, share = arm.content or content, dict(test.shares(campaign.id))[variant]
    return Draft(
        content=content,
        audience=replace(message.audience, share=share),
        kind=message.kind,
        ttl=message.ttl,
        urgency=message.urgency,
        topic=message.topic,
        rate=None if message.rate is None else str(message.rate),
    )
