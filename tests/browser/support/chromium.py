"""Drives Debian's Chromium, headless, over the DevTools protocol (Playwright as the client).

Its notifications go to the desktop, so each Chromium has a private D-Bus with a notification server that really clicks.
The permission is in the profile's Preferences: one granted over DevTools would die with the DevTools session.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser as Connection
from playwright.async_api import BrowserContext, CDPSession, Error, Page, Playwright, async_playwright
from tests.browser.support.driver import INSECURE_HOST, BrowserError, OnScreen
from tests.browser.support.notification_daemon import NotificationDaemon
from tests.browser.support.processes import Program, environment
from tests.browser.support.waiting import ARRIVAL, START, eventually

from heliograph.devpush import DevPush, chromium_switches

SWITCHES = (
    "--headless=new",
    "--no-sandbox",  # it only ever sees our own pages, and neither root nor most containers can have one
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--password-store=basic",
    "--remote-debugging-port=0",
    "--window-size=1280,800",
    f"--host-resolver-rules=MAP {INSECURE_HOST} 127.0.0.1",
)
ALLOW = 1
PREFERENCES = {
    "profile": {"default_content_setting_values": {"notifications": ALLOW}, "exit_type": "Normal"},
    "session": {"restore_on_startup": 5},
}
MILLISECONDS = 1000


class ChromiumTab:
    """One tab."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def go(self, url: str) -> None:
        await self._page.goto(url)

    async def run(self, script: str, *args: Any) -> Any:
        try:
            return await self._page.evaluate(f"async (args) => {{ {script} }}", list(args))
        except Error as error:
            raise BrowserError(error.message) from error

    async def press(self, selector: str) -> None:
        await self._page.click(selector)

    async def press_inside(self, frame: str, selector: str) -> None:
        element = self._page.frame_locator(frame).locator(selector)
        await element.wait_for()
        box = await element.bounding_box()
        assert box is not None, f"{selector} is not to be seen"
        await self._page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await self._page.mouse.down()
        released = asyncio.ensure_future(self._page.mouse.up())
        # A click that takes its own frame away may never be acknowledged.
        if not (await asyncio.wait({released}, timeout=5))[0]:
            released.cancel()

    async def run_inside(self, frame: str, script: str) -> Any:
        return await self._page.frame_locator(frame).locator("html").evaluate(f"() => {{ {script} }}")

    async def key(self, name: str) -> None:
        await self._page.keyboard.press(name)

    async def prefer(self, scheme: str) -> None:
        await self._page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")

    async def screenshot(self) -> bytes:
        return await self._page.screenshot()

    async def close(self) -> None:
        await self._page.close()


