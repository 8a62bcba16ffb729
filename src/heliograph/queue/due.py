"""The jobs of campaigns, which two rings write: who starts one asks for the first, the clock for those that follow."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from heliograph.domain.entry import turn_of
from heliograph.names import JobName
from heliograph.queue.base import NORMAL, NewJob


def campaign_job(campaign_id: str, at: datetime) -> NewJob:
    """Ask for a look at a campaign when it is due."""
    key = f"campaign/{campaign_id}/{at.isoformat()}"
    return NewJob(JobName.CAMPAIGN, {"campaign_id": campaign_id}, run_at=at, priority=NORMAL, dedupe_key=key)


def dispatch_job(dispatch_id: str, at: datetime, *, priority: int) -> NewJob:
    """Ask for the notifications of a dispatch that was written."""
    key = f"dispatch/{dispatch_id}"
    return NewJob(JobName.DISPATCH, {"dispatch_id": dispatch_id}, run_at=at, priority=priority, dedupe_key=key)


def enter_jobs(due: Mapping[str, Iterable[datetime]], *, now: datetime) -> list[NewJob]:
    """Ask for looks at the entries of campaigns that are due at some instants; many of one time are one look."""
    turns = sorted({(campaign_id, turn_of(at, now=now)) for campaign_id, some in due.items() for at in some})
    return [
        NewJob(JobName.ENTER, {"campaign_id": one}, run_at=at, dedupe_key=f"enter/{one}/{at:%Y%m%d%H%M%S}")
        for one, at in turns
    ]
