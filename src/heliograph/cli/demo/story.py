"""What happens in the demo: everybody subscribes, one notification goes to all, and what became of it is counted."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from heliograph.cli import screen
from heliograph.cli.demo import afternoon
from heliograph.cli.demo.afternoon import Afternoon
from heliograph.cli.demo.crowd import Crowd, Seen, crowd
from heliograph.cli.demo.products import PRODUCTS
from heliograph.cli.demo.stage import Stage
from heliograph.cli.exits import CommandError
from heliograph.domain.delivery import DeliveryState

_SECONDS = 120.0
"""After so long, what has not arrived counts as lost."""
_RECEIPTS_SECONDS = 15.0
_POLL_SECONDS = 0.1
_CLICK_SHARE = 0.3
_OTHERS = 3
"""One visitor more for so many that subscribe, who says "not now"."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of the notification.

    Attributes:
        accepted: deliveries that a push service took, by Heliograph's own counts.
        displayed: deliveries of which Heliograph has a receipt.
        clicked: likewise, of the click.
    """

    notification: str
    seen: Seen
    accepted: int
    displayed: int
    clicked: int
    afternoon: Afternoon

    @property
    def is_good(self) -> bool:
        """Whether everybody got it, Heliograph knows it, and those who left a cart were reminded, and nobody else."""
        is_whole = not self.seen.lost and self.accepted == self.displayed == self.seen.subscribed == self.seen.shown
        return is_whole and self.afternoon.is_good


async def tell(
    running: Stage, agents: int, out: Console, stop: asyncio.Event, stack: contextlib.AsyncExitStack
) -> Result | None:
    """Play the story with progress bars; None if it was interrupted. The crowd stays until `stack` closes."""
    playing = asyncio.create_task(_play(running, agents, out, stack))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((playing, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
    if playing.done():
        return playing.result()
    playing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await playing
    return None


async def _play(running: Stage, agents: int, out: Console, stack: contextlib.AsyncExitStack) -> Result:
    shop = running.shop
    campaigns = await afternoon.begin(shop)
    with screen.progress(out) as bars:
        steps = {name: bars.add_task(label, total=agents) for name, label in _STEPS.items()}

        def on_counts(counts: Mapping[str, int]) -> None:
            for name, bar in steps.items():
                if name in counts:
                    bars.update(bar, completed=min(counts[name], agents))

        people = await stack.enter_async_context(
            crowd(
                on_counts,
                ws_url=running.devpush.ws_url,
                api=shop.api,
                key=shop.publishable_key,
                origin=shop.origin,
                count=agents,
                others=agents // _OTHERS,
                click_share=_CLICK_SHARE,
                tastes=afternoon.TASTES,
                seed=afternoon.SEED,
            )
        )
        await people.answer("subscribed")
        sent = await _send(running, people, lambda state: bars.update(steps["accepted"], completed=_taken(state)))
        visiting = bars.add_task("An afternoon at the shop", total=1)
        spent = await afternoon.spend(shop, people, campaigns)
        bars.update(visiting, completed=1)
    return Result(**sent, afternoon=spent)


_STEPS = {
    "subscribed": "Subscribing",
    "accepted": "Accepted by push service",
    "decrypted": "Decrypted",
    "shown": "Shown",
}


async def _send(running: Stage, people: Crowd, on_states: Any) -> dict[str, Any]:
    shop = running.shop
    since = datetime.now(UTC)
    answer = await shop.post(shop.notification(PRODUCTS[0], {"kind": "everyone"}))
    if not answer.is_success:
        raise CommandError(f"Heliograph refused the notification: {answer.text[:300]}")
    name = str(answer.json()["id"])
    watching = asyncio.create_task(_watch(running, name, on_states))
    try:
        seen = await people.seen(name, since.isoformat(), _SECONDS)
        states = await _settled(running, name, seen, on_states)
    finally:
        watching.cancel()
    seen_states = (DeliveryState.DISPLAYED, DeliveryState.CLICKED, DeliveryState.DISMISSED)
    return {
        "notification": name,
        "seen": seen,
        "accepted": _taken(states),
        "displayed": sum(states.get(state, 0) for state in seen_states),
        "clicked": states.get(DeliveryState.CLICKED, 0),
    }


def _taken(states: Mapping[str, int]) -> int:
    return sum(count for state, count in states.items() if DeliveryState(state).was_accepted)


async def _watch(running: Stage, notification: str, on_states: Any) -> None:
    while True:
        on_states(await running.shop.states(notification))
        await asyncio.sleep(_POLL_SECONDS)


async def _settled(running: Stage, notification: str, seen: Seen, on_states: Any) -> dict[str, int]:
    """Return the counts once every receipt that was sent is in them, or time is up."""
    end = asyncio.get_running_loop().time() + _RECEIPTS_SECONDS
    while True:
        states = await running.shop.states(notification)
        on_states(states)
        known = states.get(DeliveryState.DISPLAYED, 0) + states.get(DeliveryState.CLICKED, 0)
        if known >= seen.shown and states.get(DeliveryState.CLICKED, 0) >= seen.clicked:
            return states
        if asyncio.get_running_loop().time() > end:
            return states
        await asyncio.sleep(_POLL_SECONDS)
