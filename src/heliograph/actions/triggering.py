"""A customer's server asks for a run of a campaign, for people whom it names: once per key, however often it asks."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from heliograph.actions import campaigns
from heliograph.actions.notifications import priority_of
from heliograph.domain.campaign import CampaignKind, CampaignRun, CampaignState, DispatchState
from heliograph.domain.notification import Audience, AudienceKind
from heliograph.errors import Conflict, FieldError, InvalidRequest, NotFound
from heliograph.kit.context import Context
from heliograph.queue.base import Queue
from heliograph.queue.due import dispatch_job
from heliograph.storage import dispatches, moving
from heliograph.storage.notifications import stored
from heliograph.storage.store import Tx
from heliograph.triggers.api import Api

MAX_PEOPLE = 1_000
MAX_VARIABLES = 16_384
"""Bytes of variables of one person, or of all, as JSON."""


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody for whom a campaign is to run, with what its content says to them alone."""

    external_id: str
    variables: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Triggered:
    """What came of asking.

    Attributes:
        is_new: False if it was asked for before, by this key.
        unknown: who is not a profile of the project.
    """

    run: CampaignRun
    is_new: bool
    unknown: tuple[str, ...]


async def trigger(
    tx: Tx,
    ctx: Context,
    queue: Queue,
    *,
    project_id: str,
    campaign_id: str,
    key: str,
    people: Sequence[Named],
    variables: dict[str, Any],
) -> Triggered:
    """Ask for a run. The same key with the same words changes nothing and gives the same answer.

    Raises:
        Conflict: it is not a running campaign that is started by calls; or the key was used with other words.
        InvalidRequest: variables that are too large, or somebody twice.
        NotFound: there is no such campaign, or nobody of these people.
    """
    _check(people, variables)
    campaign = await campaigns.get(tx, project_id=project_id, campaign_id=campaign_id)
    if campaign.kind is not CampaignKind.MESSAGE or campaign.trigger_kind != Api.kind:
        raise Conflict("This campaign is not started by calls: its trigger is another one.")
    found = await moving.people(tx, project_id, [one.external_id for one in people])
    unknown = tuple(one.external_id for one in people if one.external_id not in found)
    digest = _digest(people, variables)
    before = await dispatches.by_key(tx, campaign_id, key)
    if before is not None:
        return _again(before, digest, unknown)
    if campaign.state is not CampaignState.RUNNING:
        raise Conflict(f"It is {campaign.state}, not running.")
    if not found:
        sentence = "None of these people is a profile of the project."
        raise NotFound(sentence, (FieldError("/profiles", sentence),))
    ids = {name: profile_id for name, (profile_id, _) in found.items()}
    audience = Audience(AudienceKind.PROFILES, profile_ids=tuple(sorted(ids.values())))
    own = {ids[one.external_id]: one.variables for one in people if one.external_id in ids and one.variables}
    run = CampaignRun(
        id=ctx.ids.new("dsp"),
        campaign_id=campaign_id,
        project_id=project_id,
        key=key,
        due_at=ctx.now,
        state=DispatchState.WAITING,
        reason=None,
        audience=stored(audience),
        variables={"all": variables, "people": own} if variables or own else None,
        request_hash=digest,
        created_at=ctx.now,
    )
    if not await dispatches.add(tx, run):
        before = await dispatches.by_key(tx, campaign_id, key)
        assert before is not None
        return _again(before, digest, unknown)
    await queue.add(tx, [dispatch_job(run.id, ctx.now, priority=priority_of(audience))], now=ctx.now)
    return Triggered(run, True, unknown)


def _again(run: CampaignRun, digest: str, unknown: tuple[str, ...]) -> Triggered:
    if run.request_hash != digest:
        raise Conflict("This key was used before, with other people or variables: take another one.")
    return Triggered(run, False, unknown)


def _check(people: Sequence[Named], variables: dict[str, Any]) -> None:
    faults = []
    if len(msgspec.json.encode(variables)) > MAX_VARIABLES:
        faults.append(FieldError("/variables", "Variables are at most 16 KiB."))
    for number, one in enumerate(people):
        if one.variables and len(msgspec.json.encode(one.variables)) > MAX_VARIABLES:
            faults.append(FieldError(f"/profiles/{number}/variables", "Variables are at most 16 KiB."))
    if len({one.external_id for one in people}) < len(people):
        faults.append(FieldError("/profiles", "Somebody is named twice."))
    if faults:
        raise InvalidRequest(faults[0].detail, tuple(faults))


def _digest(people: Sequence[Named], variables: dict[str, Any]) -> str:
    named = sorted(([one.external_id, one.variables] for one in people), key=lambda pair: str(pair[0]))
    return hashlib.sha256(msgspec.json.encode([named, variables], order="deterministic")).hexdigest()
