"""Whether the page loads our script."""

import pytest
from tests.support.sites import BASE_URL, HTML, KEY, TAG, complaints, with_domain, with_html

from heliograph.checks.script_tag import ScriptTagCheck
from heliograph.domain.site import Fetched


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (HTML, set()),
        (HTML.upper().replace(TAG.upper(), TAG), set()),
        (HTML.replace(TAG, ""), {"script_tag.missing"}),
        (HTML.replace(TAG, f"<!-- {TAG} -->"), {"script_tag.missing"}),
        (HTML.replace(BASE_URL, "https://other.example"), {"script_tag.address"}),
        (HTML.replace(f' data-key="{KEY}"', ""), {"script_tag.no_key"}),
        (HTML.replace(KEY, "hpk_other"), {"script_tag.other_key"}),
        (HTML + TAG, {"script_tag.twice"}),
        ("<script src='http://[' data-key></script>" + HTML, set()),
        ("\x00<" * 10_000, {"script_tag.missing"}),
    ],
)
def test_the_tag_is_found_as_a_browser_finds_it(html: str, expected: set[str]) -> None:
    """Upper case and broken HTML make no difference; a comment does."""
    assert complaints(list(ScriptTagCheck().look(with_html(html)))) == expected


def test_a_page_that_cannot_be_read_is_skipped() -> None:
    """No finding is made up."""
    site = with_domain(home=Fetched("", fault="timeout"))
    assert [finding.id for finding in ScriptTagCheck().look(site)] == ["script_tag.skipped"]
