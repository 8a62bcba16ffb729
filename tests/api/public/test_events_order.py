"""Whatever order batches come in, however often, and whenever somebody says who they are: the end is the same."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete
from tests.api.public.test_events import ADA, BOB, an_event, proof, tell
from tests.support.pages import Site, rows

from heliograph.bootstrap import Heliograph
from heliograph.kit.clock import FrozenClock
from heliograph.storage.tables import carts, events, profiles

_NAMES = ("cart_add", "cart_add", "cart_add", "cart_remove", "cart_update", "order", "page_view")


def _act(chance: random.Random, own_id: str, at: datetime) -> dict[str, Any]:
    item = {"id": chance.choice(("tea", "pot", "cup")), "count": chance.randint(1, 3), "price": chance.randint(1, 9)}
    properties: dict[str, Any] = {"item": item}
    match name := chance.choice(_NAMES):
        case "cart_update":
            properties = {"items": [item, {"id": "cup", "count": 1}]}
        case "order":
            properties = {"order": {"id": own_id, "price": 5}}
        case "page_view":
            properties = {"url": "https://shop.example/"}
    return an_event(own_id, name, at, **properties)


def _story(chance: random.Random, visitor: str, at: datetime) -> list[tuple[str, dict[str, Any]]]:
    """Return what one visitor does; now and then two things in one instant."""
    told = []
    for number in range(chance.randint(3, 12)):
        at += timedelta(minutes=chance.choice((0, 1, 7)))
        told.append((visitor, _act(chance, f"{visitor[-1]}{number}", at)))
    return told


def _batches(chance: random.Random, story: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the story torn to pieces: in any order, and some of them twice."""
    batches: list[tuple[str, list[dict[str, Any]]]] = []
    for visitor in (ADA, BOB):
        mine = [one for who, one in story if who == visitor]
        chance.shuffle(mine)
        while mine:
            size = chance.randint(1, 5)
            batches.append((visitor, mine[:size]))
            mine = mine[size:]
    batches += chance.sample(batches, len(batches) // 2)
    chance.shuffle(batches)
    return batches


async def _end(heliograph: Heliograph) -> tuple[Any, ...]:
    found = await rows(heliograph.store, carts)
    kept = [(row["items"], row["item_count"], row["total_milli"], row["updated_at"]) for row in found]
    happened = sorted((row["id"], row["name"], row["at"]) for row in await rows(heliograph.store, events))
    people = [row["external_id"] for row in await rows(heliograph.store, profiles)]
    return kept, happened, people


async def _forget(heliograph: Heliograph) -> None:
    async with heliograph.store.begin() as tx:
        await tx.execute(delete(profiles))


@pytest.mark.parametrize("seed", range(8))
async def test_any_order_comes_to_the_same(seed: int, site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """Two browsers of one person, told in pieces, twice and late, with the proofs anywhere between: one end."""
    chance = random.Random(seed)
    begin = clock.now() - timedelta(hours=3)
    story = _story(chance, ADA, begin) + _story(chance, BOB, begin)
    ada = proof(site, heliograph, "ada")
    await tell(site, visitor=ADA, identity=ada)
    await tell(site, visitor=BOB, identity=ada)
    for visitor, one in sorted(story, key=lambda told: told[1]["at"]):
        await tell(site, one, visitor=visitor)
    expected = await _end(heliograph)
    assert len(expected[1]) == len(story)
    for _ in range(3):
        await _forget(heliograph)
        steps: list[tuple[str, list[dict[str, Any]] | None]] = [*_batches(chance, story)]
        for visitor in (ADA, BOB):
            steps.insert(chance.randint(0, len(steps)), (visitor, None))
        for visitor, batch in steps:
            if batch is None:
                await tell(site, visitor=visitor, identity=ada)
            else:
                await tell(site, *batch, visitor=visitor)
        assert await _end(heliograph) == expected
