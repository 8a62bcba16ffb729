"""Instants that callers give: ahead of now, and before the end of all calendars."""

from datetime import datetime, timedelta

from heliograph.errors import FieldError, InvalidRequest

FARTHEST = timedelta(days=36_525)
"""A hundred years: what is later overflows some clock or database on the way."""


def check_ahead(at: datetime, *, now: datetime, pointer: str) -> None:
    """Refuse an instant that is not in the future, or too far in it."""
    if not now < at <= now + FARTHEST:
        sentence = "Name an instant in the future." if at <= now else "Name an instant in the next hundred years."
        raise InvalidRequest(sentence, (FieldError(pointer, sentence),))
