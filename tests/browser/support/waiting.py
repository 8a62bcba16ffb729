"""Waiting for what another process does: ask again and again until a generous deadline, never sleep on a guess."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

START = 120.0  # seconds: a browser or a server on two busy cores
FIRST_SUBSCRIBE = 60.0  # Chromium now and then takes six seconds before it asks its push service anything
ARRIVAL = 120.0  # everything else; a Chromium that lost its connection at once comes back after half a minute
PAUSE = 0.03


async def eventually(
    probe: Callable[[], T | Awaitable[T]],
    what: str | Callable[[], str],
    within: float = ARRIVAL,
) -> T:
    """Call `probe` until it gives something true, and return that.

    `what` completes the sentence "still waiting for …" of the AssertionError; a callable is asked at that moment.
    """
    deadline = time.monotonic() + within
    while True:
        found = probe()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"after {within:g} s still waiting for {what() if callable(what) else what}")
        await asyncio.sleep(PAUSE)
