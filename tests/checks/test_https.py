"""Whether the page is https."""

import pytest
from tests.support.sites import complaints, with_domain

from heliograph.checks.https import HttpsCheck
from heliograph.domain.site import Fetched


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"plain": None}, set()),
        ({"plain": Fetched("http://shop.example/", fault="connect")}, set()),
        ({"plain": Fetched("http://shop.example/", 200)}, {"https.plain"}),
        ({"plain": Fetched("http://shop.example/", 302, {"location": "/de"})}, {"https.plain"}),
        ({"origin": "http://shop.example"}, {"https.insecure"}),
        ({"origin": "http://localhost:8971"}, set()),
        ({"origin": "http://shop.localhost"}, set()),
        ({"origin": "http://localhost.evil.example"}, {"https.insecure"}),
    ],
)
def test_insecure_pages_are_told(changes: dict[str, object], expected: set[str]) -> None:
    """Loopback counts as secure, as it does for browsers."""
    assert complaints(list(HttpsCheck().look(with_domain(**changes)))) == expected
