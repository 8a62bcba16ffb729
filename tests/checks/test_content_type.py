"""Whether the files have the right types."""

import pytest
from tests.support.sites import complaints, fetched, with_domain

from heliograph.checks.content_type import ContentTypeCheck


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"worker": fetched("/w.js", b"", "application/javascript; charset=utf-8")}, set()),
        ({"worker": fetched("/w.js", b"", "text/plain")}, {"content_type.worker"}),
        ({"worker": fetched("/w.js", b"", "")}, {"content_type.worker"}),
        ({"manifest": fetched("/manifest.json", b"", "text/html")}, {"content_type.manifest"}),
        ({"manifest": fetched("/manifest.json", b"", "application/json")}, set()),
    ],
)
def test_browsers_refuse_other_types(changes: dict[str, object], expected: set[str]) -> None:
    """A worker must be JavaScript."""
    assert complaints(list(ContentTypeCheck().look(with_domain(**changes)))) == expected
