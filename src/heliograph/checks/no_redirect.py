"""Whether the worker file answers by itself: a worker's script may not be redirected (Service Workers, section 4.7)."""

from collections.abc import Iterator
from typing import ClassVar

from heliograph.checks.base import Findings
from heliograph.domain.site import Finding, Site


class NoRedirectCheck:
    """The worker file and the manifest of each origin."""

    name: ClassVar[str] = "no_redirect"
    question: ClassVar[str] = "Do the worker file and the manifest answer without a redirect?"

    def look(self, site: Site) -> Iterator[Finding]:
        """Yield one finding for each origin."""
        for domain in site.domains:
            say = Findings(self.name, domain.origin)
            where = domain.worker.location[:200]
            if domain.worker.is_redirect:
                hint = "Let the server answer at this very path; exempt it from language or slash redirects."
                yield say.error("worker", f"The worker file redirects to {where}: browsers refuse it.", hint)
            elif domain.manifest.is_redirect:
                hint = "Let the server answer at this very path."
                yield say.warning("manifest", f"The manifest redirects to {domain.manifest.location[:200]}.", hint)
            else:
                yield say.ok("Nothing redirects.")
