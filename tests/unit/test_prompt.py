"""The definition of a prompt campaign: what is wrong with some, who sees which variant, what a page is told."""

import json
from collections import Counter
from typing import Any

import msgspec
import pytest

from heliograph.domain.prompt import MAX_HTML, Prompt, Variant, merged, variant_of
from heliograph.domain.prompt_errors import prompt_errors
from heliograph.domain.prompt_page import is_right_to_left, language_of, page_view

TEXTS = {"en": {"title": "Hear first?", "accept": "Yes"}}
SLIDE: dict[str, Any] = {"prompt": "slide", "texts": TEXTS}


def read(given: dict[str, Any]) -> Prompt:
    """Read a definition as a body of the API is read."""
    return msgspec.json.decode(json.dumps(given), type=Prompt)


GOOD: list[dict[str, Any]] = [
    SLIDE,
    {"prompt": "home-screen", "texts": {"en": {}}},
    {"prompt": "bell", "texts": {"de": {"title": "Glocke"}}, "default_language": "de"},
    {"prompt": "html", "texts": {"en": {"title": "Ask"}}, "html": {"en": "<p>Ask</p>"}},
    {"prompt": "inline", "texts": TEXTS, "spot": "footer"},
    {
        "prompt": "categories",
        "texts": TEXTS,
        "categories": [
            {"title": {"en": "News"}, "group": "news", "checked": True},
            {"title": {"en": "Sale", "de": "Angebote"}, "attribute": "likes_sale"},
        ],
    },
    {**SLIDE, "variants": [{"name": "a"}, {"name": "b", "prompt": "html", "html": {"en": "<b>"}}]},
]
WRONG: list[tuple[dict[str, Any], str]] = [
    ({**SLIDE, "default_language": "fr"}, "/default_language"),
    ({**SLIDE, "texts": {}}, "/default_language"),
    ({**SLIDE, "texts": {**TEXTS, "EN": TEXTS["en"]}}, "/texts/EN"),
    ({**SLIDE, "texts": {"en": {"accept": "Yes"}}}, "/texts/en/title"),
    ({**SLIDE, "texts": {**TEXTS, "de": {"title": "Ja"}}}, "/texts/de/accept"),
    ({**SLIDE, "prompt": "html"}, "/html"),
    ({**SLIDE, "prompt": "html", "html": {"de": "<p>"}}, "/html"),
    ({**SLIDE, "prompt": "html", "html": {"en": "ü" * (MAX_HTML // 2), "de": "x"}}, "/html"),
    ({**SLIDE, "prompt": "categories"}, "/categories"),
    ({**SLIDE, "prompt": "categories", "categories": [{"title": {"en": "x"}}]}, "/categories/0"),
    (
        {**SLIDE, "prompt": "categories", "categories": [{"title": {"de": "x"}, "group": "x"}]},
        "/categories/0/title",
    ),
    (
        {**SLIDE, "prompt": "categories", "categories": [{"title": {"en": "x"}, "group": "No Group"}]},
        "/categories/0/group",
    ),
    ({**SLIDE, "prompt": "inline"}, "/spot"),
    ({**SLIDE, "groups": ["News"]}, "/groups/0"),
    ({**SLIDE, "segment": "seg_1", "rule": {"kind": "language", "in": ["de"]}}, "/rule"),
    ({**SLIDE, "triggers": [[{"kind": "leave_intent"}, {"kind": "utm"}]]}, "/triggers/0/1"),
    ({**SLIDE, "variants": [{"name": "a"}]}, "/variants"),
    ({**SLIDE, "variants": [{"name": "a"}, {"name": "a"}]}, "/variants/1/name"),
    ({**SLIDE, "variants": [{"name": "a"}, {"name": "b", "prompt": "html"}]}, "/variants/1/html"),
]
MALFORMED: list[dict[str, Any]] = [
    {"prompt": "hologram", "texts": TEXTS},
    {"prompt": "slide"},
    {**SLIDE, "texts": {"english please": {"title": "x"}}},
    {**SLIDE, "texts": {"en": {"titel": "x"}}},
    {**SLIDE, "look": {"accent": "red"}},
    {**SLIDE, "look": {"icon": "javascript:alert(1)"}},
    {**SLIDE, "look": {"position": "middle"}},
    {**SLIDE, "frequency": {"shows": 0}},
    {**SLIDE, "frequency": {"later_seconds": -1}},
    {**SLIDE, "requirements": {"browsers": ["netscape"]}},
    {**SLIDE, "requirements": {"permissions": ["maybe"]}},
    {**SLIDE, "triggers": [[]]},
    {**SLIDE, "triggers": [[{"kind": "leave_intent"}]] * 11},
    {**SLIDE, "html": {"en": "x" * (MAX_HTML + 1)}},
    {**SLIDE, "variants": [{"name": "A B"}, {"name": "b"}]},
    {**SLIDE, "size": {"width": 100_000}},
]


@pytest.mark.parametrize("given", GOOD)
def test_good_definitions(given: dict[str, Any]) -> None:
    """They are stored as they were written."""
    prompt = read(given)
    assert prompt_errors(prompt) == ()
    assert msgspec.to_builtins(prompt) == given


@pytest.mark.parametrize(("given", "pointer"), WRONG)
def test_what_is_wrong(given: dict[str, Any], pointer: str) -> None:
    """The first error leads to the place."""
    errors = prompt_errors(read(given))
    assert errors[0].pointer == pointer
    assert errors[0].detail.endswith(".")


@pytest.mark.parametrize("given", MALFORMED)
def test_what_is_of_no_form(given: dict[str, Any]) -> None:
    """Members and values that are not documented are refused."""
    with pytest.raises(msgspec.ValidationError):
        read(given)


def test_shares_part_the_visitors() -> None:
    """A variant gets its part, whatever its place; what a visitor sees of one campaign says nothing of another."""
    variants = [Variant(name="a", share=1), Variant(name="b", share=1), Variant(name="c", share=2)]
    visitors = [bytes([number % 256, number // 256]) * 16 for number in range(4_000)]
    one = [variant_of("cmp_1", variants, visitor) for visitor in visitors]
    counts = Counter(variant.name for variant in one if variant is not None)
    assert counts["a"] == pytest.approx(1_000, rel=0.15)
    assert counts["c"] == pytest.approx(2_000, rel=0.15)
    two = [variant_of("cmp_2", variants, visitor) for visitor in visitors]
    assert sum(mine == other for mine, other in zip(one, two, strict=True)) == pytest.approx(1_500, rel=0.15)
    assert variant_of("cmp_1", [], b"x") is None


def test_what_a_variant_has_takes_the_place() -> None:
    """Texts member by member, all else as a whole; what the prompt has no use for is not sent."""
    given = {**SLIDE, "variants": [{"name": "a", "texts": {"en": {"title": "Other"}}, "look": {"theme": "dark"}}]}
    prompt = read(given)
    own = merged(prompt, prompt.variants[0])
    assert (own.texts["en"].title, own.texts["en"].accept, own.look.theme) == ("Other", "Yes", "dark")
    assert "html" not in page_view(merged(read({**SLIDE, "html": {"en": "<p>"}}), None), "en")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("de-AT", "de"), ("DE", "de"), ("pt-BR", "pt-br"), ("pt", "en"), (None, "en"), ("fr-CA", "en")],
)
def test_languages(wanted: str | None, found: str) -> None:
    """The longest prefix of the asked tag is taken, in any letter case; else the default."""
    assert language_of(wanted, {"en": 1, "de": 1, "pt-br": 1}, "en") == found


def test_right_to_left() -> None:
    """The language says how it is written, whatever its region."""
    assert [is_right_to_left(tag) for tag in ("ar-EG", "he", "fa", "de", "en-AR")] == [True, True, True, False, False]


def test_words_of_categories_are_in_the_page_s_language() -> None:
    """A category without words in a language has those of the default one."""
    texts = {**TEXTS, "de": {"title": "Was?", "accept": "Ja"}}
    categories = [
        {"title": {"en": "News", "de": "Neues"}, "group": "news"},
        {"title": {"en": "Sale"}, "description": {"en": "Less"}, "attribute": "sale"},
    ]
    view = page_view(read({"prompt": "categories", "texts": texts, "categories": categories}), "de")
    assert view["categories"] == [
        {"group": "news", "attribute": None, "title": "Neues", "description": None, "checked": False},
        {"group": None, "attribute": "sale", "title": "Sale", "description": "Less", "checked": False},
    ]
