"""What a check finds: a stable identifier, a severity, one sentence, one hint."""

from dataclasses import dataclass

from heliograph.domain.site import Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One result. The hint says what to do; only warnings and errors have one."""

    id: str
    severity: Severity
    sentence: str
    hint: str = ""


def ok(id_: str, sentence: str) -> Finding:
    """All is well."""
    return Finding(id_, Severity.OK, sentence)


def skipped(id_: str, sentence: str) -> Finding:
    """It could not be looked at."""
    return Finding(id_, Severity.SKIPPED, sentence)


def warning(id_: str, sentence: str, hint: str) -> Finding:
    """Something works today and may not tomorrow."""
    return Finding(id_, Severity.WARNING, sentence, hint)


def error(id_: str, sentence: str, hint: str) -> Finding:
    """Something does not work."""
    return Finding(id_, Severity.ERROR, sentence, hint)
