"""The condition on time zones."""

import pytest
from tests.support.persons import holds


@pytest.mark.parametrize(
    ("zones", "own", "answer"),
    [
        (["Europe/Berlin"], "Europe/Berlin", True),
        (["Europe/"], "Europe/Berlin", True),
        (["Europe"], "Europe/Berlin", False),
        (["UTC", "Asia/"], "Europe/Berlin", False),
        (["UTC"], None, False),
    ],
)
def test_zones_are_named_or_begin_alike(zones: list[str], own: str | None, answer: bool):
    """A name that ends in a slash stands for all below it."""
    assert holds({"kind": "time_zone", "in": zones}, time_zone=own) is answer
