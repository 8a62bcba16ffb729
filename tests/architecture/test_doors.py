"""Every file behind a door is on its list and has a test of its name."""

import importlib

import pytest
from tests.architecture.sources import PACKAGE, TESTS

DOORS = {"providers": "PROVIDERS", "conditions": "CONDITIONS", "triggers": "TRIGGERS", "checks": "CHECKS"}
"""The packages that are doors, and what each calls its tuple."""


def members(door: str) -> set[str]:
    """Return the modules and packages behind a door."""
    inside = (PACKAGE / door).iterdir() if (PACKAGE / door).is_dir() else []
    return {path.stem for path in inside if path.suffix == ".py" or (path / "__init__.py").exists()} - {
        "__init__",
        "base",
    }


@pytest.mark.parametrize("door", [door for door in DOORS if (PACKAGE / door).is_dir()])
def test_every_member_is_on_the_list(door: str) -> None:
    """A file that the tuple does not name would never be used."""
    listed = getattr(importlib.import_module(f"heliograph.{door}"), DOORS[door])
    modules = {(member if isinstance(member, type) else type(member)).__module__.split(".")[2] for member in listed}
    assert modules == members(door)


@pytest.mark.parametrize("door", [door for door in DOORS if (PACKAGE / door).is_dir()])
def test_every_member_has_a_test_of_its_name(door: str) -> None:
    """Who looks for the tests of a file finds them."""
    assert {member for member in members(door) if not (TESTS / door / f"test_{member}.py").exists()} == set()
