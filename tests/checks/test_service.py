"""Whether this installation answers."""

from dataclasses import replace

import pytest
from tests.support.sites import RIGHT, complaints

from heliograph.checks.service import ServiceCheck
from heliograph.domain.site import Fetched


def test_an_installation_that_answers_is_well() -> None:
    """Script and API are there."""
    assert complaints(list(ServiceCheck().look(RIGHT))) == set()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"script": Fetched("", fault="connect")}, "service.script"),
        ({"script": Fetched("", 200, {"content-type": "text/html"})}, "service.script"),
        ({"config": Fetched("", 401)}, "service.api"),
    ],
)
def test_what_does_not_answer_is_named(changes: dict[str, Fetched], expected: str) -> None:
    """A proxy that answers with a page of its own is found too."""
    assert complaints(list(ServiceCheck().look(replace(RIGHT, **changes)))) == {expected}
