"""Whether a person may be written to now: caps, quiet hours, local time and exclusion, decided together. Pure rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, Self

from heliograph.domain.caps import FREQUENCY_CAP, Cap, Over, to_the_minute
from heliograph.domain.exclusion import EXCLUSION, SETTLE, Exclusion
from heliograph.domain.quiet_hours import QUIET_HOURS, QuietHours
from heliograph.domain.schedule import LOCAL_TIME, instant, zone_named

KEPT = timedelta(days=32)
"""How long contacts are kept: a little longer than the longest window."""


@dataclass(frozen=True, slots=True)
class ContactRules:
    """How often and when a notification, or all of a project, may go to one person.

    Attributes:
        caps: of a notification's campaign, or of everything in the project that is counted.
        over_cap: what becomes of what a cap stops.
        exclusion: never of a project.
        ignore_project: whether the project's rules are left aside; None: as the kind of audience has it.
        time_zone: of people whose own is not known.
        wall: what a person's clock has to read before it is sent to them.
    """

    caps: tuple[Cap, ...] = ()
    over_cap: Over = Over.DEFER
    quiet_hours: QuietHours | None = None
    exclusion: Exclusion | None = None
    ignore_project: bool | None = None
    time_zone: str | None = None
    wall: datetime | None = None

    @property
    def says_something(self) -> bool:
        """Whether there is anything to decide."""
        return bool(self.caps or self.quiet_hours or self.exclusion or self.wall)

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Self:
        """Read what `stored` wrote."""
        quiet, exclusion = stored.get("quiet_hours"), stored.get("exclusion")
        return cls(
            caps=tuple(Cap(one["count"], timedelta(seconds=one["per_seconds"])) for one in stored.get("caps", ())),
            over_cap=Over(stored.get("over_cap", Over.DEFER)),
            quiet_hours=None
            if quiet is None
            else QuietHours(
                time.fromisoformat(quiet["from"]), time.fromisoformat(quiet["to"]), Over(quiet.get("over", Over.DEFER))
            ),
            exclusion=None
            if exclusion is None
            else Exclusion(
                exclusion["group"],
                timedelta(seconds=exclusion["window_seconds"]),
                timedelta(seconds=exclusion.get("settle_seconds", SETTLE.total_seconds())),
            ),
            ignore_project=stored.get("ignore_project"),
            time_zone=stored.get("time_zone"),
            wall=datetime.fromisoformat(stored["wall"]) if "wall" in stored else None,
        )

    def stored(self) -> dict[str, Any]:
        """Return the rules as JSON, without what says nothing."""
        quiet, exclusion = self.quiet_hours, self.exclusion
        members: dict[str, Any] = {
            "caps": [{"count": cap.count, "per_seconds": int(cap.window.total_seconds())} for cap in self.caps] or None,
            "over_cap": str(self.over_cap) if self.caps else None,
            "quiet_hours": None
            if quiet is None
            else {"from": f"{quiet.start:%H:%M}", "to": f"{quiet.end:%H:%M}", "over": str(quiet.over)},
            "exclusion": None
            if exclusion is None
            else {
                "group": exclusion.group,
                "window_seconds": int(exclusion.window.total_seconds()),
                "settle_seconds": int(exclusion.settle.total_seconds()),
            },
            "ignore_project": self.ignore_project,
            "time_zone": self.time_zone,
            "wall": None if self.wall is None else self.wall.isoformat(),
        }
        return {name: member for name, member in members.items() if member is not None}


@dataclass(frozen=True, slots=True)
class Contact:
    """A notification that was let through to a person."""

    notification_id: str
    campaign_id: str | None
    exclusion_group: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Go:
    """It may be sent."""


@dataclass(frozen=True, slots=True)
class Skip:
    """It will not be sent to this person."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """It is decided again at `until`."""

    reason: str
    until: datetime


Verdict = Go | Skip | Wait


@dataclass(frozen=True, slots=True)
class Restraint:
    """All rules that hold for one notification: its own and its project's.

    Attributes:
        campaign_id: its own caps count what this campaign sent; those of a notification without one count everything.
    """

    own: ContactRules
    project: ContactRules
    campaign_id: str | None = None

    @classmethod
    def between(cls, own: ContactRules, project: ContactRules, campaign_id: str | None) -> "Restraint | None":
        """Return what holds; None where there is nothing to decide."""
        kept = ContactRules(time_zone=project.time_zone) if own.ignore_project else project
        return cls(own, kept, campaign_id) if own.says_something or kept.says_something else None

    @property
    def quiet_hours(self) -> QuietHours | None:
        """The notification's own, or the project's default."""
        return self.own.quiet_hours or self.project.quiet_hours

    @property
    def is_counted(self) -> bool:
        """Whether it matters who got how many, so that it is decided under locks and noted."""
        return bool(self.own.caps or self.own.exclusion or self.project.caps)

    @property
    def longest_window(self) -> timedelta:
        """How far back contacts matter."""
        windows = [cap.window for cap in (*self.own.caps, *self.project.caps)]
        windows += [self.own.exclusion.window] if self.own.exclusion else []
        return max(windows, default=timedelta(0))

    def zone(self, name: str | None) -> tzinfo:
        """Return a person's zone, by its name if that is known."""
        for candidate in (name, self.own.time_zone, self.project.time_zone):
            found = None if candidate is None else zone_named(candidate)
            if found is not None:
                return found
        return UTC

    def verdict(self, *, contacts: Sequence[Contact], now: datetime, zone: tzinfo, deadline: datetime) -> Verdict:
        """Decide about one person.

        Args:
            contacts: what else the person got, as far back as the longest window.
            now: the present.
            zone: the person's.
            deadline: from when on nothing is sent: who would have to wait longer is skipped.
        """
        if self.own.wall is not None and (at := instant(self.own.wall, zone)) > now:
            return _wait(LOCAL_TIME, at, deadline)
        quiet = self.quiet_hours
        if quiet is not None and (ends_at := quiet.ends_at(now, zone)) is not None:
            return _wait(QUIET_HOURS, ends_at, deadline) if quiet.over is Over.DEFER else Skip(QUIET_HOURS)
        if (exclusion := self.own.exclusion) is not None and exclusion.is_taken(
            [one.at for one in contacts if one.exclusion_group == exclusion.group], now
        ):
            return Skip(EXCLUSION)
        return self._capped(contacts, now, deadline)

    def _capped(self, contacts: Sequence[Contact], now: datetime, deadline: datetime) -> Verdict:
        own = [one.at for one in contacts if self.campaign_id in (None, one.campaign_id)]
        verdict: Verdict = Go()
        for rules, at in ((self.own, own), (self.project, [one.at for one in contacts])):
            for cap in rules.caps:
                free_at = cap.free_at(at, now)
                if free_at is None:
                    continue
                if rules.over_cap is Over.DROP:
                    return Skip(FREQUENCY_CAP)
                until = to_the_minute(free_at)
                if not isinstance(verdict, Wait) or until > verdict.until:
                    verdict = Wait(FREQUENCY_CAP, until)
        return _wait(verdict.reason, verdict.until, deadline) if isinstance(verdict, Wait) else verdict


def _wait(reason: str, until: datetime, deadline: datetime) -> Wait | Skip:
    return Wait(reason, until) if until < deadline else Skip(reason)
