"""What an operator does with segments: make, change, look who is in one and why, remove."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from heliograph import conditions
from heliograph.actions import audit, profiles
from heliograph.conditions import Condition
from heliograph.domain.person import Person
from heliograph.domain.segment import RuleJson, Segment
from heliograph.errors import Conflict, FieldError, NotFound
from heliograph.kit.context import Context
from heliograph.kit.paging import Page, read_page
from heliograph.names import Act
from heliograph.storage import people, prompts, segments
from heliograph.storage.store import Tx

MAX_SEGMENTS = 1_000
"""Segments of a project."""
_TOLD = 20
"""Uses that a refusal names."""


async def create(tx: Tx, ctx: Context, *, project_id: str, name: str, rule: RuleJson) -> Segment:
    """Give a rule a name.

    Raises:
        InvalidRequest: it is no rule.
        Conflict: the project has a segment of this name, or too many.
    """
    conditions.parse(rule)
    if len(await segments.page(tx, project_id, after=None, limit=MAX_SEGMENTS)) == MAX_SEGMENTS:
        raise Conflict(f"A project has at most {MAX_SEGMENTS} segments.")
    segment = Segment(ctx.ids.new("seg"), project_id, name, rule, ctx.now, ctx.now)
    if not await segments.add(tx, segment):
        raise _taken(name)
    await audit.note(tx, ctx, Act.SEGMENT_MADE, project_id=project_id, subject_id=segment.id, name=name)
    return segment


async def change(
    tx: Tx, ctx: Context, *, project_id: str, segment_id: str, name: str | None = None, rule: RuleJson | None = None
) -> Segment:
    """Change a segment. What is being sent goes on with the rule that it began with.

    Raises:
        NotFound: there is no such segment.
        InvalidRequest: it is no rule.
        Conflict: the project has another segment of this name.
    """
    old = await get(tx, project_id=project_id, segment_id=segment_id)
    if rule is not None:
        conditions.parse(rule)
    if name is not None and name != old.name and await segments.named(tx, project_id, name) is not None:
        raise _taken(name)
    await segments.change(tx, segment_id, name=name or old.name, rule=rule or old.rule, now=ctx.now)
    await audit.note(tx, ctx, Act.SEGMENT_CHANGED, project_id=project_id, subject_id=segment_id, name=name or old.name)
    return await get(tx, project_id=project_id, segment_id=segment_id)


def _taken(name: str) -> Conflict:
    sentence = "The project has a segment of this name."
    return Conflict(sentence, (FieldError("/name", f"{name}: {sentence}"),))


async def get(tx: Tx, *, project_id: str, segment_id: str) -> Segment:
    """Return one segment, or raise `NotFound`."""
    segment = await segments.get(tx, project_id, segment_id)
    if segment is None:
        raise NotFound("There is no such segment in this project.")
    return segment


async def find(tx: Tx, *, project_id: str, name_or_id: str) -> Segment:
    """Return the segment of this name or identifier, or raise `NotFound`."""
    return await segments.named(tx, project_id, name_or_id) or await get(
        tx, project_id=project_id, segment_id=name_or_id
    )


async def listing(tx: Tx, *, project_id: str, cursor: str | None, limit: int) -> Page[Segment]:
    """Return a page of segments, oldest first."""
    return await read_page(
        lambda after, count: segments.page(tx, project_id, after=after, limit=count),
        lambda segment: segment.id,
        listing=f"segments/{project_id}",
        cursor=cursor,
        limit=limit,
    )


@dataclass(frozen=True, slots=True)
class Use:
    """Something that needs a segment: what kind of thing, and its identifier."""

    kind: str
    id: str


async def _notifications(tx: Tx, _project_id: str, segment_id: str) -> list[Use]:
    waiting = await segments.waiting_notifications(tx, segment_id, limit=_TOLD)
    return [Use("notification", one) for one in waiting]


async def _prompts(tx: Tx, project_id: str, segment_id: str) -> list[Use]:
    return [Use("campaign", one) for one in await prompts.of_segment(tx, project_id, segment_id, limit=_TOLD)]


async def _messages(tx: Tx, project_id: str, segment_id: str) -> list[Use]:
    return [Use("campaign", one) for one in await segments.waiting_messages(tx, project_id, segment_id, limit=_TOLD)]


USES: tuple[Callable[[Tx, str, str], Awaitable[list[Use]]], ...] = (_notifications, _messages, _prompts)
"""Who is asked, by project and segment, before a segment is removed. Whatever refers to segments adds a line."""


async def remove(tx: Tx, ctx: Context, *, project_id: str, segment_id: str) -> None:
    """Remove a segment that nothing needs.

    Raises:
        NotFound: there is no such segment.
        Conflict: something needs it; the detail says what.
    """
    segment = await get(tx, project_id=project_id, segment_id=segment_id)
    uses = [use for ask in USES for use in await ask(tx, project_id, segment_id)]
    if uses:
        named = ", ".join(f"{use.kind} {use.id}" for use in uses[:_TOLD])
        raise Conflict(f"The segment is needed by: {named}.")
    await segments.remove(tx, segment_id)
    await audit.note(tx, ctx, Act.SEGMENT_REMOVED, project_id=project_id, subject_id=segment_id, name=segment.name)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one condition of a rule says of a person, and the values that it saw (JSON)."""

    rule: RuleJson
    holds: bool
    seen: Any
    parts: tuple["Answer", ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a person is in a segment, or is not."""

    person: Person
    answer: Answer


async def explain(tx: Tx, ctx: Context, *, project_id: str, rule: RuleJson, profile: str) -> Explanation:
    """Tell, condition by condition, why a person is meant by a rule or not.

    `profile` is the person's external id, or the profile's identifier.

    Raises:
        NotFound: there is no such person.
    """
    found = await profiles.find(tx, project_id=project_id, external_id=profile)
    if found is None:
        found = await profiles.get(tx, project_id=project_id, profile_id=profile)
    condition = conditions.parse(rule)
    loaded = await people.load(tx, [found.id], condition.needs)
    if not loaded:
        raise NotFound("There is no such profile in this project.")
    return Explanation(loaded[0], _answer(condition, rule, loaded[0], ctx.now))


def _answer(condition: Condition, rule: RuleJson, person: Person, now: datetime) -> Answer:
    parts = tuple(
        _answer(part, own, person, now) for part, own in zip(condition.parts, rule.get("of", ()), strict=True)
    )
    told = {name: value for name, value in rule.items() if name != "of"} if parts else rule
    return Answer(told, condition.matches(person, now), condition.seen(person, now), parts)
