"""What bodies of requests and answers have in common: strictness, and the small types that occur everywhere."""

from datetime import datetime
from typing import Annotated, Generic, TypeAlias, TypeVar

import msgspec
from litestar.params import QueryParameter

from heliograph.domain.rate import PATTERN
from heliograph.kit.paging import DEFAULT_LIMIT, MAX_CURSOR, MAX_LIMIT

Item = TypeVar("Item")


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A body of a request: a field that is not documented is refused."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A body of an answer, or a part of one."""


class PageView(View, Generic[Item], frozen=True, kw_only=True):
    """One page of a listing. `next` is the cursor of the page behind it, null on the last one."""

    items: list[Item]
    next: str | None


Name: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]
Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
"""An instant with an offset, RFC 3339."""

RateText: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern=PATTERN,
        max_length=16,
        description="Messages per second or minute, by all workers together: `100/s` or `6000/m`, 100000/s at most.",
    ),
]

Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many items a page has.")]
Cursor: TypeAlias = Annotated[
    str | None, QueryParameter(max_length=MAX_CURSOR, description="What the page before gave as `next`.")
]
PAGE = DEFAULT_LIMIT
