"""The reference pages say what the code says."""

import inspect
import re

from tests.architecture.sources import ROOT

from heliograph import errors
from heliograph.settings import fields

REFERENCE = ROOT / "docs" / "reference"


def _problems() -> list[type[errors.Problem]]:
    members = [member for _, member in inspect.getmembers(errors, inspect.isclass)]
    return [member for member in members if issubclass(member, errors.Problem) and member is not errors.Problem]


def test_every_problem_is_documented() -> None:
    """Each code is on the page with its status, and the page knows no other."""
    page = (REFERENCE / "problems.md").read_text()
    for problem in _problems():
        assert re.search(rf"`{problem.code}`.*\b{problem.status}\b|\b{problem.status}\b.*`{problem.code}`", page), (
            problem.code
        )


def test_codes_are_not_shared() -> None:
    """A caller can tell every problem by its code."""
    codes = [problem.code for problem in _problems()]
    assert len(codes) == len(set(codes))


def test_every_setting_is_documented() -> None:
    """Each variable is on the page, and the page knows no other."""
    page = (REFERENCE / "settings.md").read_text()
    named = set(re.findall(r"HELIOGRAPH_[A-Z_]*[A-Z]", page))
    real = {setting.variable for _, setting in fields()}
    assert real <= named
    assert {name for name in named if not {name, name.removesuffix("_FILE")} & real} == set()
