"""Whether the files have the types that browsers insist on (HTML Standard: a worker is a JavaScript MIME type)."""

from collections.abc import Iterator
from typing import ClassVar

from heliograph.checks.base import Findings
from heliograph.domain.site import Finding, Site

_JAVASCRIPT = frozenset({"text/javascript", "application/javascript", "application/x-javascript"})
_MANIFEST = frozenset({"application/manifest+json", "application/json"})


class ContentTypeCheck:
    """The worker file and the manifest of each origin."""

    name: ClassVar[str] = "content_type"
    question: ClassVar[str] = "Are the worker file and the manifest served with the right Content-Type?"

    def look(self, site: Site) -> Iterator[Finding]:
        """Yield one finding for each origin that has files."""
        for domain in site.domains:
            say = Findings(self.name, domain.origin)
            if domain.worker.is_found and domain.worker.media_type not in _JAVASCRIPT:
                shown = domain.worker.media_type or "none"
                hint = "Let the server send text/javascript for it."
                yield say.error("worker", f"The worker file's Content-Type is {shown}: browsers refuse it.", hint)
            elif domain.manifest.is_found and domain.manifest.media_type not in _MANIFEST:
                shown = domain.manifest.media_type or "none"
                hint = "Let the server send application/manifest+json for it."
                yield say.warning("manifest", f"The manifest's Content-Type is {shown}.", hint)
            elif domain.worker.is_found or domain.manifest.is_found:
                yield say.ok("The files have the right types.")
            else:
                yield say.skipped("There are no files to look at.")
