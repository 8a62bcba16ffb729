"""When so many people see nothing of a notification, because of its templates, that its sender ought to know."""

MANY = 0.01
"""The share from which on it is told: a few odd values are nobody's mistake."""
TEMPLATE_ERRORS = "template_errors"


def is_many(failed: int, tried: int) -> bool:
    """Tell whether so many failed that there is something to tell."""
    return failed > 0 and failed >= tried * MANY


def sentence(failed: int, tried: int) -> str:
    """Say how many failed, and what to do."""
    return (
        f"For {failed:,} of {tried:,} receivers the templates come to nothing that could be shown: give the values "
        "that may be missing a default, and see why with one of them as an example."
    )
