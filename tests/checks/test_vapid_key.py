"""Whether the keys in use can sign."""

from dataclasses import replace

import pytest
from tests.support.sites import RIGHT, complaints, with_expected

from heliograph.checks.vapid_key import VapidKeyCheck
from heliograph.domain.site import KeyUse


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (KeyUse("vap_1", "retiring", 5), set()),
        (KeyUse("vap_1", "retired", 0), set()),
        (KeyUse("vap_1", "retired", 1), {"vapid_key.retired"}),
        (KeyUse("vap_1", "active", 1, is_paused=True), {"vapid_key.paused"}),
        (KeyUse("vap_1", "retiring", 0, is_paused=True), set()),
    ],
)
def test_keys_are_judged_by_who_needs_them(key: KeyUse, expected: set[str]) -> None:
    """A key that nobody needs may be in any state."""
    assert complaints(list(VapidKeyCheck().look(with_expected(keys=(key,))))) == expected


@pytest.mark.parametrize("body", [b'{"application_server_key":"BOther"}', b"[]", b"<html>", b"{}"])
def test_pages_must_be_told_the_active_key(body: bytes) -> None:
    """Whatever else answers at our address is found out."""
    site = replace(RIGHT, config=replace(RIGHT.config, body=body))
    assert complaints(list(VapidKeyCheck().look(site))) == {"vapid_key.other_key"}
