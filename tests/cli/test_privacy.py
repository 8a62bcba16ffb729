"""What the command line does for a person who asks, and what the log says of it."""

import getpass
import sqlite3
from pathlib import Path
from typing import Any

from tests.cli.conftest import Run

from heliograph.cli.exits import Exit


def a_person(data_dir: Path, project: dict[str, Any]) -> None:
    """A profile, as the API makes one."""
    with sqlite3.connect(data_dir / "heliograph.sqlite3") as database:
        row = ("pro_1", project["id"], "ada", "{}", 0, 0)
        names = "id, project_id, external_id, attributes, created_at, updated_at"
        database.execute(f"INSERT INTO profiles ({names}) VALUES (?, ?, ?, ?, ?, ?)", row)
    database.close()


def test_a_person_is_exported_and_erased_by_either_id(run: Run, project: dict[str, Any], data_dir: Path):
    """Erasing needs a yes, and then nothing is left but the line in the log, with who did it."""
    a_person(data_dir, project)
    for person in ("ada", "pro_1"):
        exported = run("profiles", "export", person)
        assert exported.json()["profile"]["external_id"] == "ada"
        assert exported.json()["subscriptions"] == exported.json()["deliveries"] == []

    assert run("profiles", "erase", "ada").status == Exit.FAILED
    assert run("profiles", "export", "ada").status == Exit.OK
    assert run("profiles", "erase", "ada", "--yes").status == Exit.OK
    assert run("profiles", "export", "ada").status == Exit.FAILED

    log = run("audit", "--json").json()
    assert [entry["act"] for entry in log[:4]] == ["profile_erased", *["profile_exported"] * 3]
    assert {(entry["actor_kind"], entry["actor_id"]) for entry in log} == {("cli", getpass.getuser())}
    shown = run("audit", "--project", "Shop", "--limit", "1").out
    assert "profile_erased" in shown
    assert "profile_exported" not in shown


def test_what_a_person_did_is_shown(run: Run, project: dict[str, Any], data_dir: Path):
    """Events come newest first, as a table and as JSON."""
    a_person(data_dir, project)
    with sqlite3.connect(data_dir / "heliograph.sqlite3") as database:
        names = "id, project_id, profile_id, name, item_id, amount_milli, at, received_at, source, properties"
        marks = ", ".join("?" * 10)
        for number, (name, amount) in enumerate((("item_view", 12_500), ("order", None))):
            row = (f"evt_{number}", project["id"], "pro_1", name, "tea", amount, number, number, "page", "{}")
            database.execute(f"INSERT INTO events ({names}) VALUES ({marks})", row)
    database.close()
    assert [event["name"] for event in run("profiles", "events", "ada", "--json").json()] == ["order", "item_view"]
    shown = run("profiles", "events", "pro_1", "--limit", "5").out
    assert shown.index("order") < shown.index("item_view")
    assert "12.50" in shown
    assert run("profiles", "events", "nobody").status == Exit.FAILED
