"""Whether the page answers at all."""

import pytest
from tests.support.sites import complaints, with_domain

from heliograph.checks.reachable import ReachableCheck
from heliograph.domain.site import Fetched


@pytest.mark.parametrize(
    ("home", "expected"),
    [
        (Fetched("", 200), set()),
        (Fetched("", 302, {"location": "/de"}), set()),
        (Fetched("", 503), {"reachable.status"}),
        (Fetched("", 304), {"reachable.status"}),
        (Fetched("", fault="timeout"), {"reachable.no_answer"}),
        (Fetched("", fault="refused_address"), {"reachable.inside"}),
    ],
)
def test_the_page_answers_or_it_is_said_how_not(home: Fetched, expected: set[str]) -> None:
    """A redirect is an answer: where it leads is for other checks."""
    assert complaints(list(ReachableCheck().look(with_domain(home=home)))) == expected