class Chromium:
    """One Chromium with the profile in `directory`."""

    name = "chromium"

    def __init__(self, binary: str, directory: Path, devpush: DevPush) -> None:
        self._binary = binary
        self._directory = directory
        self._profile = directory / "profile"
        self._pointers = chromium_switches(devpush.http_url, devpush.mcs_port, devpush.spki_sha256)
        self.desktop = NotificationDaemon(directory / "desktop")
        self._program: Program | None = None
        self._playwright: Playwright | None = None
        self._connection: Connection | None = None
        self._permissions: CDPSession | None = None
        self._devtools = ""

    async def start(self) -> None:
        preferences = self._profile / "Default" / "Preferences"
        if not preferences.exists():
            preferences.parent.mkdir(parents=True)
            preferences.write_text(json.dumps(PREFERENCES))
            await self.desktop.start()
        port_file = self._profile / "DevToolsActivePort"
        port_file.unlink(missing_ok=True)
        self._program = await Program.start(
            [self._binary, *SWITCHES, f"--user-data-dir={self._profile}", *self._pointers, "about:blank"],
            environment(self._directory, {"DBUS_SESSION_BUS_ADDRESS": self.desktop.address}),
            self._directory / "chromium.log",
        )
        port = await eventually(lambda: self._port(port_file), "Chromium to open its DevTools port", START)
        if self._playwright is None:
            self._playwright = await async_playwright().start()
        self._devtools = f"http://127.0.0.1:{port}"
        chromium = self._playwright.chromium
        self._connection = await chromium.connect_over_cdp(self._devtools, timeout=START * MILLISECONDS)
        self._context.set_default_timeout(ARRIVAL * MILLISECONDS)

    def _port(self, file: Path) -> int | None:
        assert self._program is not None
        assert self._program.running, f"Chromium ended with {self._program.returncode}:\n{self._program.tail()}"
        lines = file.read_text().split() if file.exists() else []
        return int(lines[0]) if len(lines) > 1 else None

    @property
    def _context(self) -> BrowserContext:
        assert self._connection is not None, "Chromium is not running"
        return self._connection.contexts[0]  # a new context would be off the record, and push is refused there

    async def quit(self) -> None:
        if self._program is None:
            return
        if self._connection is not None:
            session = await self._connection.new_browser_cdp_session()
            await session.send("Browser.close")
            await self._connection.close()
            self._connection = self._permissions = None
            await self._program.ended(within=30)
        await self._program.stop()
        self._program = None

    async def dispose(self) -> None:
        """Quit, and end the bus and the DevTools client too."""
        await self.quit()
        if self._playwright is not None:
            await self._playwright.stop()
            self._playwright = None
        await self.desktop.stop()

    async def open(self, url: str) -> ChromiumTab:
        page = await self._context.new_page()
        await page.goto(url)
        return ChromiumTab(page)

    async def opened(self, address: str) -> ChromiumTab:
        async def found() -> ChromiumTab | None:
            return next((ChromiumTab(page) for page in self._context.pages if page.url.startswith(address)), None)

        return await eventually(found, f"Chromium to open {address}", ARRIVAL)

    async def addresses(self) -> list[str]:
        return [page.url for page in self._context.pages]

    async def wait_until_in_front(self, url: str) -> None:
        async def in_front() -> bool:
            return await self._last_active() == url

        await eventually(in_front, f"{url} to come to the front of Chromium")

    async def _last_active(self) -> str:
        """Return the address of the tab in front: DevTools lists the last active one first.

        The pages themselves cannot be asked, for Playwright tells each of them that it is visible and has the focus.
        """
        async with httpx.AsyncClient(trust_env=False) as client:
            targets = (await client.get(f"{self._devtools}/json/list")).json()
        return next((target["url"] for target in targets if target["type"] == "page"), "")

    async def permit(self, origin: str, answer: str) -> None:
        assert self._connection is not None, "Chromium is not running"
        # Lasts as long as this session, which therefore stays open.
        self._permissions = self._permissions or await self._connection.new_browser_cdp_session()
        wanted = {"permission": {"name": "notifications"}, "setting": answer, "origin": origin}
        await self._permissions.send("Browser.setPermission", wanted)

    async def answer(self, wanted: str) -> None:
        raise BrowserError(f"headless Chromium asks nobody, so nobody can {wanted}")

    async def on_screen(self) -> list[OnScreen]:
        bubbles = self.desktop.bubbles.values()
        return [OnScreen(b.title, b.body, tuple(text for key, text in b.actions if key != "default")) for b in bubbles]

    async def click(self, title: str) -> None:
        await self.desktop.invoke(await self._bubble(title), "default")

    async def press_action(self, title: str, action: str) -> None:
        number = await self._bubble(title)
        keys = {text: key for key, text in self.desktop.bubbles[number].actions}
        await self.desktop.invoke(number, keys[action])

    async def dismiss(self, title: str) -> None:
        await self.desktop.dismiss(await self._bubble(title))

    async def _bubble(self, title: str) -> int:
        return await eventually(lambda: self.desktop.find(title), f"Chromium to show a bubble {title!r}", ARRIVAL)
