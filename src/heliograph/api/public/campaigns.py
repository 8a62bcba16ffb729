"""Prompt campaigns: which there are for a page view, and what happened to them. `/v1/public/campaigns`, `…-events`.

Both also take text/plain with the key in the query: then a browser sends no preflight, and `sendBeacon` gets through
while the page is being left.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, post
from litestar.enums import MediaType
from litestar.params import JSONBody

from heliograph.actions import prompt_events, prompts, visitors
from heliograph.actions.prompt_events import MAX_EVENTS, PromptEvent, PromptEventFault
from heliograph.api.forms import Form, View
from heliograph.api.operation import operation
from heliograph.api.public.access import FOR_OPENERS, Page
from heliograph.api.public.forms import VisitorToken
from heliograph.api.public.standing import standing_of
from heliograph.api.wired import Wired
from heliograph.domain.page_trigger import LeaveIntent, PageTrigger, PageViews
from heliograph.domain.prompt import Frequency, Permission, PromptKind, Size, Texts
from heliograph.domain.prompt_page import Browser, Circumstances
from heliograph.domain.user_agent import device_of
from heliograph.names import Metric
from heliograph.storage import prompts as rows

_VISITOR = "hvi_Jq3mB0aVw1uZk9xTn5cP2A"
_CAMPAIGN = "cmp_01k2p7wq8e4vz9x3m5n6r7s8t0"
_MAX_ADDRESS = 65_536
_TEXT_OR_JSON = ("application/json", "text/plain")


class CampaignsForm(Form, frozen=True, kw_only=True):
    """What a page says of itself and of its browser."""

    visitor: VisitorToken
    permission: Annotated[Permission, msgspec.Meta(description="What the browser says of notifications.")]
    url: Annotated[str, msgspec.Meta(max_length=_MAX_ADDRESS)] | None = None
    language: Annotated[str, msgspec.Meta(max_length=100, description="BCP 47, such as en-GB")] | None = None
    time_zone: Annotated[str, msgspec.Meta(max_length=100, description="IANA, such as Europe/Berlin")] | None = None
    mobile: Annotated[bool, msgspec.Meta(description="The header User-Agent, if left out.")] | None = None


class LookView(View, frozen=True, kw_only=True, omit_defaults=True):
    """What a prompt looks like."""

    theme: str
    accent: str | None = None
    position: str | None = None
    icon: str | None = None
    z_index: int | None = None


class CategoryView(View, frozen=True, kw_only=True):
    """A choice: a group to join, or an attribute that becomes true or false."""

    group: str | None
    attribute: str | None
    title: str
    description: str | None
    checked: bool


class PromptView(View, frozen=True, kw_only=True, omit_defaults=True):
    """A campaign as the page script shows it, in one language and one variant."""

    id: str
    variant: str | None
    prompt: PromptKind
    exclusion_group: str | None
    priority: int
    """Higher goes first."""
    frequency: Frequency
    triggers: list[list[PageTrigger]]
    """One group whose triggers all hold is enough; no groups: at once."""
    texts: Texts
    language: str
    direction: str
    look: LookView
    spot: str | None
    groups: list[str]
    categories: list[CategoryView] | None = None
    html: str | None = None
    size: Size | None = None


class OwnVisitorView(View, frozen=True, kw_only=True):
    """What is known of the visitor here. Of one who is not known, nothing."""

    identified: bool
    subscribed: bool


class CampaignsView(View, frozen=True, kw_only=True):
    """The campaigns for this visitor on this page, the highest priority first."""

    campaigns: list[PromptView]
    visitor: OwnVisitorView


_ANSWERED = CampaignsView(
    campaigns=[
        PromptView(
            id=_CAMPAIGN,
            variant="a",
            prompt=PromptKind.SLIDE,
            exclusion_group="permission",
            priority=10,
            frequency=Frequency(),
            triggers=[[PageViews(from_=2), LeaveIntent()]],
            texts=Texts(title="Hear of new lamps first?", accept="Yes, please", later="Not now"),
            language="en",
            direction="ltr",
            look=LookView(theme="auto", accent="#1f6f5c"),
            spot=None,
            groups=["news"],
        )
    ],
    visitor=OwnVisitorView(identified=False, subscribed=False),
)


class _Answer(msgspec.Struct, frozen=True):
    """`CampaignsView` with campaigns that are JSON already."""

    campaigns: list[msgspec.Raw]
    visitor: OwnVisitorView


class PromptEventForm(Form, frozen=True, kw_only=True):
    """One event. `id` is made by the page, another one for each event."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    campaign: Annotated[str, msgspec.Meta(max_length=40)]
    event: Annotated[str, msgspec.Meta(max_length=40)]
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    variant: Annotated[str, msgspec.Meta(max_length=40)] | None = None


