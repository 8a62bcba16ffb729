"""Prompt campaigns for tests."""

from typing import Any

from sqlalchemy import insert

from heliograph.bootstrap import Heliograph
from heliograph.storage.tables import campaigns

SLIDE: dict[str, Any] = {
    "prompt": "slide",
    "texts": {
        "en": {"title": "Good news first?", "accept": "Yes", "later": "Later"},
        "de": {"title": "Neues zuerst?", "accept": "Ja", "later": "Später"},
    },
}


async def add_prompt(heliograph: Heliograph, project_id: str, **given: Any) -> str:
    """Start a prompt campaign; members of the row are given by name, all others are of its definition."""
    ctx = heliograph.context()
    row = {
        "id": ctx.ids.new("cmp"),
        "project_id": project_id,
        "kind": "prompt",
        "name": "Ask",
        "state": "running",
        "trigger_kind": "page",
        "priority": 0,
        "version": 1,
        "created_at": ctx.now,
        "updated_at": ctx.now,
    }
    own = {name: given.pop(name) for name in list(given) if name in campaigns.c}
    async with heliograph.store.begin() as tx:
        await tx.execute(insert(campaigns).values(row | own | {"definition": SLIDE | given}))
    return str(own.get("id", row["id"]))
