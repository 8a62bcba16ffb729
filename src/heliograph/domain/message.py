"""What a message campaign sends: content, audience and limits, with the life of its notifications."""

from dataclasses import dataclass, field
from datetime import timedelta

from heliograph.domain.contact_rules import ContactRules
from heliograph.domain.experiment import Experiment
from heliograph.domain.notification import DEFAULT_TTL, Audience, Content, NotificationKind, Urgency
from heliograph.domain.rate import Rate

LEAST_LIFE = timedelta(minutes=1)
"""A message with a TTL of 0 still needs a moment to be sent."""
MAX_LIFE = timedelta(days=26)
"""MAX_TTL, and the 26 hours in which a wall time goes round the earth."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a message campaign sends, beside its trigger.

    Attributes:
        audience: whom a trigger that comes round sends to; others narrow it down to the people who caused them.
        life: how long after it is due it is worth sending; None: as long as its TTL.
        experiment: the A/B test of its content, if there is one.
    """

    audience: Audience
    content: Content
    kind: NotificationKind = NotificationKind.NOTIFICATION
    limits: ContactRules = field(default_factory=ContactRules)
    ttl: timedelta = DEFAULT_TTL
    life: timedelta | None = None
    urgency: Urgency = Urgency.NORMAL
    topic: str | None = None
    rate: Rate | None = None
    experiment: Experiment | None = None

    @property
    def worth(self) -> timedelta:
        """How long after it is due it is worth sending."""
        return max(self.ttl if self.life is None else self.life, LEAST_LIFE)
