"""Whether the push subdomain leads to us."""

from dataclasses import replace

import pytest
from tests.support.sites import RIGHT, complaints, with_expected

from heliograph.checks.cname import CnameCheck
from heliograph.domain.site import NameAnswer


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (NameAnswer("a", ("push.example",)), set()),
        (NameAnswer("a", ("cdn.example", "push.example")), set()),
        (NameAnswer("a", (), frozenset({"203.0.113.7"})), set()),
        (NameAnswer("a", (), frozenset({"203.0.113.7", "203.0.113.8"})), {"cname.elsewhere"}),
        (NameAnswer("a", ("push.flocktory.com",)), {"cname.elsewhere"}),
        (NameAnswer("a"), {"cname.elsewhere"}),
        (NameAnswer("a", fault="no_such_name"), {"cname.missing"}),
        (NameAnswer("a", fault="timeout"), set()),
    ],
)
def test_each_resolver_is_asked(answer: NameAnswer, expected: set[str]) -> None:
    """One that cannot be asked accuses nobody."""
    assert complaints(list(CnameCheck().look(replace(RIGHT, names=(*RIGHT.names, answer))))) == expected


def test_without_a_push_host_there_is_nothing_to_say() -> None:
    """Most sites need none."""
    assert list(CnameCheck().look(with_expected(push_host=None))) == []
