"""What must not stand in any file, because it is true on one machine only."""

import re

from tests.architecture.sources import ROOT, name, project_files

_HOMES = re.compile(r"(?<![\w.])/(root|home/(?!ada\b)\w+|Users/\w+)/\w")
# By what an address of one looks like in a lock or requirement file, so that none is named here either.
_REGISTRIES = re.compile(
    r"(?i)//[\w.-]*registry[\w.-]*/|//[^\s/]+/(simple|packages)/|--(extra-)?index-url|\"resolved\":"
)
_HASHED = re.compile(r"^[A-Za-z0-9._-]+(\[[\w,-]+\])?==\S+")


def _lines() -> list[tuple[str, int, str]]:
    found = []
    for path in project_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [(name(path), number, line) for number, line in enumerate(text.splitlines(), 1)]
    return found


def test_no_file_knows_a_machine_or_a_registry() -> None:
    """A checkout works anywhere: no home directory, no package index, in no file."""
    itself = "tests/architecture/test_files.py"
    found = [
        f"{path}:{number}"
        for path, number, line in _lines()
        if path != itself and (_HOMES.search(line) or _REGISTRIES.search(line))
    ]
    assert found == []


def test_every_requirement_is_pinned_by_hash() -> None:
    """What is installed is what was reviewed."""
    files = sorted((ROOT / "requirements").glob("*.txt"))
    assert files, "there are no pinned requirements"
    for path in files:
        logical = path.read_text().replace("\\\n", " ").splitlines()
        for line in logical:
            if line.strip() and not line.lstrip().startswith("#"):
                assert _HASHED.match(line), f"{path.name}: {line[:60]}"
                assert "--hash=sha256:" in line, f"{path.name}: {line[:60]}"
