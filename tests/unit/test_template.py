"""Templates: what they can say, what they cannot do, and that nothing but one error ever comes out of them."""

import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.domain.liquid_filters import FILTERS
from heliograph.domain.template import MAX_OUTPUT, MAX_TEMPLATE, TemplateError, check, has_marks, render

ADA: dict[str, Any] = {
    "profile": {
        "first_name": "Ada",
        "points": 1200,
        "tags": ["blue", "red"],
        "address": {"city": "London"},
        "odd": "a\0b\u202ec",
        "shop": "https://shop.example/?from=a b",
        "since": "2026-03-14T09:26:53Z",
    },
    "external_id": "ada@example.com",
    "language": "en-GB",
    "cart": {"items": [{"title": "Lamp", "price": 12.5}, {"title": "Cup", "price": 3}], "total": "15.5"},
    "best_cart_item": {"title": "Lamp", "path": "lamps/blue one"},
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Hello!", "Hello!"),
        ("Hello {{ profile.first_name }}!", "Hello Ada!"),
        ("Hello {{ profile.nickname | default: 'there' }}!", "Hello there!"),
        ("{{ best_cart_item['title'] | default: 'Hello' }}", "Lamp"),
        ("{{ item['title'] | default: 'Hello' }}", "Hello"),
        ("{{ profile.address.city | upcase }}", "LONDON"),
        ("{{ profile.tags }}", "bluered"),
        ("{{ profile.tags | join: ', ' }}", "blue, red"),
        ("{{ profile.points | divided_by: 100 | times: 2 }}", "24"),
        ("{{ profile.since | date: '%e.%m.%Y %H:%M' }}", "14.03.2026 09:26"),
        ("{% if profile.points > 1000 %}gold{% else %}blue{% endif %}", "gold"),
        ("{% case language %}{% when 'en-GB' %}cheers{% endcase %}", "cheers"),
        ("{% for one in cart.items %}{{ one.title }}{% unless forloop.last %}&{% endunless %}{% endfor %}", "Lamp&Cup"),
        ("{% assign name = profile.first_name %}{{ name }}", "Ada"),
        ("{{ cart.items | sum: 'price' | round: 1 }}", "15.5"),
        ("{{ cart.total | fixed: 2 | replace: '.', ',' }} €", "15,50 €"),
        ("{{ cart.items | sort: 'price' | map: 'title' | first }}", "Cup"),
        ("{{ cart.items | where: 'title', 'Cup' | size }}", "1"),
        ("{{ '<b>now</b>' | strip_html }}", "now"),
        ("{{ 'a long sentence' | truncate: 7 }}", "a long…"),
        ("{{ profile.nothing.at.all }}", ""),
        ("{{ profile.odd }}", "abc"),
        ("{{ 1 | plus: true }}{{ true }}{{ nil }}", "1true"),
    ],
)  # fmt: skip
def test_what_templates_say(source: str, expected: str) -> None:
    """Names, members, filters, conditions and loops do what Liquid's documentation says; what is missing is empty."""
    check(source)
    assert render(source, ADA) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("https://shop.example/?q={{ profile.shop }}", "https://shop.example/?q=https%3A%2F%2Fshop.example%2F%3Ffrom%3Da%20b"),
        ("https://shop.example/{{ best_cart_item.path | path }}", "https://shop.example/lamps/blue%20one"),
        ("https://shop.example/?id={{ external_id }}", "https://shop.example/?id=ada%40example.com"),
        ("https://shop.example/?id={{ external_id | url_encode }}", "https://shop.example/?id=ada%40example.com"),
        ("{{ profile.nothing }}{{ profile.shop }}&x={{ profile.first_name }}", "https://shop.example/?from=a b&x=Ada"),
    ],
)  # fmt: skip
def test_addresses_are_encoded(source: str, expected: str) -> None:
    """A value within an address is percent-encoded, once; at the very beginning it is the address itself."""
    check(source, is_address=True)
    assert render(source, ADA, is_address=True) == expected


