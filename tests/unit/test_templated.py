"""Content of templates: what is refused when it is stored, and what one person gets to see."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.domain.notification import Action, Content, NotificationKind, Variant
from heliograph.domain.template import TemplateError
from heliograph.domain.templated import errors, names, nothing_known, personal

SHOWN = NotificationKind.NOTIFICATION
LAMP = Content(
    title="Hello {{ profile.first_name | default: 'there' }}",
    body="{{ item.title }} is cheaper now.",
    url="https://shop.example/items/{{ item.id }}",
    image="{{ item.image }}",
    actions=(Action("buy", "Buy {{ item.title }}", url="https://shop.example/buy?id={{ item.id }}"),),
    data={"for": "{{ external_id }}", "ids": ["{{ item.id }}", 7]},
    variants={"de": Variant(title="Hallo {{ profile.first_name | default: 'du' }}", body=None)},
    template=True,
)
VALUES: dict[str, Any] = {
    "profile": {"first_name": "Ada"},
    "external_id": "ada@example.com",
    "item": {"id": "a/1", "title": "Lamp", "image": "https://img.example/1.png"},
}


def test_everything_is_filled_in() -> None:
    """Texts, addresses, buttons and strings in data are a person's own, in their language, and hold no template."""
    assert errors(LAMP, SHOWN) == ()
    assert personal(LAMP, SHOWN, "de-AT", VALUES) == Content(
        title="Hallo Ada",
        body="Lamp is cheaper now.",
        url="https://shop.example/items/a%2F1",
        image="https://img.example/1.png",
        actions=(Action("buy", "Buy Lamp", url="https://shop.example/buy?id=a%2F1"),),
        data={"for": "ada@example.com", "ids": ["a/1", 7]},
        language="de",
    )
    assert personal(LAMP, SHOWN, "en", VALUES).title == "Hello Ada"
    assert names(LAMP) == {"profile", "item", "external_id"}


def test_what_is_missing_is_left_out() -> None:
    """Of whom nothing is known, gets the defaults; a picture that is not there is left out."""
    (plain, german) = nothing_known(LAMP, SHOWN)
    assert (plain.title, plain.image, german.title) == ("Hello there", None, "Hallo du")
    assert list(nothing_known(replace(LAMP, title="{{ item.title }}"), SHOWN)) == [german]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"item": {"title": {"en": "Lamp"}}}, "body: A whole object"),
        ({"item": {"title": "x" * 9000}}, "body: It comes to more than"),
        ({"item": {"image": "javascript:alert(1)"}}, "image: Write a whole address"),
        ({"item": {"image": "http://img.example/1.png"}}, "image: Browsers do not load pictures over http"),
        ({"item": {"image": "https://img.example/1 2.png"}}, "image: Write a whole address"),
        ({"item": {"image": "https://img.example/" + "x" * 3000}}, "image: An address has at most"),
        ({"item": {"image": "https://ada@img.example/"}}, "image: An address must not hold a user name"),
    ],
)
def test_bad_values_are_one_error(values: dict[str, Any], words: str) -> None:
    """What a person's values make unfit to be shown is one error that names the field, and no value."""
    with pytest.raises(TemplateError) as found:
        personal(LAMP, SHOWN, None, values)
    assert found.value.detail.startswith(words)
    assert "alert" not in found.value.detail


def test_a_title_there_must_be() -> None:
    """An empty title is an error for the person to whom it happens."""
    with pytest.raises(TemplateError, match="title"):
        personal(replace(LAMP, title="{{ profile.title }}"), SHOWN, None, VALUES)


def test_mistakes_have_a_pointer_and_a_place() -> None:
    """All mistakes of all fields and languages are told together, each with its field, line and column."""
    wrong = Content(
        title="{{ profil.name }}",
        body="{% if %}",
        url="ftp://{{ item.id }}",
        data={"a/b": ["{{ nope }}"]},
        actions=(Action("buy", "{{ external_id }}", url="{{ item.url"),),
        variants={"de": Variant(body="{{ x | y }}")},
        template=True,
    )
    found = {error.pointer: error.detail for error in errors(wrong, SHOWN)}
    assert found["/content/title"].startswith("Line 1, column 4: There is no variable profil.")
    assert set(found) == {
        "/content/title",
        "/content/body",
        "/content/url",
        "/content/data/a~1b/0",
        "/content/actions/0/title",
        "/content/actions/0/url",
        "/content/variants/de/body",
    }
    assert "/content/data" in {error.pointer for error in errors(replace(LAMP, data=["{{ item.id }}" * 9] * 60), SHOWN)}


def test_content_that_is_no_template_stays_as_it_is() -> None:
    """Braces in content that was not said to be a template are sent as they are."""
    content = Content(title="{{ braces", url="https://shop.example/")
    assert errors(content, SHOWN) == ()
    assert names(content) == frozenset()


def test_a_data_push_is_filled_in() -> None:
    """The strings in a data push are templates too."""
    content = Content(data={"id": "{{ item.id }}"}, template=True)
    assert errors(content, NotificationKind.DATA) == ()
    assert personal(content, NotificationKind.DATA, None, VALUES).data == {"id": "a/1"}


_text = st.text(st.characters(exclude_categories=()), max_size=30)


@given(first=_text, item=st.dictionaries(st.sampled_from(["id", "title", "image"]), _text | st.none() | st.integers()))
def test_any_person_gets_good_content_or_the_one_error(first: str, item: dict[str, Any]) -> None:
    """Whatever the values are, what comes out passes the rules of content that was written by hand."""
    try:
        made = personal(LAMP, SHOWN, None, {"profile": {"first_name": first}, "item": item})
    except TemplateError:
        return
    assert errors(made, SHOWN) == ()
