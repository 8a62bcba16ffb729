"""Simulated visitors: repeatable, and telling what the page script would tell."""

import re
from datetime import UTC, datetime

from heliograph.devpush.agents.agent import make_agent
from heliograph.devpush.agents.visit import Item, Manner, events_of, manner_of, visitor_token
from heliograph.devpush.model import Service

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
ITEMS = [Item("moon", "Paper moon", "38", "https://shop.example/moon")]


def test_the_same_seed_gives_the_same_visitors() -> None:
    """And another seed others; every manner occurs."""
    agents = [make_agent(index, Service.MOZILLA) for index in range(200)]
    first = [manner_of(agent, 1) for agent in agents]
    assert first == [manner_of(agent, 1) for agent in agents]
    assert first != [manner_of(agent, 2) for agent in agents]
    assert set(first) == set(Manner)
    tokens = {visitor_token(index, 1) for index in range(200)}
    assert len(tokens) == 200
    assert all(re.fullmatch("hvi_[A-Za-z0-9_-]{22}", token) for token in tokens)


def test_a_visit_is_told_in_order() -> None:
    """Who buys has filled a cart before; the last step is now."""
    agent = make_agent(0, Service.MOZILLA)
    told = {manner: [one["name"] for one in events_of(agent, manner, ITEMS, NOW)] for manner in Manner}
    assert told[Manner.LOOKS] == ["page_view", "item_view"]
    assert told[Manner.LEAVES] == [*told[Manner.LOOKS], "cart_add"]
    assert told[Manner.BUYS] == [*told[Manner.LEAVES], "order"]
    times = [one["at"] for one in events_of(agent, Manner.BUYS, ITEMS, NOW)]
    assert times == sorted(times)
    assert times[-1] == "2026-03-14T09:26:53Z"
