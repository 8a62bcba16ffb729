"""Whether the files answer by themselves."""

import pytest
from tests.support.sites import complaints, fetched, with_domain

from heliograph.checks.no_redirect import NoRedirectCheck

_AWAY = {"location": "/de/file"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"worker": fetched("/w.js", b"", "", 302, **_AWAY)}, {"no_redirect.worker"}),
        ({"manifest": fetched("/manifest.json", b"", "", 308, **_AWAY)}, {"no_redirect.manifest"}),
    ],
)
def test_redirected_files_are_told(changes: dict[str, object], expected: set[str]) -> None:
    """A worker's script may not be redirected."""
    assert complaints(list(NoRedirectCheck().look(with_domain(**changes)))) == expected
