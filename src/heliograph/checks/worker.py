"""Whether the service worker gets its scope, and no other vendor's worker asks the same visitors."""

from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import urljoin, urlsplit

from heliograph.checks.base import Findings
from heliograph.domain.site import Domain, Finding, Site, script_tag


class WorkerCheck:
    """Scope and neighbours of each origin's worker."""

    name: ClassVar[str] = "worker"
    question: ClassVar[str] = "Does the worker get its scope, beside no other push vendor's worker?"

    def look(self, site: Site) -> Iterator[Finding]:
        """Yield what is wrong with each origin's worker."""
        for domain in site.domains:
            say = Findings(self.name, domain.origin)
            wrong = list(_wrong(say, domain, site))
            yield from wrong or [say.ok("The worker's scope is its own.")]


def _wrong(say: Findings, domain: Domain, site: Site) -> Iterator[Finding]:
    tag = script_tag(domain, site.expected)
    if tag is not None and "worker" in tag.data:
        worker = urlsplit(urljoin(domain.origin, tag.data["worker"]))
        if f"{worker.scheme}://{worker.netloc}" != domain.origin:
            hint = "Host the file on this origin: browsers refuse a worker of another one."
            yield say.error("elsewhere", "data-worker names a file of another origin.", hint)
    if domain.worker_path.count("/") == 1 and any(path.count("/") == 1 for path in domain.rivals):
        hint = "Keep our worker below /push/, where it controls no page and has a registration of its own."
        yield say.error("same_scope", "Our worker and another one share the scope /: only one can be registered.", hint)
    elif domain.rivals:
        named = ", ".join(sorted(domain.rivals))
        hint = "Remove the other vendor's script and file once you have imported its subscribers: else both send."
        yield say.warning("rival", f"Another push vendor's worker is there: {named}.", hint)
