"""What is wrong with limits, beyond their form."""

from heliograph.domain.caps import LONGEST_WINDOW, SHORTEST_WINDOW, Over
from heliograph.domain.contact_rules import ContactRules
from heliograph.domain.schedule import zone_named
from heliograph.errors import FieldError, InvalidRequest


def check_limits(rules: ContactRules, at: str) -> None:
    """Refuse limits that say nothing sensible; `at` is their JSON Pointer.

    Raises:
        InvalidRequest: with everything that is wrong.
    """
    faults = limit_faults(rules, at)
    if faults:
        raise InvalidRequest(faults[0].detail, tuple(faults))


def limit_faults(rules: ContactRules, at: str) -> list[FieldError]:
    """Return what is wrong with limits."""
    faults = []
    quiet = rules.quiet_hours
    if quiet is not None and quiet.start == quiet.end:
        faults.append(FieldError(f"{at}/quiet_hours/to", "Quiet hours end at another time than they begin."))
    if rules.time_zone is not None and zone_named(rules.time_zone) is None:
        faults.append(FieldError(f"{at}/time_zone", "There is no such time zone: write one such as Europe/Berlin."))
    if len({cap.window for cap in rules.caps}) < len(rules.caps):
        faults.append(FieldError(f"{at}/caps", "Two caps are of the same length: the smaller one is enough."))
    for number, cap in enumerate(rules.caps):
        if not SHORTEST_WINDOW <= cap.window <= LONGEST_WINDOW:
            faults.append(FieldError(f"{at}/caps/{number}/per_seconds", "A cap spans a minute to 31 days."))
    if rules.over_cap is not Over.DEFER and not rules.caps:
        faults.append(FieldError(f"{at}/over_cap", "There is no cap that could be reached."))
    return faults
