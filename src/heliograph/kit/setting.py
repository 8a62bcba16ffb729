"""What is known of one setting of an installation: its variable, its form, and how a text becomes a value."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

PREFIX = "HELIOGRAPH_"
_T = TypeVar("_T")


class SettingsError(Exception):
    """The environment cannot be used; `sentences` says what to change, one each."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known of one variable.

    Attributes:
        variable: its name in the environment; a secret may also be given as `<variable>_FILE`, a path to read it from.
        form: what a value looks like, for a person.
        parse: text to value; raises `ValueError` with the end of the sentence "<variable> …".
    """

    variable: str
    form: str
    help: str
    parse: Callable[[str], Any]
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Described:
    """One setting as it stands: `origin` is `default`, `environment`, or `file <path>`; a secret's value is masked."""

    setting: Setting
    value: str
    default: str
    origin: str


def setting(
    variable: str, default: _T, form: str, parse: Callable[[str], _T], help_: str, *, secret: bool = False
) -> _T:
    """Return the default of a field that is read from a variable; what is known of it is in the field's metadata."""
    about = Setting(f"{PREFIX}{variable}", form, help_, parse, secret)
    made: _T = field(default=default, metadata={"setting": about}, repr=not secret)
    return made
