"""The condition on when somebody was last there."""

import pytest
from tests.support.persons import ago, holds

from heliograph.conditions import parse
from heliograph.errors import InvalidRequest


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"within": {"days": 8}}, True),
        ({"within": {"days": 7}}, False),
        ({"not_within": {"days": 7}}, True),
        ({"not_within": {"days": 8}}, False),
        ({"within": {"days": 8}, "not_within": {"hours": 1}}, True),
    ],
)
def test_it_compares_the_instant(asked: dict[str, object], answer: bool):
    """Exactly at the end of the time is outside of it."""
    assert holds({"kind": "last_seen", **asked}, last_seen_at=ago(days=7)) is answer


def test_it_asks_something():
    """Without a time it would mean everybody, by mistake."""
    with pytest.raises(InvalidRequest):
        parse({"kind": "last_seen"})


def test_who_was_never_seen_was_there_when_they_became_known():
    """People who came by an import are old after a while, too."""
    assert holds({"kind": "last_seen", "not_within": {"days": 30}}, last_seen_at=None, created_at=ago(days=31))
