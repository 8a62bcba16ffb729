"""Recipes on the command line: listed, written out, and made; and who entered their campaigns."""

import json

from heliograph.cli.exits import Exit
from heliograph.domain.recipes import RECIPES


def test_recipes_are_listed_and_written(run, project):
    """What is written out is what a file may hold."""
    listed = run("campaigns", "recipes").out
    assert all(recipe.name in listed for recipe in RECIPES)
    written = run("campaigns", "recipes", "cart-abandoned")
    assert json.loads(written.out)["message"]["trigger"]["event"] == "cart_changed"
    assert run("campaigns", "recipes", "soup").status == Exit.USAGE


def test_a_recipe_is_made_and_started(run, project, tmp_path):
    """At once, or by way of a file that was changed; one of both is named."""
    made = json.loads(run("campaigns", "create", "--recipe", "back-in-stock", "--start", "--json").out)
    assert made["state"] == "running"
    file = tmp_path / "birthday.json"
    changed = json.loads(run("campaigns", "recipes", "birthday").out)
    changed["message"]["content"]["title"] = "Hooray"
    file.write_text(json.dumps(changed))
    assert json.loads(run("campaigns", "create", str(file), "--json").out)["message"]["content"]["title"] == "Hooray"
    for wrong in ((), (str(file), "--recipe", "welcome"), ("--recipe", "soup")):
        assert run("campaigns", "create", *wrong).status == Exit.USAGE


def test_entries_of_a_campaign_are_shown(run, project):
    """Nobody at first; of a campaign that there is not, nothing."""
    made = json.loads(run("campaigns", "create", "--recipe", "win-back", "--start", "--json").out)
    assert "none" in run("campaigns", "entries", made["id"]).out
    assert json.loads(run("campaigns", "entries", made["id"], "--json").out) == {"entries": [], "counts": {}}
    assert run("campaigns", "entries", "cmp_none").status == Exit.FAILED
