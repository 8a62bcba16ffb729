"""Whether every domain hosts the files."""

from dataclasses import replace

import pytest
from tests.support.sites import DOMAIN, HTML, RIGHT, WORKER, complaints, with_page

from heliograph.checks.root_files import RootFilesCheck
from heliograph.domain.site import Fetched

_OTHER = replace(DOMAIN, origin="https://m.shop.example")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"worker": Fetched("", 404)}, {"root_files.no_worker"}),
        ({"worker": Fetched("", fault="timeout")}, {"root_files.no_worker"}),
        ({"worker": Fetched("", 200, body=b"self.x = 1")}, {"root_files.other_worker"}),
        ({"worker": Fetched("", 200, body=b"// ours\n" + WORKER)}, {"root_files.worker_differs"}),
        ({"manifest": Fetched("", 200, body=b"{}")}, {"root_files.manifest_differs"}),
        ({"manifest": Fetched("", 404)}, set()),
        ({"worker": Fetched("", 301, {"location": "/x"})}, set()),
    ],
)
def test_the_second_domain_must_have_the_same(changes: dict[str, Fetched], expected: set[str]) -> None:
    """One file is compared with the main domain's, byte for byte."""
    site = replace(RIGHT, domains=(DOMAIN, replace(_OTHER, **changes)))
    assert complaints(list(RootFilesCheck().look(site))) == expected


def test_a_site_with_a_worker_of_its_own_needs_no_file() -> None:
    """The tag says so with data-registration."""
    html = HTML.replace("data-key", 'data-registration="/" data-key')
    site = replace(RIGHT, domains=(replace(with_page(DOMAIN, html), worker=Fetched("", 404)),))
    assert complaints(list(RootFilesCheck().look(site))) == set()
