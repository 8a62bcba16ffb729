"""Whether the page loads our script, once, from here, with this project's key."""

from collections.abc import Iterator
from typing import ClassVar

from heliograph.checks.base import Findings
from heliograph.domain.site import Domain, Finding, Site, script_tag


class ScriptTagCheck:
    """Each page's script element."""

    name: ClassVar[str] = "script_tag"
    question: ClassVar[str] = "Is the script tag in the page, once, with this installation's address and project's key?"

    def look(self, site: Site) -> Iterator[Finding]:
        """Yield one finding for each page that could be read."""
        for domain in site.domains:
            say = Findings(self.name, domain.origin)
            if not domain.home.is_found:
                yield say.skipped("The page could not be read.")
            else:
                yield _judge(say, domain, site)


def _judge(say: Findings, domain: Domain, site: Site) -> Finding:
    expected = site.expected
    found = script_tag(domain, expected)
    wanted = f"{expected.base_url}/sdk/v1/heliograph.js"
    if found is None:
        hint = "Add the tag that `heliograph site kit` writes; one that a tag manager adds later cannot be seen here."
        extent = "The first part of the page has" if domain.home.is_cut else "The page has"
        return say.warning("missing", f"{extent} no script tag of ours.", hint)
    if found.source.split("?")[0] != wanted:
        hint = f"Load it from {wanted}: what the server and the script expect of each other must fit."
        return say.error("address", f"The script is loaded from {found.source[:200]}.", hint)
    key = found.data.get("key", "").strip()
    if not key:
        hint = 'Give the tag data-key="hpk_…", the project\'s publishable key.'
        return say.error("no_key", "The script tag has no data-key.", hint)
    if key not in expected.publishable_keys:
        hint = "Copy the publishable key anew: `heliograph site kit`."
        return say.error("other_key", "The key in the script tag is not a valid one of this project.", hint)
    ours = [each for each in domain.page.scripts if each.source.split("?")[0] == wanted]
    if len(ours) > 1:
        return say.warning("twice", f"The script is in the page {len(ours)} times.", "Keep one of the tags.")
    return say.ok("The script tag is in the page, with this project's key.")
