"""Prompt campaigns on the command line."""

import json

from heliograph.cli.exits import Exit

_ASK = {
    "name": "Ask",
    "prompt": {
        "prompt": "slide",
        "texts": {"en": {"title": "Hear first?", "accept": "Yes"}},
        "variants": [{"name": "short"}, {"name": "long", "texts": {"en": {"body": "Twice a week."}}}],
    },
}


def test_a_prompt_campaign_and_what_came_of_it(run, project, tmp_path):
    """It is written and started from a file; its statistics have a line per event and a column per variant."""
    (tmp_path / "ask.json").write_text(json.dumps(_ASK))
    made = json.loads(run("campaigns", "create", str(tmp_path / "ask.json"), "--start", "--json").out)
    assert (made["kind"], made["state"], made["prompt"]) == ("prompt", "running", _ASK["prompt"])
    told = json.loads(run("campaigns", "statistics", made["id"], "--json").out)["prompt"]
    assert [one["variant"] for one in told["variants"]] == ["long", "short"]
    lines = run("campaigns", "statistics", made["id"]).out.splitlines()
    assert lines[0].split() == ["event", "all", "long", "short"]
    assert any(line.split() == ["push-already-denied", "0", "0", "0"] for line in lines)
    assert run("campaigns", "preview", made["id"]).status == Exit.FAILED


def test_a_prompt_that_could_freeze_a_page_is_refused(run, project, tmp_path):
    """The sentence says what to change, and where."""
    triggers = [[{"kind": "current_url", "mode": "regex", "value": "(a+)+$"}]]
    (tmp_path / "ask.json").write_text(json.dumps({**_ASK, "prompt": {**_ASK["prompt"], "triggers": triggers}}))
    refused = run("campaigns", "create", str(tmp_path / "ask.json"))
    assert refused.status != Exit.OK
    assert "/prompt/triggers/0/0/value" in refused.err