@pytest.mark.parametrize(
    ("source", "place", "words"),
    [
        ("{{ profle.name }}", (1, 4), "There is no variable profle"),
        ("Hi\n  {{ now }}", (2, 6), "no variable now"),
        ("{{ external_id }}", (1, 4), "not for what is shown"),
        ("{{ profile.name | shout }}", (1, 19), "no such filter"),
        ("{{ profile.name | append }}", (1, 19), "takes 1 value"),
        ("{{ profile.name | upcase: 1 }}", (1, 19), "takes 0 value"),
        ("{{ profile.name | default: 1, loud: true }}", (1, 19), "no value of that name"),
        ("Hi {{ profile.name", (1, 4), "{{ needs }}."),
        ("{{ profile.name {{ language }}", (1, 1), "before the last one has ended"),
        ("{% %}", (1, 1), "needs a name"),
        ("{{" + " " * 40 + "}}", (1, 1), "at most 32 spaces"),
        ("{{ '" + "x" * 1000 + "' }}", (1, 1), "at most 1,000"),
        ("{% if profile.name %}", (0, 0), "endif"),
        ("{% include 'secrets' %}", (1, 4), "nexpected tag"),
        ("{% render 'secrets' %}", (1, 4), "nexpected tag"),
        ("{% capture x %}{% endcapture %}", (1, 4), "nexpected tag"),
        ("{% if true %}" * 20 + "{% endif %}" * 20, (1, 121), "nested more than 8"),
        ("x" * (MAX_TEMPLATE + 1), (0, 0), "at most 4,096"),
    ],
)
def test_mistakes_are_found_when_reading(source: str, place: tuple[int, int], words: str) -> None:
    """A template that cannot work is refused with the line and the column of the mistake, and what to do instead."""
    with pytest.raises(TemplateError) as found:
        check(source)
    assert ((found.value.line, found.value.column), words in found.value.sentence) == (place, True), found.value


SLOW = [
    "{{",
    "{%",
    "{",
    "{{ ",
    "{% {{ %}",
    "{{'",
    "{{ '{{' }}",
    "{%-",
    "{% raw %}",
    "{% doc %}",
    "{% comment %}",
    "{ {",
    "}}",
]
SLOW += ["{{ a }}", "{{" + " " * 32 + "}}", "{% if a %}{% elsif a %}", "{% if a %}{% endif %}", "[", "{% # x %}", "%}"]


@pytest.mark.parametrize(
    "piece", [*SLOW, "{{ a" + "[a" * 400, "{{ a" + " | upcase" * 100 + " }}", "{{ a: " + "1," * 480 + " }}"]
)
def test_reading_does_not_take_long(piece: str) -> None:
    """Nothing that is written within the length of a template keeps its reader busy."""
    check("{{ profile }}")  # loads the engine
    source = (piece * MAX_TEMPLATE)[:MAX_TEMPLATE]
    began = time.process_time()
    with suppress(TemplateError):
        check(source)
    assert time.process_time() - began < 0.75  # of which a collection of garbage may be half


def _many(piece: str, times: int = 100) -> str:
    return "{% for one in (1..100) %}" + piece * times + "{% endfor %}"


