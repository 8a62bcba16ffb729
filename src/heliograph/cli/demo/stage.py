"""What the demo runs on: Heliograph on its embedded defaults, the bundled push service, and the shop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

import httpx
import uvicorn

from heliograph.cli import first_start, opening, processes
from heliograph.cli.demo.places import port_of
from heliograph.cli.demo.shop import Shop, create_shop
from heliograph.cli.exits import CommandError
from heliograph.devpush import DevPush
from heliograph.settings import Settings


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs."""

    settings: Settings
    shop: Shop
    devpush: DevPush


@asynccontextmanager
async def stage(
    settings: Settings, devpush: DevPush, *, api_socket: socket.socket, shop_socket: socket.socket
) -> AsyncIterator[Stage]:
    """Start Heliograph (whose settings lead to `devpush`) and the shop, and stop them at the end."""
    settings = settings.replace(port=port_of(api_socket))
    origin = f"http://localhost:{port_of(shop_socket)}"
    async with contextlib.AsyncExitStack() as stack:
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
            client=await stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=30)),
        )
        api_server = processes.api_server(heliograph, settings)
        shop_server = uvicorn.Config(create_shop(shop), **processes.SERVER)
        stop = asyncio.Event()
        parts = (
            asyncio.create_task(processes.serve(api_server, api_socket, stop)),
            asyncio.create_task(processes.serve(shop_server, shop_socket, stop)),
            asyncio.create_task(processes.work(heliograph, stop)),
        )
        running = asyncio.create_task(processes.together(stop, *parts))
        try:
            yield Stage(settings, shop, devpush)
        finally:
            stop.set()
            await running
