"""Whether the customer's page answers at all."""

from collections.abc import Iterator
from typing import ClassVar

from heliograph.checks.base import Findings
from heliograph.domain.site import Finding, Site


class ReachableCheck:
    """Each origin's page."""

    name: ClassVar[str] = "reachable"
    question: ClassVar[str] = "Does the page answer?"

    def look(self, site: Site) -> Iterator[Finding]:
        """Yield one finding for each origin."""
        for domain in site.domains:
            say = Findings(self.name, domain.origin)
            home = domain.home
            if home.fault == "refused_address":
                hint = "Check the domain's DNS records; from inside your network use the command with --inside."
                yield say.error("inside", "The name leads to an address that is not public.", hint)
            elif home.fault is not None:
                hint = "Open the address in a browser; check its DNS records, its server and its firewall."
                yield say.error("no_answer", f"The page could not be fetched: {home.how()}.", hint)
            elif home.is_found or home.is_redirect:
                yield say.ok(f"The page answers with status {home.status}.")
            else:
                hint = "Name a page that visitors see; one behind a login or a bot filter cannot be looked at."
                yield say.error("status", f"The page answers with status {home.status}.", hint)
