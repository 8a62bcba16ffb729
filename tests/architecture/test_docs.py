"""The pages say what the code says, and lead where they say."""

import re
from pathlib import Path

import msgspec
import pytest
import typer
from tests.architecture.sources import ROOT, name, project_files
from tools.reference import PAGES, REFERENCE

from heliograph.api.admin.notification_forms import NewNotification
from heliograph.cli.app import build
from heliograph.settings import fields

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
VARIABLE = re.compile(r"HELIOGRAPH_[A-Z_]*[A-Z]")


def pages() -> list[Path]:
    """Return the pages for people."""
    return [path for path in project_files() if path.suffix == ".md"]


@pytest.mark.parametrize("page", PAGES)
def test_generated_pages_are_fresh(page: str):
    """`make docs` would change nothing."""
    assert (REFERENCE / page).read_text() == PAGES[page]()


@pytest.mark.parametrize("page", pages(), ids=name)
def test_links_between_pages_lead_somewhere(page: Path):
    """A link that leads nowhere is worse than none."""
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link and not link.startswith("mailto:")]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_setting_that_is_written_about_exists():
    """A page cannot keep the name of a setting that was renamed."""
    known = {setting.variable for _, setting in fields()}
    known |= {f"{setting.variable}_FILE" for _, setting in fields() if setting.is_secret}
    places = [*pages(), *(path for path in project_files() if path.parent.name == "deploy")]
    ours = {
        "HELIOGRAPH_KEY",
        "HELIOGRAPH_DEVPUSH",
        "HELIOGRAPH_REQUIRE_BROWSERS",
        "HELIOGRAPH_FIREFOX",
        "HELIOGRAPH_CHROMIUM",
    }
    used = {variable for path in places for variable in VARIABLE.findall(path.read_text())}
    assert used - known - ours == set()


def test_every_command_that_is_written_about_exists():
    """What a page tells one to type can be typed."""
    root = typer.main.get_command(build())
    names = set(root.list_commands(None))
    typed = re.compile(r"(?:^    |`|\$ |bin/)heliograph ([a-z]+(?:[:-][a-z]+)*)", re.MULTILINE)
    used = {word for path in pages() for word in typed.findall(path.read_text())}
    assert used <= names


def test_every_command_says_how_it_is_used():
    """Help that a newcomer understands has an example."""
    lacking = [
        section.splitlines()[0]
        for section in (REFERENCE / "cli.md").read_text().split("\n## ")[1:]
        if "\n    " not in section
        and section.splitlines()[0].split()[-1]
        not in (
            *("profiles", "projects", "keys", "vapid", "api-users", "webhooks", "site", "segments", "campaigns"),
            "safari",
        )
    ]
    assert lacking == []


def test_every_decision_is_listed():
    """The list of decisions is complete."""
    folder = ROOT / "docs" / "decisions"
    listed = set(LINK.findall((folder / "README.md").read_text()))
    assert listed == {path.name for path in folder.glob("*.md")} - {"README.md"}


def test_the_picture_is_small():
    """A page that takes long to load is left."""
    assert all(path.stat().st_size < 200_000 for path in (ROOT / "docs" / "images").iterdir())


def test_pages_that_the_code_names_exist():
    """A docstring that sends its reader to a page sends him somewhere."""
    sources = [path for path in project_files() if path.suffix in {".py", ".ts"}]
    named = {page for path in sources for page in re.findall(r"\bdocs/[a-z0-9/_-]+\.md\b", path.read_text())}
    assert [page for page in sorted(named) if not (ROOT / page).exists()] == []


def test_examples_of_sends_are_of_the_documented_form():
    """What a page tells one to send is what the API takes."""
    command = re.compile(r"curl [^`]*?/v1/notifications\s[^`]*?-d '(\{.*?\})'", re.DOTALL)
    bodies = [body for path in pages() for body in command.findall(path.read_text())]
    assert bodies
    for body in bodies:
        msgspec.json.decode(body, type=NewNotification)
