"""Commands that end: what they print, and their exit statuses."""

import os
import stat
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.support.postgres import PostgresServer

from heliograph.cli.exits import Exit


def test_the_first_command_makes_an_installation_for_its_owner_only(run: Run, data_dir: Path):
    """A data directory holds secrets from the first moment."""
    assert run("projects", "list").status == Exit.OK
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE((data_dir / "master.key").stat().st_mode) == 0o600


def test_a_master_key_that_others_may_read_is_refused(run: Run, data_dir: Path):
    """One sentence says what to do, and nothing is opened with it."""
    run("projects", "list")
    (data_dir / "master.key").chmod(0o640)

    ran = run("projects", "list")

    assert ran.status == Exit.FAILED
    assert "chmod 600" in ran.err


def test_a_lost_master_key_is_not_made_anew(run: Run, data_dir: Path):
    """Another key would open nothing that this database holds."""
    run("projects", "list")
    (data_dir / "master.key").unlink()

    ran = run("projects", "list")

    assert ran.status == Exit.FAILED
    assert "restore it from a backup" in ran.err
    assert not (data_dir / "master.key").exists()


def test_another_master_key_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch):
    """The fingerprint in the database tells."""
    run("projects", "list")
    key = run("keys", "master").out.strip()
    monkeypatch.setenv("HELIOGRAPH_MASTER_KEY", key)

    ran = run("projects", "list")

    assert ran.status == Exit.FAILED
    assert "another master key" in ran.err
    assert key not in ran.err


def test_a_misspelt_setting_is_wrong_usage(run: Run, monkeypatch: pytest.MonkeyPatch):
    """Every command that reads settings says so before it does anything."""
    monkeypatch.setenv("HELIOGRAPH_POTR", "1")

    ran = run("projects", "list")

    assert ran.status == Exit.USAGE
    assert "did you mean HELIOGRAPH_PORT?" in ran.err


def test_projects_are_made_changed_and_shown(run: Run, project: dict[str, str]):
    """What is set is what is shown."""
    assert project["secret_key"].startswith("hsk_")
    assert project["publishable_key"].startswith("hpk_")

    changed = run(
        "projects", "change", "--name", "Lamps", "--contact", "https://www.example.com/contact", "--json"
    ).json()

    assert changed["name"] == "Lamps"
    assert run("projects", "show", "--json").json() == changed
    assert run("projects", "list", "--json").json() == [changed]
    assert changed["id"] in run("projects", "list").out


def test_origins_are_added_and_removed(run: Run, project: dict[str, str]):
    """One origin at a time, without writing the others again."""
    allowed = run("projects", "origins", "--add", "https://www.shop.example", "--json").json()

    assert allowed == ["https://shop.example", "https://www.shop.example"]
    assert run("projects", "origins", "--remove", "https://shop.example").out.strip() == "https://www.shop.example"
    assert run("projects", "origins", "--remove", "https://shop.example").status == Exit.USAGE
    assert run("projects", "origins", "--add", "http://shop.example").status == Exit.FAILED


def test_a_contact_that_apple_refuses_is_refused_with_the_reason(run: Run):
    """The mistake is found now, not with the first iPhone."""
    ran = run("projects", "create", "Shop", "--contact", "mailto:x@localhost")

    assert ran.status == Exit.FAILED
    assert ran.err.count("Apple refuses") == 1


def test_with_several_projects_one_must_be_named(run: Run, project: dict[str, str]):
    """By id or by name."""
    run("projects", "create", "Second", "--contact", "mailto:ada@heliograph.example.com")

    assert run("keys", "list").status == Exit.USAGE
    assert run("keys", "list", "--project", "Third").status == Exit.USAGE
    assert run("keys", "list", "--project", "Second").status == Exit.OK
    assert run("keys", "list", "--project", project["id"]).status == Exit.OK


def test_keys_are_made_listed_rotated_and_revoked(run: Run, project: dict[str, str]):
    """A key is shown once, by the command that makes it."""
    made = run("keys", "create", "order server", "--scope", "send", "--days", "30", "--json").json()
    assert made["scopes"] == ["send"]
    assert made["token"] not in run("keys", "list").out

    successor = run("keys", "rotate", made["id"], "--overlap-hours", "0", "--json").json()
    assert successor["token"] != made["token"]
    assert run("keys", "rotate", made["id"]).status == Exit.FAILED

    assert run("keys", "revoke", successor["id"]).status == Exit.OK
    listed = {key["id"]: key for key in run("keys", "list", "--json").json()}
    assert listed[successor["id"]]["revoked_at"] is not None
    assert run("keys", "revoke", "key_nobody").status == Exit.FAILED
    assert run("keys", "create", "without scope").status == Exit.FAILED


