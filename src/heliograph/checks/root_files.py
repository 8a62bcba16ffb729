"""Whether every domain hosts the worker file, as it is handed out: a push subscription belongs to its registration."""

from collections.abc import Iterator
from typing import ClassVar

from heliograph.checks.base import Findings
from heliograph.domain.site import Domain, Finding, Site, script_tag


class RootFilesCheck:
    """The worker file and the manifest of each origin, and whether all origins have the same."""

    name: ClassVar[str] = "root_files"
    question: ClassVar[str] = "Are the worker file and manifest.json on every domain, the same on each?"

    def look(self, site: Site) -> Iterator[Finding]:
        """Yield one finding for each origin."""
        first = site.domains[0] if site.domains else None
        for domain in site.domains:
            say = Findings(self.name, domain.origin)
            tag = script_tag(domain, site.expected)
            if domain.home.fault is not None:
                yield say.skipped("The site does not answer.")
            elif tag is not None and "registration" in tag.data:
                yield say.ok("The page uses a service worker of the site's own.")
            else:
                yield _judge(say, domain, first or domain, site)


def _judge(say: Findings, domain: Domain, first: Domain, site: Site) -> Finding:
    worker = domain.worker
    if worker.is_redirect:
        return say.skipped(f"{domain.worker_path} redirects; see no_redirect.")
    if not worker.is_found:
        hint = "Upload the worker file that `heliograph site kit` writes, to exactly this path."
        return say.error("no_worker", f"There is no worker file at {domain.worker_path}: {worker.how()}.", hint)
    wanted = f"{site.expected.base_url}/sdk/v1/worker.js"
    if wanted not in worker.text:
        hint = f"Upload it anew, unmodified: it must import {wanted}."
        return say.error("other_worker", f"The file at {domain.worker_path} does not import our worker.", hint)
    if first.worker.is_found and worker.body != first.worker.body:
        hint = "Upload the same file to every domain and subdomain."
        return say.warning("worker_differs", f"The worker file is not the one of {first.origin}.", hint)
    both = domain.manifest.is_found and first.manifest.is_found
    if both and domain.manifest.body != first.manifest.body:
        hint = "Upload the same file to every domain and subdomain."
        return say.warning("manifest_differs", f"manifest.json is not the one of {first.origin}.", hint)
    return say.ok("The worker file is in its place.")
