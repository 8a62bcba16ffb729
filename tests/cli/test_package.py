"""The wheel: built from the checkout, installed into an empty environment, and run there."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from tests.architecture.sources import ROOT

pytestmark = pytest.mark.timeout(300)

STATIC = (
    "import pathlib, heliograph; folder = pathlib.Path(heliograph.__file__).parent; print(folder); "
    "print(*sorted(str(path.relative_to(folder)) for path in (folder / 'static').rglob('*') if path.is_file()))"
)


def said(*command: str | Path, **environ: str) -> str:
    """Run a command far away from the checkout and return what it said."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("HELIOGRAPH_", "PYTHON"))}
    ran = subprocess.run(command, cwd="/", env=clean | environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin directory of an environment that has the wheel, and its dependencies from this environment."""
    directory = tmp_path_factory.mktemp("package")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    said(*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", directory, str(ROOT))
    (wheel,) = directory.glob("heliograph-*.whl")
    venv.create(directory / "venv", with_pip=False)
    python = directory / "venv" / "bin" / "python"
    said(*pip, "--python", python, "install", "-q", "--no-deps", "--no-index", wheel)
    site = said(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    # Only one level of .pth files is read, so the checkout itself, installed here as editable, stays out.
    (Path(site) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent


def test_the_wheel_runs_without_the_checkout(installed: Path, tmp_path: Path):
    """Everything that is needed is in it: code, migrations, templates, and the browser half if it was built."""
    place, files = said(installed / "python", "-c", STATIC).splitlines()
    assert str(ROOT) not in place
    assert {"static/shop/page.html", "static/shop/icon.png"} <= set(files.split())
    if (ROOT / "src/heliograph/static/sdk/worker.js").exists():
        assert {"static/sdk/heliograph.js", "static/sdk/worker.js"} <= set(files.split())

    heliograph = installed / "heliograph"
    assert said(heliograph, "--version").startswith("heliograph ")
    assert "demo" in said(heliograph, "--help")
    assert "Done:" in said(heliograph, "migrate", HELIOGRAPH_DATA_DIR=str(tmp_path / "data"))
