"""What the demo runs on: Heliograph on its embedded defaults, the bundled push service, and the shop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

import uvicorn

from heliograph.cli import first_start, opening, processes
from heliograph.cli.demo.places import Places
from heliograph.cli.demo.shop import Shop, create_shop
from heliograph.cli.exits import CommandError
from heliograph.settings import Settings


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs. `ws_url` is where user agents connect."""

    settings: Settings
    shop: Shop
    ws_url: str


@asynccontextmanager
async def stage(settings: Settings, places: Places) -> AsyncIterator[Stage]:
    """Start everything in the order of need, and stop it in the opposite order."""
    origin = f"http://localhost:{places.shop}"
    ports = processes.DevpushPorts(places.devpush_http, places.devpush_tls, places.devpush_mcs)
    async with contextlib.AsyncExitStack() as stack:
        api_socket = processes.listen("127.0.0.1", places.api)
        shop_socket = processes.listen("127.0.0.1", places.shop)
        settings, devpush = await stack.enter_async_context(processes.bundled_devpush(settings, ports))
        heliograph = await stack.enter_async_context(opening.opened(settings, may_migrate=True))
        made = await first_start.ensure(heliograph, first_start.Wishes(origins=(origin,), name="Lantern Lane"))
        if made is None:
            raise CommandError("The demo's database is not empty.")
        shop = Shop(
            origin=origin,
            api=settings.base_url,
            publishable_key=made.publishable_key,
            secret_key=made.secret_key,
            devpush=devpush.http_url,
            commands=lambda page: asdict(devpush.browser_commands(page)),
        )
        stop = asyncio.Event()
        parts = (
            asyncio.create_task(processes.serve_api(heliograph, settings, api_socket, stop)),
            asyncio.create_task(processes.work(heliograph, stop)),
            asyncio.create_task(_serve_shop(shop, shop_socket, stop)),
        )
        running = asyncio.create_task(processes.together(stop, *parts))
        try:
            yield Stage(settings, shop, devpush.ws_url)
        finally:
            stop.set()
            await running


async def _serve_shop(shop: Shop, on: socket.socket, stop: asyncio.Event) -> None:
    config = uvicorn.Config(create_shop(shop), **processes.SERVER)
    await processes.serve(config, on, stop)
