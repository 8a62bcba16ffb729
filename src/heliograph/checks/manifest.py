"""Whether an iPhone may push: the site must be on the home screen, and its manifest must say so (iOS 16.4)."""

from collections.abc import Iterator
from typing import Any, ClassVar

import msgspec

from heliograph.checks.base import Findings
from heliograph.domain.site import Domain, Finding, Site

_ON_THE_HOME_SCREEN = ("standalone", "fullscreen")


class ManifestCheck:
    """Each origin's web app manifest."""

    name: ClassVar[str] = "manifest"
    question: ClassVar[str] = "Does the page link a manifest that lets iPhones put it on the home screen?"

    def look(self, site: Site) -> Iterator[Finding]:
        """Yield one finding for each page that could be read."""
        for domain in site.domains:
            say = Findings(self.name, domain.origin)
            if not domain.home.is_found:
                yield say.skipped("The page could not be read.")
            else:
                yield _judge(say, domain)


def _judge(say: Findings, domain: Domain) -> Finding:
    hint = "`heliograph site kit` writes manifest.json and the link for the page's head; only iPhones need it."
    if domain.page.manifest is None:
        return say.warning("no_link", "The page links no manifest: nobody on an iPhone can subscribe.", hint)
    if not domain.manifest.is_found:
        return say.warning("missing", f"The manifest that the page links is not there: {domain.manifest.how()}.", hint)
    try:
        manifest: Any = msgspec.json.decode(domain.manifest.body)
    except msgspec.DecodeError:
        manifest = None
    if not isinstance(manifest, dict):
        return say.warning("broken", "The manifest is not a JSON object.", hint)
    display = manifest.get("display")
    if display not in _ON_THE_HOME_SCREEN:
        shown = f"display is {display!r}" if isinstance(display, str) else "there is no display"
        return say.warning("display", f"In the manifest, {shown}: iPhones then open it as a tab, without push.", hint)
    return say.ok("The manifest lets iPhones put the site on the home screen.")
