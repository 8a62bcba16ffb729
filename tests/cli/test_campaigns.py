"""Campaigns on the command line, from a file to what came of them."""

import json

from heliograph.cli.exits import Exit

_FERRY = {
    "name": "Ferry",
    "message": {
        "trigger": {"kind": "api"},
        "audience": {"kind": "everyone"},
        "content": {"title": "Harbour", "url": "https://shop.example/ferry"},
        "limits": {"caps": [{"count": 2, "per_seconds": 604_800}]},
    },
}


def _written(run, tmp_path, body, *more):
    file = tmp_path / "campaign.json"
    file.write_text(json.dumps(body))
    return run("campaigns", "create", str(file), *more)


def test_a_campaign_from_its_file_to_its_end(run, project, tmp_path):
    """It is written, started, paused, resumed, copied, finished and deleted."""
    made = json.loads(_written(run, tmp_path, _FERRY, "--json").out)
    assert (made["state"], made["version"]) == ("draft", 1)
    assert made["message"]["limits"]["caps"] == [{"count": 2, "per_seconds": 604_800}]
    identifier = made["id"]
    for verb, state in (("start", "running"), ("pause", "paused"), ("resume", "running")):
        assert json.loads(run("campaigns", verb, identifier, "--json").out)["state"] == state
    told = run("campaigns", "trigger", identifier, "--profile", "nobody", "--key", "order-1")
    assert told.status == Exit.FAILED
    assert "None of these people" in told.err
    shown = json.loads(run("campaigns", "show", identifier).out)
    (tmp_path / "change.json").write_text(json.dumps({**_FERRY, "name": "Boat", "version": shown["version"]}))
    assert "Boat" in run("campaigns", "change", identifier, str(tmp_path / "change.json")).out
    assert run("campaigns", "change", identifier, str(tmp_path / "change.json")).status == Exit.FAILED
    copy = json.loads(run("campaigns", "duplicate", identifier, "--json").out)
    assert copy["name"] == "Boat (copy)"
    assert run("campaigns", "delete", identifier).status == Exit.FAILED
    assert json.loads(run("campaigns", "finish", identifier, "--cancel", "--json").out)["state"] == "done"
    assert run("campaigns", "delete", identifier).status == Exit.OK
    assert [one["id"] for one in json.loads(run("campaigns", "list", "--json").out)] == [copy["id"]]


def test_what_came_of_one(run, project, tmp_path):
    """Its preview, its statistics and its runs are shown, for people and for programs."""
    identifier = json.loads(_written(run, tmp_path, _FERRY, "--start", "--json").out)["id"]
    assert json.loads(run("campaigns", "statistics", identifier, "--json").out)["total"]["sent"] == 0
    assert json.loads(run("campaigns", "dispatches", identifier, "--json").out) == []
    for verb in ("preview", "statistics", "dispatches"):
        assert run("campaigns", verb, identifier).status == Exit.OK


def test_what_is_no_campaign_is_said(run, project, tmp_path):
    """A missing file, bad JSON, an unknown field and a wrong trigger each get a sentence."""
    assert run("campaigns", "create", str(tmp_path / "none.json")).status == Exit.USAGE
    (tmp_path / "bad.json").write_text("{")
    assert run("campaigns", "create", str(tmp_path / "bad.json")).status == Exit.USAGE
    assert _written(run, tmp_path, {**_FERRY, "colour": "red"}).status == Exit.USAGE
    wrong = {**_FERRY, "message": {**_FERRY["message"], "trigger": {"kind": "at"}}}
    refused = _written(run, tmp_path, wrong)
    assert refused.status == Exit.FAILED
    assert "instant" in refused.err
