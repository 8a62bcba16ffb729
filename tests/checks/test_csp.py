"""Whether a policy is in the way."""

import pytest
from tests.support.sites import HTML, complaints, with_html

from heliograph.checks.csp import CspCheck


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", set()),
        ("img-src 'none'", set()),
        ("default-src 'self' https://push.example", set()),
        ("default-src *", set()),
        ("default-src https:", set()),
        ("script-src 'nonce-abc'; connect-src *", set()),
        ("script-src 'self' https://*.example; connect-src push.example", set()),
        ("script-src 'self' push.example/sdk/v1/heliograph.js", set()),
        ("script-src 'self' push.example/sdk/", set()),
        ("script-src 'self' push.example/sdk", {"csp.script_src"}),
        ("script-src 'self'", {"csp.script_src"}),
        ("script-src 'self' https://push.example:8443", {"csp.script_src"}),
        ("script-src 'self' http://push.example", {"csp.script_src"}),
        ("script-src 'self' https://*.push.example", {"csp.script_src"}),
        ("connect-src 'self'", {"csp.connect_src"}),
        ("connect-src 'none'", {"csp.connect_src"}),
        ("worker-src 'none'", {"csp.worker_src"}),
        ("frame-src 'self'", {"csp.frame_src"}),
        ("child-src 'self'", {"csp.frame_src"}),
        ("script-src-elem https://push.example; script-src 'none'", {"csp.worker_src"}),
        ("default-src 'none'", {"csp.script_src", "csp.connect_src", "csp.frame_src", "csp.worker_src"}),
        ("script-src 'self' https://push.example; script-src 'none'", set()),
        ("script-src 'self' https://push.example:x", set()),
    ],
)
def test_policies_are_read_as_browsers_read_them(policy: str, expected: set[str]) -> None:
    """In a header or in the page, it is the same."""
    assert complaints(list(CspCheck().look(with_html(HTML, content_security_policy=policy)))) == expected
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    assert complaints(list(CspCheck().look(with_html(meta + HTML)))) == expected


def test_every_one_of_several_policies_must_allow() -> None:
    """The strictest wins."""
    site = with_html(HTML, content_security_policy="default-src *, connect-src 'self'")
    assert complaints(list(CspCheck().look(site))) == {"csp.connect_src"}
