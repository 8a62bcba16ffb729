"""Prompt campaigns: what asks people for permission, whom, where, in which words, and how often.

A definition is JSON as its author wrote it. What is wrong with one is said by `prompt_errors`, what a page is given of
one is made by `prompt_page`.
"""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from heliograph.domain.page_trigger import PageTrigger
from heliograph.domain.user_agent import BROWSERS, SYSTEMS

MAX_HTML = 65_536
"""Bytes of all custom HTML of one definition: every page view of everybody may carry it."""
MAX_LANGUAGES = 50
MAX_VARIANTS = 10
_MAX_URL = 2_048
_DAY = int(timedelta(days=1).total_seconds())
_LONGEST = 10 * 366 * _DAY

Short: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Long: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=1_000)]
Language: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern="^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", max_length=35, description="BCP 47, such as `de` or `pt-BR`"
    ),
]
Words: TypeAlias = Annotated[
    dict[Language, Long],
    msgspec.Meta(min_length=1, max_length=MAX_LANGUAGES, description="By language; the default language is needed."),
]
Html: TypeAlias = Annotated[
    dict[Language, Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_HTML)]],
    msgspec.Meta(min_length=1, max_length=MAX_LANGUAGES, description="Documents by language; 64 KiB together."),
]
Seconds: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=_LONGEST)]


class PromptKind(StrEnum):
    """How a prompt looks."""

    SLIDE = "slide"
    DIALOG = "dialog"
    BELL = "bell"
    INLINE = "inline"
    CATEGORIES = "categories"
    HTML = "html"
    HOME_SCREEN = "home-screen"


class Permission(StrEnum):
    """What a page says of notifications in its browser."""

    DEFAULT = "default"
    DENIED = "denied"
    GRANTED = "granted"
    UNSUPPORTED = "unsupported"
    HOME_SCREEN = "ios-needs-home-screen"
    INSECURE = "insecure"


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a definition: a member that is not documented is refused."""


class Texts(Part, frozen=True, kw_only=True):
    """What a prompt says. Plain text, whatever is in it."""

    title: Short | None = None
    body: Long | None = None
    accept: Short | None = None
    later: Short | None = None
    close: Short | None = None
    success: Long | None = None
    failed: Long | None = None
    on: Short | None = None
    off: Short | None = None
    save: Short | None = None


TextsByLanguage: TypeAlias = Annotated[dict[Language, Texts], msgspec.Meta(max_length=MAX_LANGUAGES)]


class Look(Part, frozen=True, kw_only=True):
    """What a prompt looks like."""

    theme: Literal["auto", "light", "dark"] = "auto"
    accent: Annotated[str, msgspec.Meta(pattern="^#[0-9A-Fa-f]{6}$")] | None = None
    position: Literal["top-left", "top", "top-right", "bottom-left", "bottom", "bottom-right"] | None = None
    icon: Annotated[str, msgspec.Meta(pattern=r"^https://[^\s\\]+$", max_length=_MAX_URL)] | None = None
    z_index: Annotated[int, msgspec.Meta(ge=0, le=2_147_483_647)] | None = None


class Category(Part, frozen=True, kw_only=True):
    """One choice of the prompt `categories`: a group to join, or an attribute that becomes true or false."""

    title: Words
    group: Short | None = None
    attribute: Annotated[str, msgspec.Meta(pattern="^[A-Za-z][A-Za-z0-9_.-]{0,63}$")] | None = None
    description: Words | None = None
    checked: bool = False


class Size(Part, frozen=True, kw_only=True):
    """How large custom HTML is, in CSS pixels."""

    width: Annotated[int, msgspec.Meta(ge=1, le=4_096)] | None = None
    height: Annotated[int, msgspec.Meta(ge=1, le=4_096)] | None = None


class Frequency(Part, frozen=True, kw_only=True):
    """How often one browser is asked: at most `shows` times in `per_seconds`, and not for a while after an answer."""

    shows: Annotated[int, msgspec.Meta(ge=1, le=50, description="null: as often as its triggers hold.")] | None = 1
    per_seconds: Annotated[Seconds, msgspec.Meta(description="null: ever.")] | None = _DAY
    later_seconds: Annotated[Seconds, msgspec.Meta(description="Peace after “later”.")] = 7 * _DAY
    close_seconds: Annotated[Seconds, msgspec.Meta(description="Peace after closing it.")] = 30 * _DAY


class Requirements(Part, frozen=True, kw_only=True):
    """Which browsers are meant; what is left out is not asked for."""

    browsers: Annotated[list[Literal[BROWSERS]], msgspec.Meta(min_length=1)] | None = None  # type: ignore[valid-type]
    systems: Annotated[list[Literal[SYSTEMS]], msgspec.Meta(min_length=1)] | None = None  # type: ignore[valid-type]
    mobile: bool | None = None
    permissions: (
        Annotated[
            list[Permission],
            msgspec.Meta(min_length=1, description="What the browser says of notifications; all states, if left out."),
        ]
        | None
    ) = None
    https: bool | None = None


class Variant(Part, frozen=True, kw_only=True):
    """One of several in an A/B test. What it has of its own takes the place of the campaign's."""

    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9_-]{0,39}$")]
    share: Annotated[int, msgspec.Meta(ge=1, le=1_000, description="Its part of all shares.")] = 1
    prompt: PromptKind | None = None
    texts: TextsByLanguage | None = None
    look: Look | None = None
    html: Html | None = None
    size: Size | None = None


