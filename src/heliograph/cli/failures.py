"""How a failure is told: one sentence on standard error. Loaded when something failed: it knows every part's errors."""

import sys
import traceback

from sqlalchemy.exc import SQLAlchemyError

from heliograph.bootstrap import BootstrapError
from heliograph.cli.exits import CommandError, Exit
from heliograph.errors import Problem
from heliograph.kit.setting import SettingsError
from heliograph.storage.engines import StoreError


def sentences(error: Exception) -> list[str]:
    """Return what a person is told of an error, without its stack."""
    match error:
        case SettingsError():
            return error.sentences
        case Problem():
            return [
                error.detail,
                *(f"{item.pointer}: {item.detail}" for item in error.errors if item.detail != error.detail),
            ]
        case BootstrapError() | CommandError() | StoreError():
            return [str(error)]
        case SQLAlchemyError():
            return [f"The database refused: {str(error).splitlines()[0]}"]
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            return [f"{where}{error.strerror or error}."]
        case _:
            return [
                f"Unexpected {type(error).__name__}: {error}. `heliograph --debug …` shows where; please report it."
            ]


def status_of(error: Exception) -> Exit:
    """Return the exit status of an error."""
    match error:
        case CommandError():
            return error.status
        case SettingsError():
            return Exit.USAGE
        case _:
            return Exit.FAILED


def tell(error: Exception, *, with_stack: bool) -> Exit:
    """Write an error to standard error and return the exit status."""
    if with_stack:
        traceback.print_exception(error)
    for sentence in sentences(error):
        sys.stderr.write(f"heliograph: {sentence}\n")
    return status_of(error)
