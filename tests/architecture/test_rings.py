"""Who may import whom."""

import ast

from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports
from tests.architecture.sources import PACKAGE, ROOT, modules, name, tree


def test_every_import_goes_down() -> None:
    """Each ring imports only rings below it, as `pyproject.toml` lists them."""
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == EXIT_STATUS_SUCCESS


def test_members_behind_a_door_do_not_know_each_other() -> None:
    """A provider imports helpers from below, never another provider."""
    sideways = []
    for door in ("providers", "conditions", "triggers", "checks"):
        members = {path.stem for path in (PACKAGE / door).glob("*.py")} - {"__init__", "base"}
        for member in members:
            text = (PACKAGE / door / f"{member}.py").read_text()
            sideways += [f"{door}: {member} → {other}" for other in members if f"heliograph.{door}.{other}" in text]
    assert sideways == []


def test_every_module_says_what_it_is_for() -> None:
    """Each file of the product begins with a docstring."""
    assert [name(path) for path in modules() if not ast.get_docstring(tree(path))] == []
