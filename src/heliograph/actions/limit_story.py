"""Which campaign a notification is of, and which limits hold for it, in sentences."""

from datetime import timedelta

from heliograph.actions.story import Fact
from heliograph.actions.story_words import StoryCode
from heliograph.domain.caps import Cap
from heliograph.domain.contact_rules import ContactRules, Restraint
from heliograph.domain.notification import Notification
from heliograph.storage import campaigns, dispatches, projects
from heliograph.storage.store import Tx

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


async def of_campaign(tx: Tx, notification: Notification) -> list[Fact]:
    """Return what is to be told of a notification's campaign and limits."""
    facts = []
    if notification.campaign_id is not None:
        names = await campaigns.names(tx, [notification.campaign_id])
        name = names.get(notification.campaign_id, "a campaign that was deleted")
        run = None if notification.dispatch_id is None else await dispatches.load(tx, notification.dispatch_id)
        which = (
            ""
            if run is None
            else f", its dispatch {run.key} ({run.id}) that was due at {run.due_at:%Y-%m-%d %H:%M} UTC"
        )
        part = "" if notification.variant is None else f"; it is the part {notification.variant}"
        facts.append(Fact(StoryCode.CAMPAIGN, f"It is of {name} ({notification.campaign_id}){which}{part}."))
    project = await projects.get(tx, notification.project_id)
    of_project = ContactRules() if project is None else ContactRules.of(project.limits)
    restraint = Restraint.between(notification.contact_rules, of_project, notification.campaign_id)
    if restraint is not None:
        facts.append(Fact(StoryCode.LIMITS, f"For each person there are limits: {'; '.join(_limits(restraint))}."))
    return facts


def _limits(restraint: Restraint) -> list[str]:
    own = "of this campaign" if restraint.campaign_id is not None else "of all that is counted"
    said = [f"{_cap(cap)} {own}" for cap in restraint.own.caps]
    said += [f"{_cap(cap)} of the whole project" for cap in restraint.project.caps]
    quiet, exclusion, wall = restraint.quiet_hours, restraint.own.exclusion, restraint.own.wall
    if wall is not None:
        said.append(f"not before their clock reads {wall:%Y-%m-%d %H:%M}")
    if quiet is not None:
        said.append(f"nothing from {quiet.start:%H:%M} to {quiet.end:%H:%M} by their clock")
    if exclusion is not None:
        said.append(f"one of the group {exclusion.group} in {_span(exclusion.window)}, by priority")
    return said


def _cap(cap: Cap) -> str:
    return f"at most {cap.count} in {_span(cap.window)}"


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, unit in _UNITS:
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"
