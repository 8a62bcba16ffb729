"""Whether this installation answers where the customer's visitors will look for it."""

from collections.abc import Iterator
from typing import ClassVar

from heliograph.checks.base import Findings
from heliograph.domain.site import Finding, Site

_JAVASCRIPT = frozenset({"text/javascript", "application/javascript"})


class ServiceCheck:
    """The page script and the public API, from outside."""

    name: ClassVar[str] = "service"
    question: ClassVar[str] = "Do the page script and the public API answer at this installation's public address?"

    def look(self, site: Site) -> Iterator[Finding]:
        """Yield one finding about this installation's address."""
        say = Findings(self.name, site.expected.base_url)
        hint = "Start Heliograph, and let the reverse proxy pass everything below / to its port."
        if not site.script.is_found or site.script.media_type not in _JAVASCRIPT:
            yield say.error("script", f"The page script could not be fetched: {site.script.how()}.", hint)
        elif not site.config.is_found:
            yield say.error("api", f"The public API does not answer as it should: {site.config.how()}.", hint)
        else:
            yield say.ok("The page script and the public API answer.")
