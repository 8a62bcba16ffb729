"""Where the demo's parts listen: at the usual ports, or at free ones where those are taken."""

import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from heliograph.cli.exits import CommandError
from heliograph.cli.processes import DevpushPorts, bundled_devpush, listen
from heliograph.devpush import DevPush
from heliograph.settings import Settings

API_PORT = 8970
SHOP_PORT = 8971
_HOST = "127.0.0.1"
_ANY = 0


def listen_near(port: int) -> socket.socket:
    """Take a port, or any free one if it is taken."""
    try:
        return listen(_HOST, port)
    except CommandError:
        return listen(_HOST, _ANY)


def port_of(taken: socket.socket) -> int:
    """Return the port that a socket listens on."""
    port: int = taken.getsockname()[1]
    return port


@asynccontextmanager
async def devpush_near(settings: Settings) -> AsyncIterator[tuple[Settings, DevPush]]:
    """Run the bundled push service at its usual ports, or at any free ones if one of those is taken."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            running = await stack.enter_async_context(bundled_devpush(settings, DevpushPorts()))
        except CommandError:
            running = await stack.enter_async_context(bundled_devpush(settings, DevpushPorts(_ANY, _ANY, _ANY)))
        yield running


def notes(api: int, shop: int, devpush: DevPush) -> list[str]:
    """Return a sentence for each part that is not at its usual place."""
    found = [
        f"Port {usual} is taken, so the {name} is at {port}."
        for name, usual, port in (("API", API_PORT, api), ("shop", SHOP_PORT, shop))
        if port != usual
    ]
    if not devpush.http_url.endswith(f":{DevpushPorts.http}"):
        found.append(f"A port of the bundled push service is taken, so it is at {devpush.http_url}.")
    return found
