"""What a test may ask of a browser, whichever it is; and which browsers this machine has.

Scripts are bodies of an asynchronous function; they run in the page, find their arguments in `args`, and return JSON.
"""

import os
import shutil
from dataclasses import dataclass
from typing import Any, Protocol

BINARIES = {
    "firefox": ("HELIOGRAPH_FIREFOX", ("firefox-esr", "firefox")),
    "chromium": ("HELIOGRAPH_CHROMIUM", ("chromium", "chromium-browser")),
}


@dataclass(frozen=True, slots=True)
class OnScreen:
    """A notification as the person sees it, outside the page."""

    title: str
    body: str
    actions: tuple[str, ...] = ()


INSECURE_HOST = "shop.test"
"""A name of loopback that browsers do not trust as they trust `localhost` (Secure Contexts, section 3.1)."""


class BrowserError(Exception):
    """The browser refused a command, or a script in the page threw."""


class Tab(Protocol):
    """One page in one tab."""

    async def go(self, url: str) -> None:
        """Load `url` and wait until it has loaded."""

    async def run(self, script: str, *args: Any) -> Any:
        """Run a script in the page and return its result."""

    async def press(self, selector: str) -> None:
        """Click an element as a person does: with a user gesture. Shadow trees are looked into."""

    async def press_inside(self, frame: str, selector: str) -> None:
        """Click an element within a frame."""

    async def run_inside(self, frame: str, script: str) -> Any:
        """Run the body of a function in a frame, where it may use no `await`."""

    async def key(self, name: str) -> None:
        """Press a key as a person does, wherever the focus is: "Tab", "Shift+Tab", "Escape", "Enter" or "Space"."""

    async def prefer(self, scheme: str) -> None:
        """Have the system's colours be "light" or "dark"."""

    async def screenshot(self) -> bytes:
        """Return what the page looks like as PNG."""

    async def close(self) -> None:
        """Close the tab."""


class Browser(Protocol):
    """One browser with one profile, which survives `quit`."""

    name: str

    async def start(self) -> None:
        """Start with the same profile as before and an empty tab; returns when it can be driven."""

    async def quit(self) -> None:
        """Close it as a person would, so that the profile is written."""

    async def dispose(self) -> None:
        """Quit, and end everything that only served to drive it."""

    async def open(self, url: str) -> Tab:
        """Open `url` in a new tab in front of the others."""

    async def opened(self, address: str) -> Tab:
        """Wait until there is a page whose address begins so, which another page has opened."""

    async def addresses(self) -> list[str]:
        """Return the addresses of all tabs."""

    async def wait_until_in_front(self, url: str) -> None:
        """Wait until the tab in front is one with this address."""

    async def permit(self, origin: str, answer: str) -> None:
        """Make the permission for notifications of an origin "granted", "denied" or "prompt"."""

    async def answer(self, wanted: str) -> None:
        """Wait for the browser's own question about notifications and say "allow" or "block"."""

    async def on_screen(self) -> list[OnScreen]:
        """Return the notifications that are to be seen now."""

    async def click(self, title: str) -> None:
        """Wait for the notification with this title and click it."""

    async def press_action(self, title: str, action: str) -> None:
        """Wait for the notification and press its button with the text `action`."""

    async def dismiss(self, title: str) -> None:
        """Wait for the notification and wave it away."""


def binary(name: str) -> str | None:
    """Return the path of the browser `name`, or None when this machine has none."""
    variable, candidates = BINARIES[name]
    chosen = os.environ.get(variable)
    if chosen is not None:
        return shutil.which(chosen)
    return next((path for path in map(shutil.which, candidates) if path), None)


def missing() -> dict[str, str]:
    """Return for each browser that cannot be driven here the one-sentence reason."""
    reasons = {name: f"no {' or '.join(BINARIES[name][1])} on this machine" for name in BINARIES if not binary(name)}
    if "chromium" not in reasons and not shutil.which("dbus-daemon"):
        reasons["chromium"] = "no dbus-daemon on this machine, so nothing could click Chromium's notifications"
    return reasons
