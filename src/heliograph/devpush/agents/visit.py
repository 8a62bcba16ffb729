"""How simulated visitors behave on a shop's pages: some look, some fill a cart and leave, some buy.

The same seed gives the same visitors. Who is asked by a prompt answers as their manner is.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from heliograph.devpush.agents.agent import Agent
from heliograph.devpush.agents.site import HeliographSite
from heliograph.protocols import base64url

_LOOKS, _LEAVES = 0.35, 0.75
"""Shares of those who only look, and of those and who leave a cart behind; the others buy."""
_PAUSE = timedelta(seconds=7)
"""Between two steps of a visit, which was a moment ago."""


class Manner(StrEnum):
    """What somebody does at a shop."""

    LOOKS = "looks"
    LEAVES = "leaves"
    BUYS = "buys"


@dataclass(frozen=True, slots=True)
class Item:
    """Something that the shop sells; the price is a text such as `64.00`."""

    id: str
    title: str
    price: str
    url: str


def visitor_token(index: int, seed: int) -> str:
    """Return a page's name for its browser, as the page script makes it."""
    chosen = random.Random(f"{seed}/{index}/visitor").randbytes(16)  # noqa: S311 - repeatable on purpose
    return "hvi_" + base64url.encode(chosen)


def manner_of(agent: Agent, seed: int) -> Manner:
    """Return how an agent's visitor behaves."""
    drawn = random.Random(f"{seed}/{agent.index}/manner").random()  # noqa: S311 - repeatable on purpose
    return Manner.LOOKS if drawn < _LOOKS else Manner.LEAVES if drawn < _LEAVES else Manner.BUYS


def events_of(agent: Agent, manner: Manner, items: Sequence[Item], now: datetime) -> list[dict[str, Any]]:
    """Return what a visit comes to, oldest first; the last step is now."""
    item = items[agent.index % len(items)]
    thing = {"id": item.id, "title": item.title, "price": item.price, "url": item.url}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("page_view", {"url": item.url, "title": item.title}),
        ("item_view", {"item": thing}),
    ]
    if manner is not Manner.LOOKS:
        steps.append(("cart_add", {"item": thing | {"count": 1}}))
    if manner is Manner.BUYS:
        bought = thing | {"count": 1}
        order = {"id": f"order-{agent.index}", "price": item.price, "items": [bought]}
        steps.append(("order", {"order": order}))
    began = now - _PAUSE * len(steps)
    return [
        {
            "id": f"visit-{number}",
            "name": name,
            "at": (began + _PAUSE * (number + 1)).isoformat().replace("+00:00", "Z"),
            "properties": properties,
        }
        for number, (name, properties) in enumerate(steps)
    ]


async def stroll(
    site: HeliographSite, agents: Sequence[Agent], items: Sequence[Item], *, seed: int, now: datetime
) -> Counter[Manner]:
    """Let every agent's visitor visit the shop. Returns how many behaved in which manner.

    Raises:
        SiteError: Heliograph refused, with its words.
    """

    async def one(agent: Agent) -> Manner:
        manner = manner_of(agent, seed)
        await site.tell(agent.visitor, events_of(agent, manner, items, now))
        return manner

    return Counter(await asyncio.gather(*(one(agent) for agent in agents)))


async def answer_prompts(
    site: HeliographSite, visitors: Sequence[tuple[str, bool]], *, url: str, now: datetime
) -> Counter[str]:
    """Let visitors be asked by the site's prompt campaigns, and say yes or "not now" as each of them does.

    Returns how often each event was told.
    """

    async def one(visitor: str, says_yes: bool) -> list[str]:
        prompts = await site.prompts(visitor, url=url)
        if not prompts:
            return []
        first = max(prompts, key=lambda prompt: int(prompt["priority"]))
        said = ["show-widget", "push-subscribed" if says_yes else "click-later"]
        at = now.isoformat().replace("+00:00", "Z")
        about = {"campaign": first["id"], "at": at} | ({"variant": first["variant"]} if first.get("variant") else {})
        await site.tell_of_prompts(visitor, [about | {"id": f"prompt-{name}", "event": name} for name in said])
        return said

    told = await asyncio.gather(*(one(*visitor) for visitor in visitors))
    return Counter(name for names in told for name in names)
