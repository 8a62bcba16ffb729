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