def test_names_steer_neither_frames_nor_terminals(run: Run, project: dict[str, str]):
    """A key is shown this once: brackets in its name must not keep it from being shown, nor escapes hide it."""
    made = run("keys", "create", "[/lamp] \x1b[2J", "--scope", "send")

    assert made.status == Exit.OK
    assert "hsk_" in made.out
    assert "[/lamp]" in made.out
    assert "\x1b" not in made.out + run("keys", "list").out


def test_vapid_keys_are_listed_made_and_resumed(run: Run, project: dict[str, str]):
    """A new key takes over, and the old one stays for its subscriptions."""
    (first,) = run("keys", "vapid", "list", "--json").json()
    second = run("keys", "vapid", "create", "--json").json()

    states = {key["id"]: key["state"] for key in run("keys", "vapid", "list", "--json").json()}
    assert states == {first["id"]: "retiring", second["id"]: "active"}
    assert run("keys", "vapid", "resume", first["id"]).status == Exit.OK


def test_application_server_keys_are_rotated_watched_and_retired(run: Run, project: dict[str, str]):
    """`keys rotate` without an id is about the key that pages are given; the one before is retired when asked to."""
    (first,) = run("keys", "status", "--json").json()
    second = run("keys", "rotate", "--json").json()

    states = {key["id"]: (key["state"], key["active_subscriptions"]) for key in run("keys", "status", "--json").json()}
    assert states == {first["id"]: ("retiring", 0), second["id"]: ("active", 0)}
    assert run("keys", "retire", second["id"]).status == Exit.FAILED
    assert run("keys", "retire", first["id"], "--json").json()["state"] == "retired"
    assert first["id"] in run("keys", "status").out
    assert "visit the site" in run("keys", "rotate").out


@pytest.mark.parametrize("arguments", [["vap_x"], ["--installation"], ["--overlap-hours", "1"], ["key_x"]])
def test_rotate_says_which_key_it_means(run: Run, project: dict[str, str], arguments: list[str]):
    """What is meant for an API key makes no application server key."""
    assert run("keys", "rotate", *arguments).status == Exit.USAGE
    assert len(run("keys", "status", "--json").json()) == 1


def test_send_takes_a_notification_over(run: Run, project: dict[str, str]):
    """Without --wait the command ends when the notification is stored."""
    sent = run(
        "send", "Back in stock", "The lamp.", "--everyone", "--url", "https://shop.example/lamp", "--json"
    ).json()

    assert sent["id"].startswith("ntf_")
    assert run("send", "Hello", "--group", "warehouse/42").out.startswith("Taken over as ntf_")
    assert "Back in stock" in run("status").out


def test_a_send_with_the_same_key_happens_once(run: Run, project: dict[str, str]):
    """A script that runs again after a failure sends nothing twice, and is told if its key was for something else."""
    send = ("send", "Hello", "--everyone", "--idempotency-key", "nightly 7", "--json")
    assert run(*send).json() == run(*send).json()
    assert run("send", "Hello", "--everyone", "--json").json()["id"] != run(*send).json()["id"]

    other = run("send", "Goodbye", "--everyone", "--idempotency-key", "nightly 7")
    assert other.status == Exit.FAILED
    assert "make a new key" in other.err


def test_a_dry_run_sends_nothing(run: Run, project: dict[str, str]):
    """It tells who would get it, what they would see and who is unknown; no notification is made."""
    told = run("send", "Back in stock", "The lamp.", "--profile", "ada", "--dry-run", "--json").json()
    assert (told["total"], told["exactness"], told["seconds"]) == (0, "exact", None)
    assert told["excluded"] == [{"reason": "unknown_profile", "count": 1, "samples": ["ada"]}]
    assert told["rendered"][0]["title"] == "Back in stock"

    shown = run("send", "Back in stock", "The lamp.", "--profile", "ada", "--dry-run")
    assert shown.out.startswith("Nothing was sent. 0 subscriptions would get it.")
    assert "unknown_profile" in shown.out
    assert "Back in stock" not in run("status").out
    assert run("send", "", "--everyone", "--dry-run").status == Exit.FAILED


