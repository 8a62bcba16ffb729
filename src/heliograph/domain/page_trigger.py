"""Page triggers: what a prompt waits for on the page. The page asks them (`web/sdk/src/triggers`); here is their form.

A test holds this list and the page's together.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, TypeAlias

import msgspec

from heliograph.domain.address_pattern import PatternError, check_pattern
from heliograph.errors import FieldError

MAX_TEXT = 200
_MOST = 1_000_000_000

Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]
Number: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=_MOST)]
Percent: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=100)]


class Trigger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One question about the page, the visit or the browser."""


class _Flag(Trigger, frozen=True, kw_only=True, tag_field="kind"):
    is_: bool = msgspec.field(name="is")


class _Range(Trigger, frozen=True, kw_only=True, tag_field="kind"):
    from_: Number | None = msgspec.field(name="from", default=None)
    to: Number | None = None


class _Address(Trigger, frozen=True, kw_only=True, tag_field="kind"):
    mode: Literal["contains", "regex"]
    value: Text


class Authorised(_Flag, frozen=True, kw_only=True, tag_field="kind", tag="authorised"):
    """Somebody is logged in, as the page says."""


class FirstVisit(_Flag, frozen=True, kw_only=True, tag_field="kind", tag="first_visit"):
    """This is the browser's first visit."""


class PageViews(_Range, frozen=True, kw_only=True, tag_field="kind", tag="page_views"):
    """So many pages were viewed in this session, this one included."""


class ProductsViewed(_Range, frozen=True, kw_only=True, tag_field="kind", tag="products_viewed"):
    """So many different items were viewed in this session."""


class EntryUrl(_Address, frozen=True, kw_only=True, tag_field="kind", tag="entry_url"):
    """The session began at such an address."""


class CurrentUrl(_Address, frozen=True, kw_only=True, tag_field="kind", tag="current_url"):
    """The page has such an address; with `exclude`, another."""

    exclude: bool = False


class VisitedUrl(_Address, frozen=True, kw_only=True, tag_field="kind", tag="visited_url"):
    """A page before this one, in this session, had such an address."""


class LeaveIntent(Trigger, frozen=True, kw_only=True, tag_field="kind", tag="leave_intent"):
    """The mouse left over the page's top edge."""


class Focus(_Flag, frozen=True, kw_only=True, tag_field="kind", tag="focus"):
    """The page has the focus."""


class CartCount(_Range, frozen=True, kw_only=True, tag_field="kind", tag="cart_count"):
    """So many pieces are in the cart."""


class CartTotal(_Range, frozen=True, kw_only=True, tag_field="kind", tag="cart_total"):
    """The cart costs so much."""


class SessionTime(_Range, frozen=True, kw_only=True, tag_field="kind", tag="session_time"):
    """The session's pages had the focus for so many seconds."""


class TimeOnPage(_Range, frozen=True, kw_only=True, tag_field="kind", tag="time_on_page"):
    """The page has been open for so many seconds."""


class Inactivity(Trigger, frozen=True, kw_only=True, tag_field="kind", tag="inactivity"):
    """Neither mouse, keyboard nor screen was touched for so many seconds."""

    from_: Number = msgspec.field(name="from")


class Utm(Trigger, frozen=True, kw_only=True, tag_field="kind", tag="utm"):
    """The session's utm parameters are exactly these."""

    source: Text | None = None
    campaign: Text | None = None
    medium: Text | None = None


class Referrer(Trigger, frozen=True, kw_only=True, tag_field="kind", tag="referrer"):
    """The page that led here from elsewhere has this in its address."""

    contains: Text


class Spot(Trigger, frozen=True, kw_only=True, tag_field="kind", tag="spot"):
    """The page has a slot of this name."""

    value: Text


class Mobile(_Flag, frozen=True, kw_only=True, tag_field="kind", tag="mobile"):
    """The browser says that it is on a phone or tablet."""


class Event(Trigger, frozen=True, kw_only=True, tag_field="kind", tag="event"):
    """The page fires a custom event of this name, at this moment."""

    name: Text


class Cookie(Trigger, frozen=True, kw_only=True, tag_field="kind", tag="cookie"):
    """There is a cookie of this name."""

    name: Text


class Incognito(_Flag, frozen=True, kw_only=True, tag_field="kind", tag="incognito"):
    """The window is private, as far as can be told."""


class Scroll(Trigger, frozen=True, kw_only=True, tag_field="kind", tag="scroll"):
    """The page is scrolled so far, in percent."""

    from_: Percent | None = msgspec.field(name="from", default=None)
    to: Percent | None = None


PAGE_TRIGGERS = (
    Authorised,
    FirstVisit,
    PageViews,
    ProductsViewed,
    EntryUrl,
    CurrentUrl,
    VisitedUrl,
    LeaveIntent,
    Focus,
    CartCount,
    CartTotal,
    SessionTime,
    TimeOnPage,
    Inactivity,
    Utm,
    Referrer,
    Spot,
    Mobile,
    Event,
    Cookie,
    Incognito,
    Scroll,
)
"""Every page trigger there is."""

PageTrigger: TypeAlias = (
    Authorised
    | FirstVisit
    | PageViews
    | ProductsViewed
    | EntryUrl
    | CurrentUrl
    | VisitedUrl
    | LeaveIntent
    | Focus
    | CartCount
    | CartTotal
    | SessionTime
    | TimeOnPage
    | Inactivity
    | Utm
    | Referrer
    | Spot
    | Mobile
    | Event
    | Cookie
    | Incognito
    | Scroll
)


def kind_of(trigger: type[Trigger]) -> str:
    """Return the name that a kind of trigger has on the wire."""
    return str(trigger.__struct_config__.tag)


def trigger_errors(trigger: PageTrigger, here: str) -> Iterable[FieldError]:
    """Yield what is wrong with a trigger beyond its form. `here` is its pointer."""
    match trigger:
        case EntryUrl(mode="regex") | CurrentUrl(mode="regex") | VisitedUrl(mode="regex"):
            try:
                check_pattern(trigger.value)
            except PatternError as error:
                yield FieldError(f"{here}/value", str(error))
        case Utm(source=None, campaign=None, medium=None):
            yield FieldError(here, "Name at least one of source, campaign and medium.")
        case Inactivity() | LeaveIntent():
            pass
        case _ if isinstance(trigger, _Range | Scroll):
            yield from _range_errors(trigger.from_, trigger.to, here)


def _range_errors(low: float | None, high: float | None, here: str) -> Iterable[FieldError]:
    if low is None and high is None:
        yield FieldError(here, "Name at least one of from and to.")
    elif low is not None and high is not None and low > high:
        yield FieldError(f"{here}/to", "This is less than `from`: it would never hold.")


def may_hold(groups: Sequence[Sequence[PageTrigger]], *, url: str | None, is_mobile: bool) -> bool:
    """Tell whether any group can come true on a page, as far as its address and the browser say."""
    return not groups or any(all(_may_one(trigger, url, is_mobile=is_mobile) for trigger in group) for group in groups)


def _may_one(trigger: PageTrigger, url: str | None, *, is_mobile: bool) -> bool:
    match trigger:
        case CurrentUrl(mode="contains") if url is not None:
            return (trigger.value in url) is not trigger.exclude
        case Mobile():
            return trigger.is_ is is_mobile
        case _:
            # Python's expressions are not JavaScript's; and what else there is, the page alone knows.
            return True
