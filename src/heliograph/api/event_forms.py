"""Events as callers write them and are told of them, the same for pages and servers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec

from heliograph.actions.events import Checked, Told, check
from heliograph.api.forms import Form, Moment, View
from heliograph.domain.event import EventError, EventFault, Source
from heliograph.domain.identity import MAX_EXTERNAL_ID
from heliograph.kit.metrics import Meters
from heliograph.kit.pointers import field_error
from heliograph.names import Metric

_NOTHING = b"{}"


class EventForm(Form, frozen=True, kw_only=True):
    """One event of a visitor. Bounds beyond these are the rules' of `domain/event.py`."""

    id: str
    name: str
    at: Moment
    properties: msgspec.Raw = msgspec.Raw(_NOTHING)


class NamedEventForm(EventForm, frozen=True, kw_only=True):
    """One event of a person whom the caller knows, or of an item."""

    external_id: Annotated[str, msgspec.Meta(max_length=MAX_EXTERNAL_ID)] | None = None


class RefusedEventView(View, frozen=True, kw_only=True):
    """An event that was not taken, by its place in the call."""

    index: int
    code: EventFault
    detail: str


class EventsView(View, frozen=True, kw_only=True):
    """How many events were taken, those that were known already included, and which were not."""

    accepted: int
    refused: list[RefusedEventView]


def checked_events(
    given: Sequence[msgspec.Raw],
    form: type[EventForm],
    *,
    owner: str,
    source: Source,
    sent_at: datetime | None,
    now: datetime,
) -> tuple[list[Checked], list[RefusedEventView]]:
    """Read events, each by itself; return those that may be recorded, and what is wrong with the others."""
    taken: list[Checked] = []
    refused: list[RefusedEventView] = []
    decoder = msgspec.json.Decoder(form)
    for index, raw in enumerate(given):
        try:
            told = decoder.decode(raw)
            who = told.external_id if isinstance(told, NamedEventForm) else None
            words = Told(told.id, told.name, told.at, bytes(told.properties), who)
            taken.append(check(words, owner=owner, source=source, sent_at=sent_at, now=now))
        except msgspec.DecodeError as error:
            found = field_error(str(error))
            sentence = f"{found.pointer.lstrip('/').replace('/', '.') or 'The event'}: {found.detail}"
            refused.append(RefusedEventView(index=index, code=EventFault.MALFORMED, detail=sentence))
        except EventError as error:
            refused.append(RefusedEventView(index=index, code=error.fault, detail=str(error)))
    return taken, refused


def count_events(meters: Meters, source: Source, *, taken: int, refused: int) -> None:
    """Count what was told."""
    for result, count in (("taken", taken), ("refused", refused)):
        if count:
            meters.add(Metric.EVENTS, count, source=str(source), result=result)
