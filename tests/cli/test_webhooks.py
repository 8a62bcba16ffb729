"""`heliograph webhooks`: what the API does, from a shell."""

import json

import pytest

pytestmark = pytest.mark.usefixtures("project")
_URL = "https://93.184.215.14/heliograph"


def _added(run, *more):
    return json.loads(run("webhooks", "add", _URL, "--json", *more).out)


def test_a_webhook_lives_from_adding_to_removal(run):
    """It is added, listed, changed, turned and removed; its secret is shown when it is made, and in no list."""
    made = _added(run, "--type", "delivery.clicked", "--description", "CRM")
    assert made["secret"].startswith("whsec_")
    listed = run("webhooks", "list", "--json").out
    assert "whsec_" not in listed
    assert [one["event_types"] for one in json.loads(listed)] == [["delivery.clicked"]]
    assert run("webhooks", "change", made["id"], "--off", "--all-types").status == 0
    (changed,) = json.loads(run("webhooks", "list", "--json").out)
    assert (changed["is_enabled"], changed["event_types"]) == (False, [])
    turned = json.loads(run("webhooks", "rotate", made["id"], "--json").out)
    assert turned["secret"] != made["secret"]
    assert run("webhooks", "remove", made["id"]).status == 0
    assert json.loads(run("webhooks", "list", "--json").out) == []


def test_a_test_without_a_worker_waits(run):
    """It says so; the message is listed, shown with its event, and not replayed, because it waits already."""
    made = _added(run)
    tried = run("webhooks", "test", made["id"], "--wait", "0")
    assert tried.status == 1
    (message,) = json.loads(run("webhooks", "messages", made["id"], "--json").out)
    assert message["state"] == "waiting"
    told = json.loads(run("webhooks", "message", made["id"], message["id"]).out)
    assert [event["type"] for event in told["events"]] == ["webhook.test"]
    assert run("webhooks", "replay", made["id"], message["id"]).out.startswith("0 messages")
    assert run("webhooks", "replay", made["id"], "--since", "2026-03-14T00:00:00").status == 0
    assert run("webhooks", "replay", made["id"]).status == 1
    assert "waiting" in run("webhooks", "messages", made["id"]).out


def test_an_address_inside_is_refused(run):
    """As over the API, with a sentence and without a trace."""
    refused = run("webhooks", "add", "https://10.0.0.1/hook")
    assert refused.status == 1
    assert "public internet" in refused.err
