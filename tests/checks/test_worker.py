"""Whether the worker gets its scope."""

import pytest
from tests.support.sites import HTML, complaints, fetched, with_domain, with_html

from heliograph.checks.worker import WorkerCheck

_RIVAL = {"/OneSignalSDKWorker.js": fetched("/OneSignalSDKWorker.js", b"", "text/javascript")}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"rivals": _RIVAL}, {"worker.rival"}),
        ({"rivals": _RIVAL, "worker_path": "/heliograph-worker.js"}, {"worker.same_scope"}),
    ],
)
def test_another_vendors_worker_is_told(changes: dict[str, object], expected: set[str]) -> None:
    """At the same scope only one of them can be registered."""
    assert complaints(list(WorkerCheck().look(with_domain(**changes)))) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/w/heliograph-worker.js", set()), ("https://cdn.example/w.js", {"worker.elsewhere"})],
)
def test_the_worker_must_be_of_the_same_origin(path: str, expected: set[str]) -> None:
    """Browsers refuse others."""
    html = HTML.replace("data-key", f'data-worker="{path}" data-key')
    assert complaints(list(WorkerCheck().look(with_html(html)))) == expected
