"""The condition on the cart."""

import pytest
from tests.support.persons import ago, holds

from heliograph.domain.person import Cart

CART = Cart(item_count=3, total_milli=49_900, item_ids=frozenset(["lamp"]), updated_at=ago(hours=5))


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"count": {"from": 3}}, True),
        ({"count": {"to": 2}}, False),
        ({"total": {"from": 49.9}}, True),
        ({"total": {"from": 49.901}}, False),
        ({"item": "lamp"}, True),
        ({"item": "chair"}, False),
        ({"idle_for": {"hours": 4}}, True),
        ({"idle_for": {"hours": 6}}, False),
        ({"item": "lamp", "idle_for": {"hours": 6}}, False),
    ],
)
def test_it_looks_into_the_cart(asked: dict[str, object], answer: bool):
    """All that is asked must hold."""
    assert holds({"kind": "cart", **asked}, cart=CART) is answer


def test_no_cart_is_an_empty_one():
    """It has no pieces, and is idle for no time."""
    assert holds({"kind": "cart", "count": {"to": 0}, "total": {"to": 0}})
    assert not holds({"kind": "cart", "idle_for": {"hours": 1}})
