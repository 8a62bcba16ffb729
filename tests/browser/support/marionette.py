"""A client of Marionette, Firefox's own remote protocol: over TCP, `<length>:<JSON>`, one command at a time.

A command is `[0, id, name, parameters]`, its answer `[1, id, error, result]`.
"""

import asyncio
import contextlib
import json
from typing import Any

from tests.browser.support.driver import BrowserError

ANSWER_LIMIT = 64 * 1024 * 1024
WRAPPER = """
const done = arguments[arguments.length - 1];
const args = Array.prototype.slice.call(arguments, 0, -1);
(async () => { %s })().then(
  (value) => done({ value: value === undefined ? null : value }),
  (error) => done({ thrown: String(error) }),
);
"""


class Marionette:
    """One session with one Firefox."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._last = 0
        self._turn = asyncio.Lock()

    @classmethod
    async def connect(cls, port: int) -> "Marionette":
        """Connect and open a session."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=ANSWER_LIMIT)
        client = cls(reader, writer)
        await client._receive()
        await client.command("WebDriver:NewSession", {"strictFileInteractability": True})
        return client

    async def command(self, name: str, parameters: dict[str, Any] | None = None, within: float = 60.0) -> Any:
        """Send one command and return the result.

        Raises:
            BrowserError: Firefox refused it.
            ConnectionError: Firefox went away.
        """
        async with self._turn:
            return await asyncio.wait_for(self._exchange(name, parameters or {}), within)

    async def _exchange(self, name: str, parameters: dict[str, Any]) -> Any:
        self._last += 1
        packet = json.dumps([0, self._last, name, parameters]).encode()
        self._writer.write(b"%d:%s" % (len(packet), packet))
        await self._writer.drain()
        while True:
            _, answered, error, result = await self._receive()
            if answered == self._last:
                break
        if error is not None:
            raise BrowserError(f"{name}: {error.get('error')}: {error.get('message')}")
        return result

    async def _receive(self) -> Any:
        try:
            length = await self._reader.readuntil(b":")
            return json.loads(await self._reader.readexactly(int(length[:-1])))
        except asyncio.IncompleteReadError as error:
            raise ConnectionError("Firefox closed the connection") from error

    async def run(self, script: str, args: tuple[Any, ...], *, chrome: bool, within: float = 45.0) -> Any:
        """Run the body of an asynchronous function in the current page, or in Firefox's own process (`chrome`).

        Raises:
            BrowserError: the script threw.
        """
        await self.command("Marionette:SetContext", {"value": "chrome" if chrome else "content"})
        try:
            answer = await self.command(
                "WebDriver:ExecuteAsyncScript",
                {
                    "script": WRAPPER % script,
                    "args": list(args),
                    "scriptTimeout": int(within * 1000),
                    "newSandbox": True,
                },
                within + 15,
            )
        finally:
            if chrome:
                await self.command("Marionette:SetContext", {"value": "content"})
        outcome = answer["value"]
        if "thrown" in outcome:
            raise BrowserError(outcome["thrown"])
        return outcome["value"]

    async def quit(self) -> None:
        """Ask Firefox for a clean end, which writes the profile; closes the connection."""
        try:
            await self.command("Marionette:Quit", {"flags": ["eForceQuit"]}, 20)
        except (ConnectionError, TimeoutError):
            pass  # it is gone sooner than it can say so
        finally:
            await self.close()

    async def close(self) -> None:
        """Close the connection."""
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()
