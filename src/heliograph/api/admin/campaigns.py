"""Campaigns over HTTP: `/v1/campaigns`."""

from typing import Annotated, Any

from litestar import delete, get, put
from litestar.params import FromPath, JSONBody, QueryParameter

from heliograph.actions import (
    campaign_messages,
    campaigns,
    dry_run,
    notifications,
    prompt_definitions,
    prompt_events,
    triggering,
)
from heliograph.actions.campaigns import Outline
from heliograph.actions.triggering import Named
from heliograph.api.admin.campaign_forms import (
    CampaignChange,
    CampaignView,
    CopyForm,
    DispatchView,
    FinishForm,
    NewCampaign,
    StatisticsView,
    TriggeredView,
    TriggerForm,
    campaign_view,
    dispatch_view,
    statistics_view,
)
from heliograph.api.admin.dry_run_views import DRY_RUN, DryRunView, dry_run_view
from heliograph.api.auth import By
from heliograph.api.forms import PAGE, Cursor, Limit, PageView
from heliograph.api.idempotency import post
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.domain.campaign import CampaignKind, CampaignState
from heliograph.errors import (
    Conflict,
    ContentRefused,
    ContentTooLarge,
    FieldError,
    InvalidRequest,
    NotFound,
)
from heliograph.names import Scope
from heliograph.storage.store import Tx

_TAGS = ["Campaigns"]
_EXAMPLE: dict[str, Any] = {
    "name": "Friday's ferry",
    "message": {
        "trigger": {
            "kind": "recurring",
            "every": "week",
            "weekdays": ["fri"],
            "times": ["09:00"],
            "time_zone": "Europe/Berlin",
        },
        "audience": {"kind": "everyone"},
        "content": {"title": "Harbour", "body": "The ferry leaves at nine.", "url": "https://shop.example/ferry"},
        "limits": {
            "caps": [{"count": 2, "per_seconds": 604_800}],
            "quiet_hours": {"from": "22:00", "to": "08:00"},
            "exclusion": {"group": "marketing", "window_seconds": 86_400},
        },
    },
    "priority": 10,
}
_PROBLEMS = (NotFound, ContentRefused, ContentTooLarge)


@post(
    "/campaigns",
    summary="Create a campaign",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, problems=_PROBLEMS, example=_EXAMPLE),
)
async def create_campaign(data: JSONBody[NewCampaign], caller: By, heliograph: Wired) -> CampaignView:
    """Write a draft: nothing is sent before it is started. Everything in it is checked now."""
    async with heliograph.store.begin() as tx:
        outline = await outline_of(tx, caller.project(), data)
        made = await campaigns.create(tx, heliograph.context(), project_id=caller.project(), outline=outline)
    return campaign_view(made)


async def outline_of(tx: Tx, project_id: str, data: NewCampaign) -> Outline:
    """Return a campaign as its author asks for it, with its definition checked.

    Raises:
        InvalidRequest: it is neither a message nor a prompt, or both; or what the check of its kind raises.
    """
    if data.message is not None and data.prompt is None:
        if data.exclusion_group is not None:
            raise _wrong("/exclusion_group", "A message names its exclusion group in `message.limits.exclusion`.")
        kind = CampaignKind.MESSAGE
        definition = await campaign_messages.checked(
            tx, project_id=project_id, asked=data.message.draft(), at="/message"
        )
    elif data.prompt is not None and data.message is None:
        kind = CampaignKind.PROMPT
        definition = await prompt_definitions.checked(tx, project_id=project_id, prompt=data.prompt, at="/prompt")
    else:
        raise _wrong("/message", "Give either a `message` or a `prompt`.")
    return Outline(
        name=data.name,
        kind=kind,
        definition=definition,
        priority=data.priority,
        exclusion_group=data.exclusion_group,
        starts_at=data.starts_at,
        ends_at=data.ends_at,
    )


def _wrong(pointer: str, sentence: str) -> InvalidRequest:
    return InvalidRequest(sentence, (FieldError(pointer, sentence),))


@get("/campaigns", summary="List campaigns", tags=_TAGS, opt=operation(scope=Scope.READ))
async def list_campaigns(
    *,
    caller: By,
    heliograph: Wired,
    limit: Limit = PAGE,
    cursor: Cursor = None,
    kind: Annotated[CampaignKind | None, QueryParameter(description="Only those of this kind.")] = None,
    campaign_state: Annotated[
        CampaignState | None, QueryParameter(name="state", description="Only those in this state.")
    ] = None,
) -> PageView[CampaignView]:
    """Return the project's campaigns, newest first."""
    async with heliograph.store.read() as tx:
        page = await campaigns.listing(
            tx, project_id=caller.project(), kind=kind, state=campaign_state, cursor=cursor, limit=limit
        )
    return PageView(items=[campaign_view(one) for one in page.items], next=page.next)


