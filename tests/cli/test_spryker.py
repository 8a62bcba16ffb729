"""Commands for those who come from Spryker: accounts, and the two lines of its crontab."""

import io
import sys

import pytest
from tests.cli.conftest import Run

from heliograph.cli.exits import Exit

SEND = "push-notification:send-push-notifications"
DELETE = "push-notification:delete-expired-push-notification-subscriptions"


def test_accounts_are_made_listed_and_revoked(run: Run, project: dict[str, str]):
    """A password is shown once, by the command that makes the account."""
    made = run("api-users", "create", "richard@spryker.example", "--right", "subscribe", "--json").json()
    assert (made["project"], made["rights"]) == (project["id"], ["subscribe"])
    assert len(made["password"]) == 32
    assert made["password"] not in run("api-users", "list").out
    assert run("api-users", "create", "richard@spryker.example").status == Exit.FAILED
    assert run("api-users", "revoke", "richard@spryker.example").status == Exit.OK
    assert run("api-users", "revoke", "nobody").status == Exit.FAILED
    (listed,) = run("api-users", "list", "--json").json()
    assert listed["revoked_at"] is not None
    assert "password" not in listed


def test_a_password_of_ones_own(run: Run, project: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    """It comes from standard input, is not shown again, and must not be short."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("change123change123\n"))
    ran = run("api-users", "create", "michele@spryker.example", "--password-stdin")
    assert ran.status == Exit.OK
    assert "change123" not in ran.out
    monkeypatch.setattr(sys, "stdin", io.StringIO("change123\n"))
    assert run("api-users", "create", "other", "--password-stdin").status == Exit.FAILED


def test_the_crontabs_commands(run: Run, project: dict[str, str]):
    """With nothing to do they succeed; what was due is done by one run."""
    assert run(SEND).status == Exit.OK
    assert run(DELETE).out == "Ended 0 subscriptions.\n"
    run("send", "Hello", "--everyone")
    assert run(SEND).status == Exit.OK
    assert "heliograph " + SEND in run(SEND, "--help").out


def test_a_password_is_changed(run: Run, project: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    """A new one is shown once, one's own never; an account that was revoked gets none."""
    made = run("api-users", "create", "richard@spryker.example", "--json").json()
    changed = run("api-users", "password", "richard@spryker.example", "--json").json()
    assert changed["id"] == made["id"]
    assert len(changed["password"]) == 32
    assert changed["password"] != made["password"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("change123change123\n"))
    ran = run("api-users", "password", made["id"], "--password-stdin")
    assert ran.status == Exit.OK
    assert "change123" not in ran.out
    assert run("api-users", "password", "nobody").status == Exit.FAILED
    run("api-users", "revoke", made["id"])
    assert "was revoked" in run("api-users", "password", made["id"]).err


def test_what_is_done_to_accounts_is_written_down(run: Run, project: dict[str, str]):
    """Made, another password, revoked (once), with the name and without a password."""
    made = run("api-users", "create", "richard@spryker.example", "--right", "subscribe", "--json").json()
    changed = run("api-users", "password", made["id"], "--json").json()
    for _ in range(2):
        run("api-users", "revoke", made["id"])
    ran = run("audit", "--json")
    found = [entry for entry in ran.json() if entry["act"].startswith("account")]
    assert [entry["act"] for entry in reversed(found)] == [
        "account_made",
        "account_password_changed",
        "account_revoked",
    ]
    assert {(entry["subject_id"], entry["actor_kind"]) for entry in found} == {(made["id"], "cli")}
    assert found[-1]["details"] == {"name": "richard@spryker.example", "rights": ["subscribe"]}
    assert not any(one["password"] in ran.out for one in (made, changed))
