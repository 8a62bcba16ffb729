"""What the architecture tests look at: the files of the checkout."""

import ast
import functools
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "heliograph"
TESTS = ROOT / "tests"


def modules() -> list[Path]:
    """Return the Python files of the product."""
    return sorted(PACKAGE.rglob("*.py"))


@functools.cache
def tree(path: Path) -> ast.Module:
    """Parse a file."""
    return ast.parse(path.read_text(), str(path))


def name(path: Path) -> str:
    """Return a path as one reads it."""
    return path.relative_to(ROOT).as_posix()


@functools.cache
def project_files() -> tuple[Path, ...]:
    """Return all files that belong to the project, and none that was built or installed."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        output = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return tuple(path for path in sorted(ROOT.rglob("*")) if path.is_file() and not _is_built(path))
    return tuple(path for line in sorted(output.split("\0")) if line and (path := ROOT / line).is_file())


def _is_built(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return any(part in ("node_modules", "__pycache__", "var", "dist") for part in parts) or parts[0].startswith(".")
