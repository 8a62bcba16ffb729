"""How long history is kept. Pure: ages in, instants out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self


@dataclass(frozen=True, slots=True)
class Retention:
    """How old each kind of history may become; None for ever.

    Attributes:
        deliveries: since their notification was finished.
        notifications: since they were finished, and only when their deliveries are gone.
        audit: since the act.
        webhooks: messages to webhooks, since the last thing that happened to them.
        events: of people, since they happened, to a day.
        visitors: since they were last seen; with them go the anonymous people that nothing can be sent to.
    """

    deliveries: timedelta | None = None
    notifications: timedelta | None = None
    audit: timedelta | None = None
    webhooks: timedelta | None = None
    events: timedelta | None = None
    visitors: timedelta | None = None

    @classmethod
    def of_days(cls, **days: int) -> Self:
        """Make one from settings, where 0 days mean for ever."""
        return cls(**{name: timedelta(days=count) if count else None for name, count in days.items()})


def before(now: datetime, age: timedelta | None) -> datetime | None:
    """Return the instant before which something is too old; None if nothing is."""
    return None if age is None else now - age