@pytest.mark.parametrize(
    "arguments",
    [
        ["Hello"],
        ["Hello", "--everyone", "--group", "warehouse"],
        ["Hello", "--everyone", "--data", "{"],
        ["Hello", "--everyone", "--urgency", "loud"],
        ["Hello", "--everyone", "--ttl-seconds", "-1"],
        ["Hello", "--everyone", "--no-such-option"],
        ["Hello", "--everyone", "--idempotency-key", ""],
    ],
)
def test_wrong_usage_of_send_is_2(run: Run, project: dict[str, str], arguments: list[str]):
    """A script can tell a wrong call from a failed one."""
    ran = run("send", *arguments)

    assert ran.status == Exit.USAGE
    assert "Traceback" not in ran.err


def test_content_that_cannot_be_shown_is_refused(run: Run, project: dict[str, str]):
    """The API's own sentences reach the command line."""
    assert run("send", "", "--everyone").status == Exit.FAILED
    assert run("send", "Hello", "--everyone", "--url", "not an address").status == Exit.FAILED
    assert run("send", "Hello", "--subscription", "sub_nobody").status == Exit.FAILED


def test_why_tells_a_story(run: Run, project: dict[str, str]):
    """Sentences with codes for a person, JSON for a script; who is meant must be said."""
    sent = run("send", "Hello", "--everyone", "--json").json()["id"]
    told = run("why", sent, "--profile", "ada")
    assert told.status == Exit.OK
    assert "It was for everyone" in told.out
    assert "[profile_unknown]" in told.out
    story = run("why", sent, "--subscription", "sub_x", "--json").json()
    assert [fact["code"] for fact in story["subscriptions"][0]["story"]] == ["subscription_unknown"]

    assert run("why", sent).status == Exit.USAGE
    assert run("why", sent, "--profile", "ada", "--subscription", "sub_x").status == Exit.USAGE
    assert run("why", "ntf_nobody", "--profile", "ada").status == Exit.FAILED


def test_migrate_tells_what_is_to_be_done(run: Run):
    """--check is for deployments: 1 while something is to be done."""
    assert run("migrate", "--check").status == Exit.FAILED
    assert run("migrate", "--json").json()["applied"]
    assert run("migrate", "--check", "--json").json() == {"pending": []}


def test_settings_mask_secrets(run: Run, monkeypatch: pytest.MonkeyPatch):
    """What is shown may be pasted into an issue."""
    key = run("keys", "master").out.strip()
    monkeypatch.setenv("HELIOGRAPH_MASTER_KEY", key)

    shown = run("settings")
    by_name = {row["name"]: row for row in run("settings", "--json").json()}

    assert shown.status == Exit.OK
    assert key not in shown.out
    assert by_name["HELIOGRAPH_MASTER_KEY"]["origin"] == "environment"


def test_a_database_that_does_not_answer_is_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch):
    """No stack trace, and no password."""
    monkeypatch.setenv("HELIOGRAPH_DATABASE_URL", "postgresql://ada:s3cret@127.0.0.1:9/heliograph")
    monkeypatch.setenv("HELIOGRAPH_MASTER_KEY", "A" * 43)

    ran = run("projects", "list")

    assert ran.status == Exit.FAILED
    assert "s3cret" not in ran.err + ran.out
    assert "Traceback" not in ran.err
    assert len(ran.err.strip().splitlines()) == 1


def test_debug_shows_where_a_failure_happened(run: Run, monkeypatch: pytest.MonkeyPatch):
    """The stack is there for who asks for it."""
    monkeypatch.setenv("HELIOGRAPH_PORT", "x")

    assert "Traceback" in run("--debug", "settings").err
    assert "Traceback" not in run("settings").err


def test_postgresql_is_migrated_only_when_asked(run: Run, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch):
    """A newer process must not change the tables under older ones by the way."""
    name = f"commands_{os.getpid()}"
    postgres.create(name)
    monkeypatch.setenv("HELIOGRAPH_DATABASE_URL", postgres.url(name))
    monkeypatch.setenv("HELIOGRAPH_MASTER_KEY", run("keys", "master").out.strip())

    early = run("projects", "list")
    assert early.status == Exit.FAILED
    assert "run `heliograph migrate` first" in early.err

    assert run("migrate").status == Exit.OK
    assert run("projects", "list").status == Exit.OK
    postgres.drop(name)
