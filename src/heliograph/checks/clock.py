"""Whether this machine and the site agree on the time: receipts, tokens and schedules depend on it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import ClassVar

from heliograph.checks.base import Findings
from heliograph.domain.site import Fetched, Finding, Site

MOST = timedelta(minutes=2)
"""More than an answer's way and a busy server explain."""


class ClockCheck:
    """The time in each page's answer (RFC 9110 section 6.6.1)."""

    name: ClassVar[str] = "clock"
    question: ClassVar[str] = "Do this machine's clock and the site's agree?"

    def look(self, site: Site) -> Iterator[Finding]:
        """Yield one finding for each page that tells the time."""
        for domain in site.domains:
            say = Findings(self.name, domain.origin)
            theirs = _date(domain.home)
            if theirs is None:
                yield say.skipped("The page does not say what time it is.")
                continue
            off = site.expected.now - theirs
            if abs(off) <= MOST:
                yield say.ok("The clocks agree.")
                continue
            how = f"{abs(off).total_seconds():.0f} s {'ahead of' if off > timedelta(0) else 'behind'}"
            hint = "Find out whose clock is wrong (`heliograph doctor`), and switch on time synchronisation."
            yield say.warning("skew", f"This machine's clock is {how} the site's.", hint)


def _date(answer: Fetched) -> datetime | None:
    # A page out of a cache tells when it was put there.
    if answer.fault is not None or "age" in answer.headers:
        return None
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
    except ValueError:
        return None
