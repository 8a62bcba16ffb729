"""Whether the clocks agree."""

from datetime import timedelta

import pytest
from tests.support.sites import NOW, complaints, with_domain, with_expected

from heliograph.checks.clock import ClockCheck
from heliograph.domain.site import Fetched


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0, set()), (120, set()), (-120, set()), (121, {"clock.skew"}), (-121, {"clock.skew"})]
)
def test_two_minutes_are_forgiven(seconds: int, expected: set[str]) -> None:
    """Either way."""
    assert complaints(list(ClockCheck().look(with_expected(now=NOW + timedelta(seconds=seconds))))) == expected


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}, {"date": "Sat, 14 Mar 2020 09:26:53 GMT", "age": "9"}])
def test_without_a_fresh_date_nothing_is_said(headers: dict[str, str]) -> None:
    """An answer out of a cache is as old as the cache."""
    site = with_domain(home=Fetched("", 200, headers))
    assert [finding.id for finding in ClockCheck().look(site)] == ["clock.skipped"]
