"""The condition on subscriptions."""

import pytest
from tests.support.persons import ago, holds

from heliograph.domain.person import OwnSubscription

OWN = (OwnSubscription("active", "web", "mozilla", ago(days=10)), OwnSubscription("gone", "web", "fcm", ago(days=90)))


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({}, True),
        ({"has": False}, False),
        ({"push_service": "fcm"}, False),
        ({"push_service": "fcm", "state": "gone"}, True),
        ({"push_service": "fcm", "has": False}, True),
        ({"channel": "web", "within": {"days": 11}}, True),
        ({"not_within": {"days": 11}}, False),
        ({"not_within": {"days": 9}}, True),
    ],
)
def test_one_subscription_is_all_of_it(asked: dict[str, object], answer: bool):
    """The active ones are meant unless another state is named."""
    assert holds({"kind": "subscription", **asked}, subscriptions=OWN) is answer
