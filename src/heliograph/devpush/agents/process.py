"""Simulated user agents in a process of their own: what they see, they see through sockets, like real browsers.

`python -m heliograph.devpush.agents.process` reads one JSON order per line from standard input and writes JSON lines to
standard output: its counts as they change, and an answer to each order. It ends when its input ends.
"""

import asyncio
import contextlib
import json
import sys
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import uvloop

from heliograph.devpush.agents import AgentFleet, HeliographSite
from heliograph.devpush.agents.visit import Item, Manner, answer_prompts, manner_of, stroll, visitor_token
from heliograph.devpush.model import Service

_TELL_SECONDS = 0.05


def _write(kind: str, **values: Any) -> None:
    sys.stdout.write(json.dumps({"kind": kind, **values}) + "\n")
    sys.stdout.flush()


async def _tell(fleet: AgentFleet) -> None:
    """Write the counts whenever they have changed."""
    last: dict[str, int] = {}
    while True:
        now = asdict(fleet.counts)
        if now != last:
            _write("counts", **now)
            last = now
        await asyncio.sleep(_TELL_SECONDS)


async def _meet(fleet: AgentFleet, site: HeliographSite, start: dict[str, Any]) -> None:
    """Let everybody be asked, and those who say yes subscribe."""
    seed = start["seed"]
    for agent in fleet.agents:
        agent.visitor = visitor_token(agent.index, seed)
    others = range(len(fleet.agents), len(fleet.agents) + start["others"])
    asked = [(agent.visitor, True) for agent in fleet.agents]
    asked += [(visitor_token(index, seed), False) for index in others]
    told = await answer_prompts(site, asked, url=start["origin"] + "/", now=datetime.now(UTC))
    await fleet.subscribe(site, groups=[{"name": "back-in-stock", "identifier": None}])
    _write("subscribed", count=fleet.counts.subscribed, asked=told["show-widget"])


async def _watched(fleet: AgentFleet, order: dict[str, Any]) -> None:
    """Wait until everyone decrypted the notification, or time is up, and answer with what was seen of it."""
    name, since = order["notification"], datetime.fromisoformat(order["since"])
    with contextlib.suppress(TimeoutError):
        everyone = fleet.counts.subscribed
        await fleet.wait_until(lambda _: fleet.reached(name) >= everyone, timedelta(seconds=order["seconds"]))
    await fleet.drain_receipts()
    seen = fleet.summary(name, since)
    _write(
        "seen",
        **{
            field: getattr(seen, field)
            for field in ("subscribed", "decrypted", "shown", "clicked", "duplicates", "lost")
        },
        undecryptable=seen.undecryptable + seen.malformed,
        p50=seen.latency(0.5),
        p95=seen.latency(0.95),
    )


async def _strolled(fleet: AgentFleet, site: HeliographSite, order: dict[str, Any]) -> None:
    """Let everybody visit the shop, and answer with how many behaved in which manner."""
    items = [Item(**item) for item in order["items"]]
    manners = await stroll(site, fleet.agents, items, seed=order["seed"], now=datetime.now(UTC))
    _write("strolled", **{manner.value: manners[manner] for manner in Manner})


async def _reminded(fleet: AgentFleet, order: dict[str, Any]) -> None:
    """Wait until so many were reminded, or time is up, and answer with who was, by their manner."""
    since = datetime.fromisoformat(order["since"])

    def who() -> Counter[Manner]:
        shown = {arrival.agent for arrival in fleet.arrivals if arrival.shown and arrival.received_at >= since}
        return Counter(manner_of(fleet.agents[index], order["seed"]) for index in shown)

    with contextlib.suppress(TimeoutError):
        await fleet.wait_until(lambda _: who().total() >= order["expected"], timedelta(seconds=order["seconds"]))
    await fleet.drain_receipts()
    found = who()
    late = [arrival for arrival in fleet.arrivals if arrival.received_at >= since]
    counts = {"duplicates": sum(one.duplicate for one in late), "clicked": sum(one.clicked for one in late)}
    _write("reminded", **counts, **{manner.value: found[manner] for manner in Manner})


async def _main() -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    start = json.loads(await reader.readline())
    fleet = AgentFleet(
        start["ws_url"],
        start["count"],
        services=(Service.MOZILLA, Service.FCM, Service.WNS, Service.APPLE),
        vendor_hosts=True,
        click_share=start["click_share"],
        tastes=start["tastes"],
    )
    site = HeliographSite(start["api"], start["key"], start["origin"])
    async with fleet, site:
        telling = asyncio.create_task(_tell(fleet))
        try:
            await _meet(fleet, site, start)
            while line := await reader.readline():
                order = json.loads(line)
                match order["order"]:
                    case "watch":
                        await _watched(fleet, order)
                    case "stroll":
                        await _strolled(fleet, site, order)
                    case "remind":
                        await _reminded(fleet, order)
        finally:
            telling.cancel()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_main())
