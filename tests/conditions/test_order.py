"""The condition on what somebody has bought."""

import pytest
from tests.support.persons import ago, holds

from heliograph.domain.person import PersonEvent

ORDERS = (
    PersonEvent("order", ago(days=2), amount_milli=49_900),
    PersonEvent("order", ago(days=40), amount_milli=100_100),
    PersonEvent("order", ago(days=50)),
)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"count": {"from": 3}}, True),
        ({"count": {"from": 4}}, False),
        ({"count": {"to": 1}, "within": {"days": 30}}, True),
        ({"total": {"from": 150}}, True),
        ({"total": {"from": 150.01}}, False),
        ({"total": {"to": 49.9}, "within": {"days": 30}}, True),
        ({"last_within": {"days": 3}}, True),
        ({"last_within": {"days": 1}}, False),
        ({"last_not_within": {"days": 1}}, True),
        ({"last_not_within": {"days": 3}}, False),
    ],
)
def test_it_adds_up(asked: dict[str, object], answer: bool):
    """Number, sum and age of the last are of the orders alone."""
    assert holds({"kind": "order", **asked}, events=ORDERS) is answer


def test_who_never_bought_has_no_last_order():
    """Neither recent nor old."""
    assert not holds({"kind": "order", "last_within": {"days": 3000}})
    assert not holds({"kind": "order", "last_not_within": {"days": 1}})
    assert holds({"kind": "order", "count": {"to": 0}})
