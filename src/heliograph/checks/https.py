"""Whether the page is https: browsers give push to secure origins alone (W3C Push API, secure contexts)."""

from collections.abc import Iterator
from typing import ClassVar

from heliograph.checks.base import Findings
from heliograph.domain.site import Domain, Finding, Site

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class HttpsCheck:
    """Each origin, and what its host does over http."""

    name: ClassVar[str] = "https"
    question: ClassVar[str] = "Is the page https, and are visitors over http led there?"

    def look(self, site: Site) -> Iterator[Finding]:
        """Yield one finding for each origin."""
        for domain in site.domains:
            yield _judge(Findings(self.name, domain.origin), domain)


def _judge(say: Findings, domain: Domain) -> Finding:
    if domain.origin.startswith("http://"):
        if domain.host in _LOOPBACK or domain.host.endswith(".localhost"):
            return say.ok("The page is on this machine, which browsers trust like https.")
        hint = "Serve the site over https; until then, a window on your push subdomain can ask."
        return say.error("insecure", "The page is http: browsers give it no push.", hint)
    plain = domain.plain
    if plain is not None and plain.is_found:
        hint = "Redirect http to https: visitors who come over http cannot subscribe."
        return say.warning("plain", "The same host also answers over http.", hint)
    if plain is not None and plain.is_redirect and not plain.location.startswith("https://"):
        hint = f"Redirect to {domain.origin} at once; now it leads to {plain.location[:200]}."
        return say.warning("plain", "The same host redirects from http, but not to https.", hint)
    return say.ok("The page is https.")