BOMBS = [
    "{% for a in (1..1000000) %}{{ a }}{% endfor %}",
    "{% for a in (1..50) %}{% for b in (1..50) %}{{ a }}{% endfor %}{% endfor %}",
    _many("{{ one }}", 400),
    _many("{% if one %}{% endif %}", 150),
    _many("{%if 1%}{%endif%}", 220),
    "{% for a in (1..10) %}" + "{% for b in (1..10) %}{%if 1%}{%endif%}{% endfor %}" * 60 + "{% endfor %}",
    _many("abcdefgh" * 10, 40),
    "{% assign a = 'ab' %}" + "{% assign a = a | append: a %}" * 60 + "{{ a }}",
    "{{ '" + "x" * 99 + "'" + " | replace: 'x', 'xxxxxxxxxx'" * 60 + " }}",
    "{{ 'abc'" + " | replace: '', 'abcabcabc'" * 60 + " }}",
    "{% assign a = 9 %}" + "{% assign a = a | times: a %}" * 60 + "{{ a }}",
    "{{ " + "9" * 4000 + " }}",
    "{{ '1e999999999' | plus: 1e999 }}{{ 1.5 | times: 99999999999999999999999999 }}",
    "{% assign a = 'a,b' | split: ',' %}" + "{% assign a = a | join: ',,' | split: ',' %}" * 60,
    "{{ profile.list" + " | sort | uniq | reverse" * 100 + " }}" + "{{ profile.list | join: profile.text }}" * 20,
    "{{ profile.since | date: '%999999999d' }}",
    "{{ profile.text" + " | url_encode" * 100 + " }}",
    "{{ profile.text" + " | split: '' | join: '....'" * 50 + " }}",
    "{% for one in profile.list %}{% for two in profile.list %}{{ two }}{% endfor %}{% endfor %}",
]


@pytest.mark.parametrize("source", BOMBS)
def test_bombs_do_not_go_off(source: str) -> None:
    """Whatever is built to grow or to last is stopped within a moment, with the one error."""
    values = {"profile": {"list": [str(one) for one in range(200)], "text": "%" * 8000, "since": "2026-03-14"}}
    began = time.process_time()
    with pytest.raises(TemplateError):
        render(source, values)
    assert time.process_time() - began < 0.75


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=20,
)
_pieces = st.sampled_from(
    ["{{", "}}", "{%", "%}", " profile.a ", " cart.items[0] ", "|", ":", ",", "'", '"', " if ", " endif ", " for x in ",
     " endfor ", " (1..9) ", " assign a = ", " a ", " forloop.index ", " == ", " contains ", " default ", "[", "]",
     "-", "{%-", "-%}", " case ", " when ", " else ", " break ", " nil ", " 1.5 ", " comment ", " raw ", "\0", "é",
     "🦊", "\n"]
    + [f"| {name}" for name in FILTERS]
)  # fmt: skip


@given(source=st.lists(_pieces, max_size=30).map("".join), value=_json, is_address=st.booleans())
def test_only_one_error_ever_comes_out(source: str, value: Any, is_address: bool) -> None:
    """Any text and any value give text within the bounds, or the one error; and soon."""
    values = {name: {"a": value, "items": [value]} for name in ("profile", "cart", "item")}
    began = time.process_time()
    for work in (lambda: check(source, is_address=is_address), lambda: render(source, values, is_address=is_address)):
        with suppress(TemplateError):
            result = work()
            assert not isinstance(result, str) or len(result) <= max(MAX_OUTPUT, len(source))
    assert time.process_time() - began < 1


@given(name=st.sampled_from(sorted(FILTERS)), value=_json, others=st.lists(_json, max_size=3))
def test_filters_take_anything(name: str, value: Any, others: list[Any]) -> None:
    """Every filter, given anything at all, gives text within the bounds, or the one error."""
    source = (
        "{{ profile.a | " + name + ":" * bool(others) + ",".join(f" cart.b{one}" for one in range(len(others))) + " }}"
    )
    values = {"profile": {"a": value}, "cart": {f"b{number}": one for number, one in enumerate(others)}}
    with suppress(TemplateError):
        assert len(render(source, values)) <= MAX_OUTPUT


def test_nothing_else_is_reachable() -> None:
    """Neither Python's attributes nor the clock nor members that are not JSON can be named."""
    for source in (
        "{{ profile.__class__ }}",
        "{{ profile['__class__']['__mro__'] }}",
        "{{ profile.keys }}",
        "{{ today }}",
    ):
        assert render(source, ADA) == ""
    assert not has_marks("{ { profile } }")