class PromptEventsForm(Form, frozen=True, kw_only=True):
    """Some events. Each is read by itself, so that one that is odd does not take the others down."""

    visitor: VisitorToken
    events: Annotated[
        list[msgspec.Raw],
        msgspec.Meta(
            min_length=1,
            max_length=MAX_EVENTS,
            description="Each has `id` (made by the page, another one for each), `campaign`, `event` (1 to 40 of a-z, "
            "0-9 and -), `at`, and `variant` where the campaign has some.",
        ),
    ]


class RefusedPromptEventView(View, frozen=True, kw_only=True):
    """An event that was not counted, by its place in the call."""

    index: int
    code: PromptEventFault


class PromptEventsView(View, frozen=True, kw_only=True):
    """How many events were taken, those that were known already included, and which were not."""

    accepted: int
    refused: list[RefusedPromptEventView]


@post(
    "/campaigns",
    status_code=200,
    summary="Get the prompt campaigns for a page view",
    tags=["Public"],
    opt=operation(
        example={
            "visitor": _VISITOR,
            "permission": "default",
            "url": "https://shop.example/lamps/blue",
            "language": "en-GB",
            "time_zone": "Europe/London",
            "mobile": False,
        },
        answer=_ANSWERED,
        content_types=_TEXT_OR_JSON,
    )
    | FOR_OPENERS,
)
async def list_prompts(
    data: JSONBody[CampaignsForm], page: Page, heliograph: Wired, request: Request[Any, Any, Any]
) -> Response[CampaignsView]:
    """Return what may be shown to this visitor. Triggers, exclusion and frequency are the page's to keep.

    Writes nothing. A campaign that was started, changed or stopped is known everywhere after ten seconds.
    """
    visitor_hash = visitors.hash_token(data.visitor)
    standing = await standing_of(request.scope).of(page.project.id)
    async with heliograph.store.read() as tx:
        facts = await rows.visitor(tx, standing.question, page.project.id, visitor_hash)
    at = _circumstances(data, page, request.headers.get("user-agent"))
    told = prompts.chosen(standing, facts, at, visitor_hash, now=heliograph.clock.now())
    known = OwnVisitorView(
        identified=facts is not None and facts.external_id is not None,
        subscribed=facts is not None and facts.is_subscribed,
    )
    answer = msgspec.json.encode(_Answer([msgspec.Raw(one) for one in told], known))
    return Response(answer, media_type=MediaType.JSON)  # type: ignore[arg-type]


def _circumstances(data: CampaignsForm, page: Page, user_agent: str | None) -> Circumstances:
    device = device_of(user_agent)
    browser = Browser(
        # The browser writes this one; the address is what the page says.
        is_https=page.origin is not None and page.origin.startswith("https:"),
        browser=device.browser,
        system=device.os,
        is_mobile=device.is_mobile if data.mobile is None else data.mobile,
        permission=data.permission,
    )
    return Circumstances(browser, data.url, data.language)


@post(
    "/campaign-events",
    status_code=202,
    summary="Tell what happened to prompts",
    tags=["Public"],
    opt=operation(
        example={
            "visitor": _VISITOR,
            "events": [{"id": "Yq81kPz3", "campaign": _CAMPAIGN, "event": "show-widget", "at": "2026-03-14T09:26:53Z"}],
        },
        content_types=_TEXT_OR_JSON,
    )
    | FOR_OPENERS,
)
async def create_prompt_events(data: JSONBody[PromptEventsForm], page: Page, heliograph: Wired) -> PromptEventsView:
    """Count events for the campaigns' statistics. One that comes twice counts once.

    `push-subscribed`, `push-denied` and `test-passed` count once per visitor and campaign, whatever their ids are.
    """
    visitor_hash = visitors.hash_token(data.visitor)
    ctx = heliograph.context()
    read = [_read(raw) for raw in data.events]
    good = [one for one in read if one is not None]
    faults: list[PromptEventFault | None] = []
    if good:
        async with heliograph.store.begin() as tx:
            faults = await prompt_events.record(
                tx, ctx, project_id=page.project.id, visitor_hash=visitor_hash, events=good
            )
    found = iter(faults)
    codes = [PromptEventFault.MALFORMED if one is None else next(found) for one in read]
    refused = [RefusedPromptEventView(index=index, code=code) for index, code in enumerate(codes) if code is not None]
    accepted = len(codes) - len(refused)
    if accepted:
        heliograph.meters.add(Metric.PROMPT_EVENTS, accepted)
    return PromptEventsView(accepted=accepted, refused=refused)


def _read(raw: msgspec.Raw) -> PromptEvent | None:
    try:
        form = msgspec.json.decode(raw, type=PromptEventForm)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return PromptEvent(form.id, form.campaign, form.variant, form.event, form.at)


ROUTES = (list_prompts, create_prompt_events)
