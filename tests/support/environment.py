"""The environment of a process that a test starts."""

import os


def clean_environment(**settings: str) -> dict[str, str]:
    """Return this process' environment without settings of Heliograph or OpenTelemetry, and with these.

    What steers the tests themselves begins with the same letters, and settings refuse names that they do not know.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HELIOGRAPH_", "OTEL_"))}
    return kept | settings
