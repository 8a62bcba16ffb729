"""Ways that a message campaign starts: one file per way. A new one is one file, two names here, one test."""

from typing import Any, TypeAlias

import msgspec

from heliograph.triggers.api import Api
from heliograph.triggers.at import At
from heliograph.triggers.base import Trigger
from heliograph.triggers.date import OnDate
from heliograph.triggers.entered import OnEntered
from heliograph.triggers.event import OnEvent
from heliograph.triggers.inactive import OnInactive
from heliograph.triggers.now import Now
from heliograph.triggers.recurring import Recurring

TRIGGERS: tuple[type[Trigger], ...] = (Now, At, Recurring, Api, OnEvent, OnEntered, OnInactive, OnDate)

AnyTrigger: TypeAlias = Now | At | Recurring | Api | OnEvent | OnEntered | OnInactive | OnDate
"""The same as a type, for reading JSON and for the API's reference."""

__all__ = ["TRIGGERS", "AnyTrigger", "Trigger", "read", "stored"]


def read(value: Any) -> AnyTrigger:
    """Read a trigger that was stored."""
    trigger: AnyTrigger = msgspec.convert(value, AnyTrigger)
    return trigger


def stored(trigger: AnyTrigger) -> dict[str, Any]:
    """Return a trigger as JSON."""
    value: dict[str, Any] = msgspec.to_builtins(trigger)
    return value
