"""Segments over HTTP: `/v1/segments`, named rules over profiles."""

from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import delete, get, patch
from litestar.params import FromPath, JSONBody, QueryParameter

from heliograph import conditions
from heliograph.actions import segment_sizes, segments
from heliograph.actions.segment_sizes import Size
from heliograph.actions.segments import Answer, Explanation
from heliograph.api.auth import By
from heliograph.api.forms import PAGE, Cursor, Form, Limit, Moment, PageView, View
from heliograph.api.idempotency import post
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.domain.identity import MAX_EXTERNAL_ID
from heliograph.domain.segment import Segment
from heliograph.errors import Conflict, NotFound
from heliograph.names import Scope

_TAGS = ["Segments"]
_RULE: dict[str, Any] = {
    "kind": "combine",
    "match": "all",
    "of": [
        {"kind": "attribute", "name": "plan", "is": "eq", "value": "gold"},
        {"kind": "event_count", "name": "order", "from": 2, "within": {"days": 90}},
        {"kind": "last_seen", "not_within": {"days": 14}},
    ],
}

SegmentName: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"\S")]
Rule: TypeAlias = Annotated[
    dict[str, Any],
    msgspec.Meta(description="A condition: `GET /v1/segments/schema` is its JSON Schema.", min_length=1),
]


class NewSegment(Form, frozen=True, kw_only=True):
    """A rule with a name."""

    name: SegmentName
    rule: Rule


class SegmentChange(Form, frozen=True, kw_only=True):
    """What shall be different; what is left out stays."""

    name: SegmentName | None = None
    rule: Rule | None = None


class Draft(Form, frozen=True, kw_only=True):
    """A rule that is not kept."""

    rule: Rule


class SegmentView(View, frozen=True, kw_only=True):
    """A segment. How many people it means is asked for by itself, since it takes its time."""

    id: str
    name: str
    rule: dict[str, Any]
    created_at: Moment
    updated_at: Moment


class MemberView(View, frozen=True, kw_only=True):
    """Somebody whom a rule means; visitors who are known by nothing have no external id."""

    id: str
    external_id: str | None


class SizeView(View, frozen=True, kw_only=True):
    """How many people a rule means now.

    Attributes:
        is_exact: false if the time was over before all people were looked at: there are at least so many.
        looked_at: how many people were looked at one by one.
    """

    count: int
    is_exact: bool
    looked_at: int
    sample: list[MemberView]


class AnswerView(View, frozen=True, kw_only=True):
    """What one condition says of a person, and the values that it saw."""

    rule: dict[str, Any]
    holds: bool
    seen: Any
    of: list["AnswerView"]


class ExplanationView(View, frozen=True, kw_only=True):
    """Why somebody is in a segment, or is not."""

    profile: MemberView
    holds: bool
    answer: AnswerView


def _view(segment: Segment) -> SegmentView:
    return SegmentView(
        id=segment.id,
        name=segment.name,
        rule=segment.rule,
        created_at=segment.created_at,
        updated_at=segment.updated_at,
    )


def _size_view(size: Size) -> SizeView:
    return SizeView(
        count=size.count,
        is_exact=size.is_exact,
        looked_at=size.looked_at,
        sample=[MemberView(id=one.id, external_id=one.external_id) for one in size.sample],
    )


def _answer_view(answer: Answer) -> AnswerView:
    return AnswerView(
        rule=answer.rule, holds=answer.holds, seen=answer.seen, of=[_answer_view(part) for part in answer.parts]
    )


def _explanation_view(explained: Explanation) -> ExplanationView:
    person = explained.person
    return ExplanationView(
        profile=MemberView(id=person.id, external_id=person.external_id),
        holds=explained.answer.holds,
        answer=_answer_view(explained.answer),
    )


@post(
    "/segments",
    summary="Make a segment",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, example={"name": "Loyal and away", "rule": _RULE}, problems=(Conflict,)),
)
async def create_segment(data: JSONBody[NewSegment], caller: By, heliograph: Wired) -> SegmentView:
    """Give a rule a name. It is looked at anew with every use: who comes to match it later is in it then."""
    async with heliograph.store.begin() as tx:
        ctx, project_id = heliograph.context(), caller.project()
        return _view(await segments.create(tx, ctx, project_id=project_id, name=data.name, rule=data.rule))