@get(
    "/campaigns/{campaign_id:str}",
    summary="Get a campaign",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def get_campaign(campaign_id: FromPath[str], caller: By, heliograph: Wired) -> CampaignView:
    """Return one campaign with its definition."""
    async with heliograph.store.read() as tx:
        return campaign_view(await campaigns.get(tx, project_id=caller.project(), campaign_id=campaign_id))


@put(
    "/campaigns/{campaign_id:str}",
    summary="Change a campaign",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, problems=(*_PROBLEMS, Conflict), example={**_EXAMPLE, "version": 1}),
)
async def change_campaign(
    campaign_id: FromPath[str], data: JSONBody[CampaignChange], caller: By, heliograph: Wired
) -> CampaignView:
    """Write all of it anew, if it still is of the version that you have read.

    Of a running one everything may change but what starts it; what is being sent stays as it was.
    """
    async with heliograph.store.begin() as tx:
        outline = await outline_of(tx, caller.project(), data)
        changed = await campaigns.change(
            tx,
            heliograph.context(),
            heliograph.queue,
            project_id=caller.project(),
            campaign_id=campaign_id,
            version=data.version,
            outline=outline,
        )
    return campaign_view(changed)


@delete(
    "/campaigns/{campaign_id:str}",
    summary="Delete a campaign",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, problems=(NotFound, Conflict)),
)
async def delete_campaign(campaign_id: FromPath[str], caller: By, heliograph: Wired) -> None:
    """Delete a draft, or one that is done. What it sent stays."""
    async with heliograph.store.begin() as tx:
        await campaigns.remove(tx, heliograph.context(), project_id=caller.project(), campaign_id=campaign_id)


@post(
    "/campaigns/{campaign_id:str}/start",
    summary="Start a campaign",
    tags=_TAGS,
    status_code=200,
    opt=operation(scope=Scope.SEND, problems=(NotFound, Conflict)),
)
async def start_campaign(campaign_id: FromPath[str], caller: By, heliograph: Wired) -> CampaignView:
    """Let a draft begin, at once or at its time. Starting twice does no harm."""
    async with heliograph.store.begin() as tx:
        ctx = heliograph.context()
        found = await campaigns.start(tx, ctx, heliograph.queue, project_id=caller.project(), campaign_id=campaign_id)
    return campaign_view(found)


@post(
    "/campaigns/{campaign_id:str}/pause",
    summary="Pause a campaign",
    tags=_TAGS,
    status_code=200,
    opt=operation(scope=Scope.SEND, problems=(NotFound, Conflict)),
)
async def pause_campaign(campaign_id: FromPath[str], caller: By, heliograph: Wired) -> CampaignView:
    """Let nothing more of it begin. What is being sent goes on."""
    async with heliograph.store.begin() as tx:
        ctx = heliograph.context()
        return campaign_view(await campaigns.pause(tx, ctx, project_id=caller.project(), campaign_id=campaign_id))


@post(
    "/campaigns/{campaign_id:str}/resume",
    summary="Resume a campaign",
    tags=_TAGS,
    status_code=200,
    opt=operation(scope=Scope.SEND, problems=(NotFound, Conflict)),
)
async def resume_campaign(campaign_id: FromPath[str], caller: By, heliograph: Wired) -> CampaignView:
    """Go on from now; what came round during the pause is left out."""
    async with heliograph.store.begin() as tx:
        ctx = heliograph.context()
        found = await campaigns.resume(tx, ctx, heliograph.queue, project_id=caller.project(), campaign_id=campaign_id)
    return campaign_view(found)


@post(
    "/campaigns/{campaign_id:str}/finish",
    summary="Finish a campaign",
    tags=_TAGS,
    status_code=200,
    opt=operation(scope=Scope.SEND, problems=(NotFound, Conflict), example={"cancel": True}),
)
async def finish_campaign(
    campaign_id: FromPath[str], data: JSONBody[FinishForm], caller: By, heliograph: Wired
) -> CampaignView:
    """End it for good; with `cancel`, what is on its way too. Finishing twice does no harm."""
    async with heliograph.store.begin() as tx:
        ctx, project_id = heliograph.context(), caller.project()
        done, left = await campaigns.finish(tx, ctx, project_id=project_id, campaign_id=campaign_id)
        for notification_id in left if data.cancel else ():
            await notifications.cancel(tx, ctx, project_id=project_id, notification_id=notification_id)
    return campaign_view(done)


