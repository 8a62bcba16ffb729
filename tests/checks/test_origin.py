"""Whether the project lists the origin."""

import pytest
from tests.support.sites import complaints, with_domain

from heliograph.checks.origin import OriginCheck
from heliograph.domain.site import Fetched


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"origin": "https://www.shop.example"}, {"origin.unlisted"}),
        ({"origin": "https://shop.example:8443"}, {"origin.unlisted"}),
        ({"home": Fetched("https://shop.example/", 301, {"location": "/de/"})}, set()),
        (
            {"home": Fetched("https://shop.example/", 301, {"location": "https://www.shop.example/"})},
            {"origin.redirected"},
        ),
    ],
)
def test_the_origin_that_visitors_see_must_be_listed(changes: dict[str, object], expected: set[str]) -> None:
    """Also when the page redirects to another one."""
    assert complaints(list(OriginCheck().look(with_domain(**changes)))) == expected
