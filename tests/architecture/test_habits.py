"""Habits of the house that a linter does not know."""

import ast
import re

from tests.architecture.sources import PACKAGE, TESTS, modules, name, tree

MAX_LINES = 400
_SKIPPING = re.compile(r"\bOFFSET\b")
_OTHERS_USERS = ("agent", "agents", "pref", "prefs", "visible")
"""What browsers and standards call so."""
_VAGUE = re.compile(r"(Manager|Helper|Util|Utils|Impl)$")


def test_nothing_of_our_own_is_mocked() -> None:
    """The fakes are the bundled push service, the frozen clock and the embedded queue; there is no mock."""
    found = []
    for path in TESTS.rglob("*.py"):
        for node in ast.walk(tree(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            origin = getattr(node, "module", None) or ""
            if any("mock" in part.split(".") for part in [origin, *names]):
                found.append(name(path))
    assert found == []


def test_no_query_skips_rows() -> None:
    """Pages are cut by key: OFFSET reads everything that it leaves out."""
    found = []
    for path in modules():
        for node in ast.walk(tree(path)):
            match node:
                case ast.Attribute(attr="offset" | "slice"):
                    found.append(f"{name(path)}:{node.lineno}")
                case ast.Constant(value=str(words)) if _SKIPPING.search(words):
                    found.append(f"{name(path)}:{node.lineno}")
    assert found == []


def test_only_storage_and_queue_write_sql() -> None:
    """Statements are made in `storage/`; nobody above builds one of its own, but for the other face of a condition."""
    allowed = (PACKAGE / "storage", PACKAGE / "queue", PACKAGE / "conditions")
    found = []
    for path in modules():
        if any(path.is_relative_to(package) for package in allowed):
            continue
        for node in ast.walk(tree(path)):
            match node:
                case ast.ImportFrom(module=str(module)) if re.match(r"sqlalchemy(?!\.exc)\b", module):
                    names = {alias.name for alias in node.names}
                    found += [name(path)] if names - {"AsyncConnection"} else []
                case ast.Import(names=aliases):
                    found += [name(path) for alias in aliases if alias.name.split(".")[0] == "sqlalchemy"]
    assert found == []


def test_files_have_one_subject() -> None:
    """A file that grows past a few hundred lines has two."""
    counted = {name(path): len(path.read_text().splitlines()) for path in modules() if "versions" not in path.parts}
    assert {path: lines for path, lines in counted.items() if lines > MAX_LINES} == {}


def test_no_class_has_a_vague_name() -> None:
    """A class is named for what it is."""
    found = []
    for path in modules():
        classes = (node.name for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef))
        found += [f"{name(path)}: {each}" for each in classes if _VAGUE.search(each)]
    assert found == []


def test_a_person_is_called_profile() -> None:
    """*User* is who logs in to the dashboard (glossary); the outside software is a *user agent*."""
    found = []
    for path in modules():
        for node in ast.walk(tree(path)):
            match node:
                case ast.FunctionDef(name=word) | ast.AsyncFunctionDef(name=word) | ast.ClassDef(name=word):
                    pass
                case ast.arg(arg=word) | ast.Name(id=word, ctx=ast.Store()):
                    pass
                case _:
                    continue
            words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word).lower().split("_")
            following = zip(words, [*words[1:], ""], strict=True)
            if any(each in ("user", "users") and then not in _OTHERS_USERS for each, then in following):
                found.append(f"{name(path)}: {word}")
    assert found == []


def test_every_test_says_what_it_holds() -> None:
    """A test's docstring is one sentence of behaviour."""
    found = []
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                words = ast.get_docstring(node)
                found += [] if words and words.rstrip().endswith((".", "!", "?")) else [f"{name(path)}: {node.name}"]
    assert found == []
