"""The `heliograph` command: one file per subcommand."""

import sys

from heliograph.cli.app import Debug, build


def main() -> None:
    """Run the command line; a failure is one sentence on standard error and an exit status (`cli.failures`)."""
    try:
        build()(prog_name="heliograph")
    except Exception as error:  # noqa: BLE001 - the last place that can turn it into a sentence
        from heliograph.cli.failures import tell  # noqa: PLC0415 - knows every part, and is rarely needed

        sys.exit(tell(error, with_stack=Debug.is_on))
