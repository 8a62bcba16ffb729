"""Whether the customer's push subdomain leads to us, for resolvers all over: an old record lives on in their caches."""

from collections.abc import Iterator
from typing import ClassVar
from urllib.parse import urlsplit

from heliograph.checks.base import Findings
from heliograph.domain.site import Finding, NameAnswer, Site


class CnameCheck:
    """The push host, as each resolver answers."""

    name: ClassVar[str] = "cname"
    question: ClassVar[str] = "Does the push subdomain lead to this installation, for several resolvers?"

    def look(self, site: Site) -> Iterator[Finding]:
        """Yield one finding for each resolver that was asked."""
        host = site.expected.push_host
        if host is None:
            return
        say = Findings(self.name, host)
        ours = urlsplit(site.expected.base_url).hostname or ""
        addresses = frozenset(address for answer in site.ours for address in answer.addresses)
        hint = f"Make a CNAME record: {host} → {ours}. A new record takes as long as the old one's TTL."
        for answer in site.names:
            yield _judge(say, answer, ours, addresses, hint)


def _judge(say: Findings, answer: NameAnswer, ours: str, addresses: frozenset[str], hint: str) -> Finding:
    if answer.fault == "no_such_name":
        return say.error("missing", f"{answer.resolver} knows no such name.", hint)
    if answer.fault is not None:
        return say.skipped(f"{answer.resolver} could not be asked ({answer.fault}).")
    if ours in answer.aliases:
        return say.ok(f"{answer.resolver} says that it leads here.")
    if answer.addresses and answer.addresses <= addresses:
        return say.ok(f"{answer.resolver} gives it this installation's addresses.")
    where = ", ".join(answer.aliases[-1:] or sorted(answer.addresses)[:2]) or "nowhere"
    return say.error("elsewhere", f"{answer.resolver} says that it leads to {where}.", hint)
