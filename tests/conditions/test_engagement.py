"""The condition on what became of past notifications."""

import pytest
from tests.support.persons import ago, holds

from heliograph.conditions import parse
from heliograph.domain.person import Engagement
from heliograph.errors import InvalidRequest

DONE = (
    Engagement("a", ago(days=3)),
    Engagement("b", ago(days=2), displayed_at=ago(days=2)),
    Engagement("c", ago(days=9), displayed_at=ago(days=8), clicked_at=ago(days=8)),
)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"did": "accepted", "from": 3}, True),
        ({"did": "displayed", "from": 2, "within": {"days": 7}}, False),
        ({"did": "clicked"}, True),
        ({"did": "clicked", "to": 0, "within": {"days": 7}}, True),
        ({"did": "dismissed"}, False),
        ({"ignored_last": 2}, True),
        ({"ignored_last": 3}, False),
        ({"ignored_last": 4}, False),
    ],
)
def test_it_counts_what_was_done(asked: dict[str, object], answer: bool):
    """By the instant of what is asked about; who got too few has ignored nothing."""
    assert holds({"kind": "engagement", **asked}, deliveries=DONE) is answer


@pytest.mark.parametrize("asked", [{}, {"did": "clicked", "ignored_last": 2}, {"ignored_last": 2, "from": 1}])
def test_it_asks_one_thing(asked: dict[str, object]):
    """Neither nothing nor two."""
    with pytest.raises(InvalidRequest):
        parse({"kind": "engagement", **asked})