@get("/segments", summary="List segments", tags=_TAGS, opt=operation(scope=Scope.READ))
async def list_segments(
    caller: By, heliograph: Wired, limit: Limit = PAGE, cursor: Cursor = None
) -> PageView[SegmentView]:
    """Return the project's segments, oldest first."""
    async with heliograph.store.read() as tx:
        page = await segments.listing(tx, project_id=caller.project(), cursor=cursor, limit=limit)
    return PageView(items=[_view(segment) for segment in page.items], next=page.next)


@get("/segments/schema", summary="Get the schema of rules", tags=_TAGS, opt=operation(scope=Scope.READ))
async def get_schema(caller: By) -> dict[str, Any]:
    """Return the JSON Schema of rules: which conditions there are, and what each of them asks."""
    caller.project()
    return conditions.schema()


@post(
    "/segments/preview",
    summary="Try a rule",
    tags=_TAGS,
    status_code=200,
    opt=operation(scope=Scope.READ, example={"rule": _RULE}),
)
async def preview_segment(data: JSONBody[Draft], caller: By, heliograph: Wired) -> SizeView:
    """Count whom a rule means now, and name some of them; nothing is kept. It takes a few seconds at most."""
    async with heliograph.store.read() as tx:
        ctx, project_id = heliograph.context(), caller.project()
        return _size_view(await segment_sizes.size(tx, ctx, project_id=project_id, rule=data.rule))


@get(
    "/segments/{segment_id:str}",
    summary="Get a segment",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def get_segment(segment_id: FromPath[str], caller: By, heliograph: Wired) -> SegmentView:
    """Return one segment."""
    async with heliograph.store.read() as tx:
        return _view(await segments.get(tx, project_id=caller.project(), segment_id=segment_id))


@get(
    "/segments/{segment_id:str}/count",
    summary="Count a segment",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def count_segment(segment_id: FromPath[str], caller: By, heliograph: Wired) -> SizeView:
    """Count who is in a segment now, and name some of them. It takes a few seconds at most."""
    async with heliograph.store.read() as tx:
        ctx, project_id = heliograph.context(), caller.project()
        segment = await segments.get(tx, project_id=project_id, segment_id=segment_id)
        return _size_view(await segment_sizes.size(tx, ctx, project_id=project_id, rule=segment.rule))


@get(
    "/segments/{segment_id:str}/explain",
    summary="Tell why somebody is in a segment",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def explain_segment(
    segment_id: FromPath[str],
    caller: By,
    heliograph: Wired,
    profile: Annotated[
        str,
        QueryParameter(
            min_length=1, max_length=MAX_EXTERNAL_ID, description="Your own id of the person, or the profile's, pro_…."
        ),
    ],
) -> ExplanationView:
    """Tell why somebody is in a segment or is not, condition by condition, with the values that each of them saw."""
    async with heliograph.store.read() as tx:
        ctx, project_id = heliograph.context(), caller.project()
        segment = await segments.get(tx, project_id=project_id, segment_id=segment_id)
        explained = await segments.explain(tx, ctx, project_id=project_id, rule=segment.rule, profile=profile)
    return _explanation_view(explained)


@patch(
    "/segments/{segment_id:str}",
    summary="Change a segment",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, example={"name": "Loyal"}, problems=(NotFound, Conflict)),
)
async def change_segment(
    segment_id: FromPath[str], data: JSONBody[SegmentChange], caller: By, heliograph: Wired
) -> SegmentView:
    """Change name or rule. What is being sent goes on with the rule that it began with."""
    async with heliograph.store.begin() as tx:
        ctx, project_id = heliograph.context(), caller.project()
        return _view(
            await segments.change(tx, ctx, project_id=project_id, segment_id=segment_id, name=data.name, rule=data.rule)
        )


@delete(
    "/segments/{segment_id:str}",
    summary="Delete a segment",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, problems=(NotFound, Conflict)),
)
async def delete_segment(segment_id: FromPath[str], caller: By, heliograph: Wired) -> None:
    """Delete a segment that nothing needs. A waiting notification or a campaign that is for it forbids it."""
    async with heliograph.store.begin() as tx:
        await segments.remove(tx, heliograph.context(), project_id=caller.project(), segment_id=segment_id)


ROUTES = (
    create_segment,
    list_segments,
    get_schema,
    preview_segment,
    get_segment,
    count_segment,
    explain_segment,
    change_segment,
    delete_segment,
)
