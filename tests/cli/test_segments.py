"""Segments on the command line."""

import json

from heliograph.cli.exits import Exit

GERMAN = '{"kind": "language", "in": ["de"]}'


def test_a_segment_is_made_counted_changed_and_removed(run, project, tmp_path):
    """By its name, or by its id; a rule comes from an argument or from a file."""
    assert run("segments", "create", "German", GERMAN).status == Exit.OK
    (made,) = json.loads(run("segments", "list", "--json").out)
    assert (made["name"], made["rule"]) == ("German", json.loads(GERMAN))
    assert json.loads(run("segments", "count", "German", "--json").out)["count"] == 0
    assert run("segments", "count", "--rule", GERMAN).out == "0 people.\n"

    file = tmp_path / "rule.json"
    file.write_text('{"kind": "language", "in": ["fr"]}')
    assert run("segments", "change", made["id"], "--name", "French", "--rule", f"@{file}").status == Exit.OK
    assert json.loads(run("segments", "list", "--json").out)[0]["rule"]["in"] == ["fr"]
    assert run("segments", "remove", "French").out == "French is deleted.\n"
    assert json.loads(run("segments", "list", "--json").out) == []


def test_what_is_no_rule_is_refused_in_words(run, project):
    """Whatever was typed; nothing is made."""
    for wrong in ("", "german", "[]", "@/nowhere", '{"kind": "horoscope"}', '{"kind": "language"}', '{"kind": "cart"}'):
        refused = run("segments", "create", "x", wrong)
        assert refused.status in (Exit.USAGE, Exit.FAILED)
        assert refused.err.strip()
        assert "Traceback" not in refused.err
    assert run("segments", "count").status == Exit.USAGE
    assert run("segments", "explain", "nothing", "ada").status == Exit.FAILED
    assert json.loads(run("segments", "list", "--json").out) == []


def test_a_send_goes_to_a_segment_by_name(run, project):
    """As a dry run, too; and one that waits keeps the segment."""
    run("segments", "create", "German", GERMAN)
    send = ("send", "Hello", "--url", "https://shop.example", "--segment")
    assert run(*send, "German", "--dry-run").status == Exit.OK
    assert run(*send, "German").status == Exit.OK
    assert run(*send, "Danish").status == Exit.FAILED
    assert run(*send, "German", "--everyone").status == Exit.USAGE
    refused = run("segments", "remove", "German")
    assert refused.status == Exit.FAILED
    assert "notification ntf_" in refused.err


def test_the_schema_is_written(run, data_dir):
    """It needs no installation."""
    assert json.loads(run("segments", "schema").out)["title"] == "Rule of a segment"