_Rule: TypeAlias = Annotated[dict[str, Any], msgspec.Meta(description="As of a segment: `GET /v1/segments/schema`.")]
_Group: TypeAlias = Annotated[list[PageTrigger], msgspec.Meta(min_length=1, max_length=10)]


class Prompt(Part, frozen=True, kw_only=True):
    """The definition of a prompt campaign."""

    prompt: PromptKind
    texts: TextsByLanguage
    default_language: Annotated[Language, msgspec.Meta(description="For those whose own is not among the texts.")] = (
        "en"
    )
    look: Look = Look()
    categories: Annotated[list[Category], msgspec.Meta(min_length=1, max_length=20)] | None = None
    html: Html | None = None
    size: Size | None = None
    spot: Short | None = None
    groups: Annotated[list[Short], msgspec.Meta(max_length=20, description="Joined with the subscription.")] = []
    triggers: Annotated[
        list[_Group],
        msgspec.Meta(max_length=10, description="One group whose triggers all hold is enough; none: at once."),
    ] = []
    requirements: Requirements = Requirements()
    segment: Annotated[str, msgspec.Meta(max_length=40, description="Its id, `seg_…`: as it is when asked.")] | None = (
        None
    )
    rule: _Rule | None = None
    frequency: Frequency = Frequency()
    variants: Annotated[list[Variant], msgspec.Meta(max_length=MAX_VARIANTS)] = []


def merged(prompt: Prompt, variant: Variant | None) -> Prompt:
    """Return a prompt with what a variant has of its own (of texts member by member), without what it cannot use."""
    variant = variant or Variant(name="0")
    own = {name: getattr(variant, name) for name in ("prompt", "look", "size")}
    texts = dict(prompt.texts)
    for language, given in (variant.texts or {}).items():
        members = ((name, getattr(given, name)) for name in Texts.__struct_fields__)
        said = {name: text for name, text in members if text is not None}
        texts[language] = msgspec.structs.replace(texts.get(language, Texts()), **said)
    kind = variant.prompt or prompt.prompt
    html = (variant.html or prompt.html) if kind is PromptKind.HTML else None
    categories = prompt.categories if kind is PromptKind.CATEGORIES else None
    changes = {name: value for name, value in own.items() if value is not None}
    return msgspec.structs.replace(prompt, texts=texts, html=html, categories=categories, **changes)


def variant_of(campaign_id: str, variants: Iterable[Variant], visitor_hash: bytes) -> Variant | None:
    """Return the variant that a visitor sees: always the same one, as long as names and shares are."""
    given = tuple(variants)
    if not given:
        return None
    digest = hashlib.sha256(campaign_id.encode() + visitor_hash).digest()
    point = int.from_bytes(digest[:8], "big") % sum(variant.share for variant in given)
    for variant in given:
        point -= variant.share
        if point < 0:
            return variant
    raise AssertionError("Shares are positive.")
