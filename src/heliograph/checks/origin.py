"""Whether the project lists the origin: the public API refuses pages of others."""

from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import urlsplit

from heliograph.checks.base import Findings
from heliograph.domain.site import Domain, Finding, Site


class OriginCheck:
    """Each origin, and the one that its page redirects to."""

    name: ClassVar[str] = "origin"
    question: ClassVar[str] = "Is the origin, exactly as the address bar shows it, on the project's list?"

    def look(self, site: Site) -> Iterator[Finding]:
        """Yield one finding for each origin."""
        listed = site.expected.origins
        for domain in site.domains:
            say = Findings(self.name, domain.origin)
            seen = _seen_by_visitors(domain)
            hint = f"Add it: `heliograph projects origins add {seen}`, or PATCH the project's origins."
            if seen not in listed and seen == domain.origin:
                yield say.error("unlisted", "The origin is not on the project's list.", hint)
            elif seen not in listed:
                yield say.error("redirected", f"Visitors end up at {seen}, which is not on the project's list.", hint)
            else:
                yield say.ok("The origin is on the project's list.")


def _seen_by_visitors(domain: Domain) -> str:
    if not domain.home.is_redirect:
        return domain.origin
    parts = urlsplit(domain.home.location)
    return f"{parts.scheme}://{parts.netloc}".lower()
