"""States of a delivery and the token that browsers send back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.domain.delivery import (
    TRANSITIONS,
    DeliveryState,
    ReceiptEvent,
    delivery_id,
    delivery_of_token,
    delivery_token,
)
from heliograph.domain.notification import Content, Variant, chosen_variant

S = DeliveryState


def test_every_state_has_its_row_in_the_table():
    """The transition table is complete."""
    assert set(TRANSITIONS) == set(DeliveryState)


@pytest.mark.parametrize(
    ("old", "new", "legal"),
    [
        (S.QUEUED, S.ACCEPTED, True),
        (S.RETRYING, S.ACCEPTED, True),
        (S.ACCEPTED, S.DISPLAYED, True),
        (S.DISPLAYED, S.CLICKED, True),
        (S.DISMISSED, S.CLICKED, True),
        (S.EXPIRED, S.DISPLAYED, True),
        (S.CLICKED, S.DISPLAYED, False),
        (S.CLICKED, S.DISMISSED, False),
        (S.DISPLAYED, S.ACCEPTED, False),
        (S.ACCEPTED, S.RETRYING, False),
        (S.GONE, S.DISPLAYED, False),
        (S.SKIPPED, S.ACCEPTED, False),
    ],
)
def test_the_steps_that_matter(old: DeliveryState, new: DeliveryState, legal: bool):
    """A delivery moves towards what a person did, never back."""
    assert old.may_become(new) is legal


def test_no_cycle():
    """No delivery can come back to a state it has left."""

    def reachable(state: DeliveryState) -> set[DeliveryState]:
        direct = TRANSITIONS[state]
        return set(direct) | {far for near in direct for far in reachable(near)}

    assert all(state not in reachable(state) for state in DeliveryState)
    assert {s for s in DeliveryState if s.is_terminal} == {S.SKIPPED, S.GONE, S.REJECTED, S.CLICKED}


def test_every_receipt_leads_to_a_state():
    """The wire's words and the states' are the same."""
    assert [event.state for event in ReceiptEvent] == [S.DISPLAYED, S.CLICKED, S.DISMISSED]


@given(st.text(max_size=40), st.text(max_size=40), st.binary(min_size=32, max_size=32))
def test_a_delivery_token_is_genuine_or_nothing(dispatch: str, subscription: str, key: bytes):
    """The same dispatch and subscription give the same delivery; a token made with another key gives none."""
    delivery = delivery_id(dispatch, subscription)
    token = delivery_token(delivery, key)

    assert delivery == delivery_id(dispatch, subscription)
    assert delivery_of_token(token, key) == delivery
    assert delivery_of_token(token, bytes(32) if key != bytes(32) else b"\1" * 32) is None


@given(st.text())
def test_any_text_may_come_as_a_token(text: str):
    """A stranger's bytes are refused, not crashed on."""
    assert delivery_of_token(text, b"k" * 32) is None


@pytest.mark.parametrize(
    ("language", "tag", "title"),
    [
        ("de", "de", "Hallo"),
        ("de-AT", "de", "Hallo"),
        ("DE-at", "de", "Hallo"),
        ("pt-BR", "pt-BR", "Oi"),
        ("pt-PT", "en", None),
        ("fr", "en", None),
        (None, "en", None),
        ("", "en", None),
    ],
)
def test_a_reader_gets_the_closest_language(language: str | None, tag: str, title: str | None):
    """The longest prefix of the reader's language that has a variant wins, else the notification's own text."""
    content = Content(
        title="Hello", language="en", variants={"de": Variant(title="Hallo"), "pt-BR": Variant(title="Oi")}
    )

    chosen, variant = chosen_variant(content, language)

    assert (chosen, variant.title if variant else None) == (tag, title)