@post(
    "/campaigns/{campaign_id:str}/duplicate",
    summary="Duplicate a campaign",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, problems=(NotFound,), example={"name": "Friday's ferry in winter"}),
)
async def duplicate_campaign(
    campaign_id: FromPath[str], data: JSONBody[CopyForm], caller: By, heliograph: Wired
) -> CampaignView:
    """Write a draft that says the same."""
    async with heliograph.store.begin() as tx:
        ctx = heliograph.context()
        made = await campaigns.duplicate(tx, ctx, project_id=caller.project(), campaign_id=campaign_id, name=data.name)
    return campaign_view(made)


@post(
    "/campaigns/{campaign_id:str}/trigger",
    summary="Trigger a campaign",
    tags=_TAGS,
    status_code=202,
    opt=operation(
        scope=Scope.SEND,
        problems=(NotFound, Conflict),
        example={
            "key": "order-1234",
            "profiles": [{"external_id": "ada", "variables": {"order": "1234"}}],
            "variables": {"carrier": "Harbour Post"},
        },
    ),
)
async def trigger_campaign(
    campaign_id: FromPath[str], data: JSONBody[TriggerForm], caller: By, heliograph: Wired
) -> TriggeredView:
    """Send it to the people named, once per `key`: the same call again changes nothing and gets the same answer."""
    async with heliograph.store.begin() as tx:
        done = await triggering.trigger(
            tx,
            heliograph.context(),
            heliograph.queue,
            project_id=caller.project(),
            campaign_id=campaign_id,
            key=data.key,
            people=[Named(one.external_id, one.variables) for one in data.profiles],
            variables=data.variables,
        )
    return TriggeredView(dispatch=done.run.id, is_new=done.is_new, unknown=list(done.unknown))


@get(
    "/campaigns/{campaign_id:str}/preview",
    summary="Preview a campaign",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound, Conflict), answer=DRY_RUN),
)
async def preview_campaign(
    campaign_id: FromPath[str],
    caller: By,
    heliograph: Wired,
    variant: Annotated[
        str | None, QueryParameter(max_length=40, description="Of an A/B test: only what this variant's readers get.")
    ] = None,
) -> DryRunView:
    """Tell what a message campaign would do if its whole audience were sent to now; nothing is stored or sent.

    Limits depend on what each person gets until then, and are left aside.
    """
    ctx, project_id = heliograph.context(), caller.project()
    async with heliograph.store.read() as tx:
        campaign = await campaigns.get(tx, project_id=project_id, campaign_id=campaign_id)
        if campaign.kind is not CampaignKind.MESSAGE:
            raise Conflict("A prompt is shown on pages: there is nothing that would be sent.")
        draft = campaign_messages.draft_of(campaign, variant)
        return dry_run_view(await dry_run.dry_run(tx, ctx, project_id=project_id, draft=draft))


@get(
    "/campaigns/{campaign_id:str}/statistics",
    summary="Get a campaign's statistics",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def get_campaign_statistics(campaign_id: FromPath[str], caller: By, heliograph: Wired) -> StatisticsView:
    """Return what came of a campaign so far, by variant too."""
    async with heliograph.store.read() as tx:
        campaign = await campaigns.get(tx, project_id=caller.project(), campaign_id=campaign_id)
        found = await campaigns.results(tx, project_id=caller.project(), campaign_id=campaign_id)
        told = await prompt_events.told_of(tx, campaign)
    return statistics_view(found, told)


@get(
    "/campaigns/{campaign_id:str}/dispatches",
    summary="List a campaign's dispatches",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def list_dispatches(
    campaign_id: FromPath[str], caller: By, heliograph: Wired, limit: Limit = PAGE, cursor: Cursor = None
) -> PageView[DispatchView]:
    """Return the runs of a campaign, newest first, with those that were missed."""
    async with heliograph.store.read() as tx:
        page = await campaigns.runs(
            tx, project_id=caller.project(), campaign_id=campaign_id, cursor=cursor, limit=limit
        )
    return PageView(items=[dispatch_view(run) for run in page.items], next=page.next)


ROUTES = (
    create_campaign,
    list_campaigns,
    get_campaign,
    change_campaign,
    delete_campaign,
    start_campaign,
    pause_campaign,
    resume_campaign,
    finish_campaign,
    duplicate_campaign,
    trigger_campaign,
    preview_campaign,
    get_campaign_statistics,
    list_dispatches,
)
