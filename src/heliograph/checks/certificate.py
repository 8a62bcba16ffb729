"""Whether browsers can trust the site's certificate, and will tomorrow: an expired one stops its service worker."""

from collections.abc import Iterator
from datetime import timedelta
from typing import ClassVar

from heliograph.checks.base import Findings
from heliograph.domain.site import Finding, Site

SOON = timedelta(days=10)
"""Automatic renewal happens weeks before the end; so close to it, it does not work."""


class CertificateCheck:
    """Each https origin's certificate."""

    name: ClassVar[str] = "certificate"
    question: ClassVar[str] = "Is the certificate trusted, for this host, and good for more than ten days?"

    def look(self, site: Site) -> Iterator[Finding]:
        """Yield one finding for each https origin."""
        for domain in site.domains:
            say = Findings(self.name, domain.origin)
            shown = domain.certificate
            if shown is None:
                continue
            if shown.fault is not None:
                hint = "Renew it for exactly this host, with the whole chain up to a public authority."
                yield say.error("untrusted", f"The certificate cannot be trusted: {shown.fault}.", hint)
            elif shown.expires_at is None:
                yield say.skipped("The certificate could not be looked at.")
            elif shown.expires_at - site.expected.now < SOON:
                days = (shown.expires_at - site.expected.now).days
                hint = "Renew it, and find out why that does not happen by itself."
                yield say.warning("expiring", f"The certificate ends in {days} days.", hint)
            else:
                yield say.ok(f"The certificate is trusted until {shown.expires_at:%Y-%m-%d}.")
