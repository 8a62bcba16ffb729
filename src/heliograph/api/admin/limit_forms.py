"""The form of limits on the wire: how often and when one person may be written to."""

from datetime import time, timedelta
from typing import Annotated, TypeAlias

import msgspec

from heliograph.api.forms import Form
from heliograph.domain.caps import LONGEST_WINDOW, MAX_CAPS, MAX_COUNT, SHORTEST_WINDOW, Cap, Over
from heliograph.domain.contact_rules import ContactRules
from heliograph.domain.exclusion import LONGEST_SETTLE, SETTLE, Exclusion
from heliograph.domain.quiet_hours import QuietHours

_SHORTEST, _LONGEST = int(SHORTEST_WINDOW.total_seconds()), int(LONGEST_WINDOW.total_seconds())

ClockText: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="What a clock reads, such as 22:00.")
]
Zone: TypeAlias = Annotated[
    str, msgspec.Meta(min_length=1, max_length=64, description="For people whose own is not known: Europe/Berlin.")
]


class CapForm(Form, frozen=True, kw_only=True):
    """At most `count` in any span of `per_seconds`: 604800 is a week."""

    count: Annotated[int, msgspec.Meta(ge=1, le=MAX_COUNT)]
    per_seconds: Annotated[int, msgspec.Meta(ge=_SHORTEST, le=_LONGEST)]


class QuietHoursForm(Form, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """From one time to before another one, by the person's own clock; across midnight where `to` is the earlier."""

    start: ClockText
    end: ClockText
    over: Annotated[Over, msgspec.Meta(description="`defer` sends when they end, `drop` never.")] = Over.DEFER


class ExclusionForm(Form, frozen=True, kw_only=True):
    """Of the campaigns of a group a person gets at most one in a window, the one of the highest priority."""

    group: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"\S")]
    window_seconds: Annotated[int, msgspec.Meta(ge=_SHORTEST, le=_LONGEST)] = 86_400
    settle_seconds: Annotated[
        int,
        msgspec.Meta(
            ge=1,
            le=int(LONGEST_SETTLE.total_seconds()),
            description="So long it is announced before it begins, so that all that fire meanwhile are compared.",
        ),
    ] = int(SETTLE.total_seconds())


Caps: TypeAlias = Annotated[list[CapForm], msgspec.Meta(max_length=MAX_CAPS)]
OverCap: TypeAlias = Annotated[
    Over, msgspec.Meta(description="What becomes of what a cap stops: `defer` sends it when there is room again.")
]


class ProjectLimitsForm(Form, frozen=True, kw_only=True):
    """Limits of everything in a project but what is sent to named people, data pushes, and what ignores them."""

    caps: Caps = msgspec.field(default_factory=list)
    over_cap: OverCap = Over.DEFER
    quiet_hours: QuietHoursForm | None = None
    time_zone: Zone | None = None

    def rules(self) -> ContactRules:
        """Return what verbs take."""
        return ContactRules(
            caps=tuple(Cap(one.count, timedelta(seconds=one.per_seconds)) for one in self.caps),
            over_cap=self.over_cap,
            quiet_hours=_quiet_hours(self.quiet_hours),
            time_zone=self.time_zone,
        )


class LimitsForm(Form, frozen=True, kw_only=True):
    """Limits of a campaign, or of a notification. The project's hold beside them; its quiet hours, where none are here.

    Caps of a campaign count what that campaign sent; those of a notification, everything that limits look at.
    """

    caps: Caps = msgspec.field(default_factory=list)
    over_cap: OverCap = Over.DEFER
    quiet_hours: QuietHoursForm | None = None
    exclusion: ExclusionForm | None = None
    ignore_project: (
        Annotated[
            bool,
            msgspec.Meta(
                description="Leave the project's limits aside. Unless told they hold; for a notification to named "
                "people, or a data push, they do not."
            ),
        ]
        | None
    ) = None
    time_zone: Zone | None = None

    def rules(self) -> ContactRules:
        """Return what verbs take."""
        exclusion = self.exclusion
        return ContactRules(
            caps=tuple(Cap(one.count, timedelta(seconds=one.per_seconds)) for one in self.caps),
            over_cap=self.over_cap,
            quiet_hours=_quiet_hours(self.quiet_hours),
            exclusion=None
            if exclusion is None
            else Exclusion(
                exclusion.group,
                timedelta(seconds=exclusion.window_seconds),
                timedelta(seconds=exclusion.settle_seconds),
            ),
            ignore_project=self.ignore_project,
            time_zone=self.time_zone,
        )


def _quiet_hours(form: QuietHoursForm | None) -> QuietHours | None:
    if form is None:
        return None
    return QuietHours(time.fromisoformat(form.start), time.fromisoformat(form.end), form.over)


def project_limits_view(rules: ContactRules) -> ProjectLimitsForm:
    """Return limits of a project as they are written."""
    return msgspec.convert(rules.stored(), ProjectLimitsForm)


def limits_view(rules: ContactRules) -> LimitsForm:
    """Return limits as they are written."""
    shown = rules.stored()
    shown.pop("wall", None)
    return msgspec.convert(shown, LimitsForm)
