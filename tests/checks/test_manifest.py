"""Whether an iPhone may push."""

import pytest
from tests.support.sites import TAG, complaints, fetched, with_domain, with_html

from heliograph.checks.manifest import ManifestCheck


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"display":"standalone"}', set()),
        (b'{"display":"fullscreen"}', set()),
        (b'{"display":"browser"}', {"manifest.display"}),
        (b"{}", {"manifest.display"}),
        (b'{"display":7}', {"manifest.display"}),
        (b"[]", {"manifest.broken"}),
        (b"<html>", {"manifest.broken"}),
        (b"\xff", {"manifest.broken"}),
    ],
)
def test_the_manifest_must_ask_for_the_home_screen(body: bytes, expected: set[str]) -> None:
    """In a tab, iOS has no push."""
    site = with_domain(manifest=fetched("/manifest.json", body, "application/json"))
    assert complaints(list(ManifestCheck().look(site))) == expected


def test_the_page_must_link_it() -> None:
    """A file that no page names does nothing."""
    assert complaints(list(ManifestCheck().look(with_html(TAG)))) == {"manifest.no_link"}
    missing = with_domain(manifest=fetched("/manifest.json", b"", "", 404))
    assert complaints(list(ManifestCheck().look(missing))) == {"manifest.missing"}
