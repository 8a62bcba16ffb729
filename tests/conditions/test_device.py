"""The condition on what somebody browses with."""

import pytest
from tests.support.persons import holds

from heliograph.domain.person import Device

DEVICES = frozenset([Device("firefox", "linux", is_mobile=False), Device("chrome", None, is_mobile=None)])


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"browser": "firefox"}, True),
        ({"browser": "firefox", "os": "linux", "mobile": False}, True),
        ({"browser": "chrome", "os": "linux"}, False),
        ({"mobile": True}, False),
    ],
)
def test_one_device_is_all_of_it(asked: dict[str, object], answer: bool):
    """Two devices that are each half of it do not do; what is not known is not it."""
    assert holds({"kind": "device", **asked}, devices=DEVICES) is answer
