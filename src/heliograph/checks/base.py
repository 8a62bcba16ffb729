"""What every check of a customer's set-up offers: facts in, findings out. No check does I/O or knows another."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol

from heliograph.domain.site import Finding, Severity, Site


class Check(Protocol):
    """One question about a customer's set-up."""

    name: ClassVar[str]
    """The first part of its findings' identifiers."""
    question: ClassVar[str]
    """What it looks at, for the reference."""

    def look(self, site: Site) -> Iterator[Finding]:
        """Yield what is wrong, or that all is well."""
        ...


@dataclass(frozen=True, slots=True)
class Findings:
    """Makes one check's findings about one subject."""

    check: str
    subject: str

    def ok(self, sentence: str) -> Finding:
        """All is well."""
        return Finding(f"{self.check}.ok", Severity.OK, self.subject, sentence)

    def skipped(self, sentence: str) -> Finding:
        """It could not be looked at."""
        return Finding(f"{self.check}.skipped", Severity.SKIPPED, self.subject, sentence)

    def warning(self, what: str, sentence: str, hint: str) -> Finding:
        """Something works today and may not for everybody, or not tomorrow."""
        return Finding(f"{self.check}.{what}", Severity.WARNING, self.subject, sentence, hint)

    def error(self, what: str, sentence: str, hint: str) -> Finding:
        """Something does not work."""
        return Finding(f"{self.check}.{what}", Severity.ERROR, self.subject, sentence, hint)
