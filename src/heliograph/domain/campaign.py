"""Campaigns: what they are and how they go from draft to done. What a message or a prompt says is its definition's."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class CampaignKind(StrEnum):
    """What a campaign does: it sends, or it asks for permission on a page."""

    MESSAGE = "message"
    PROMPT = "prompt"


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    """Started by a person; its time has not come."""
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"

    def may_become(self, new: "CampaignState") -> bool:
        """Tell whether the step from this state to `new` is legal."""
        return new in TRANSITIONS[self]

    @property
    def is_live(self) -> bool:
        """Whether its time may come, or has come."""
        return self in (CampaignState.SCHEDULED, CampaignState.RUNNING)


TRANSITIONS: dict[CampaignState, frozenset[CampaignState]] = {
    CampaignState.DRAFT: frozenset({CampaignState.SCHEDULED, CampaignState.RUNNING}),
    CampaignState.SCHEDULED: frozenset({CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.DONE}),
    CampaignState.RUNNING: frozenset({CampaignState.PAUSED, CampaignState.DONE}),
    CampaignState.PAUSED: frozenset({CampaignState.SCHEDULED, CampaignState.RUNNING, CampaignState.DONE}),
    CampaignState.DONE: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Campaign:
    """A stored campaign.

    Attributes:
        definition: what it sends or shows, to whom, when and how often; by its kind.
        trigger_kind: of a message, the kind of its trigger; `page` of a prompt.
        event_name: what starts it, where that is an event.
        priority: within its exclusion group, the higher goes first.
        version: counts its changes; who changes it names the one that they saw.
        starts_at: not before; None for at once.
        ends_at: nothing begins from then on.
        next_due_at: when the clock has to look at it.
    """

    id: str
    project_id: str
    kind: CampaignKind
    name: str
    state: CampaignState
    definition: dict[str, Any]
    trigger_kind: str
    event_name: str | None
    exclusion_group: str | None
    priority: int
    version: int
    starts_at: datetime | None
    ends_at: datetime | None
    next_due_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    created_at: datetime
    updated_at: datetime


class DispatchState(StrEnum):
    """Where a run of a campaign stands."""

    WAITING = "waiting"
    """Asked for; its notifications are still to be made."""
    STARTED = "started"
    MISSED = "missed"
    """Nothing was sent: its time was long past, or a later one took its place."""


@dataclass(frozen=True, slots=True)
class CampaignRun:
    """A stored dispatch: one run of a campaign.

    Attributes:
        key: unique in its campaign: of the occurrence, the batch, or what a caller named.
        audience: whom it is for, as JSON; None for the campaign's own.
        variables: for the content: `{"all": {…}, "people": {profile id: {…}}}`.
    """

    id: str
    campaign_id: str
    project_id: str
    key: str
    due_at: datetime
    state: DispatchState
    reason: str | None
    audience: dict[str, Any] | None
    variables: dict[str, Any] | None
    request_hash: str | None
    created_at: datetime
