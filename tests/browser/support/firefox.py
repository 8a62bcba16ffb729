"""Drives Debian's Firefox, headless, through Marionette.

Its notifications are alert windows that it draws itself (no D-Bus), so the person's click is a click in such a window.
"""

import base64
import contextlib
import json
from pathlib import Path
from typing import Any

from tests.browser.support.driver import INSECURE_HOST, BrowserError, OnScreen
from tests.browser.support.marionette import Marionette
from tests.browser.support.processes import Program, environment
from tests.browser.support.waiting import ARRIVAL, START, eventually

from heliograph.devpush import DevPush, firefox_prefs

NOT_THERE = "http://127.0.0.1:1/"
PREFERENCES: dict[str, bool | int | str] = {
    # Otherwise Marionette switches the push connection off.
    "remote.prefs.recommended": False,
    "permissions.default.desktop-notification": 1,
    # Alert windows of its own: showNotification() would wait for ever on a D-Bus that is not there.
    "alerts.useSystemBackend": False,
    "ui.prefersReducedMotion": 1,
    # A tab that a notification opens comes to the front at once, as for a person.
    "browser.tabs.loadDivertedInBackground": False,
    # Nothing but loopback, and no first-run pages.
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.dns.localDomains": INSECURE_HOST,
    "network.http.speculative-parallel-limit": 0,
    "network.prefetch-next": False,
    "network.proxy.type": 0,
    "network.trr.mode": 5,
    "app.normandy.enabled": False,
    "app.shield.optoutstudies.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.aboutwelcome.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.region.network.url": "",
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.safebrowsing.update.enabled": False,
    "browser.search.update": False,
    "browser.sessionstore.resume_from_crash": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage": "about:blank",
    "browser.startup.homepage_override.mstone": "ignore",
    "browser.startup.page": 0,
    "browser.topsites.contile.enabled": False,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.getAddons.cache.enabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "startup.homepage_welcome_url": "about:blank",
    "termsofuse.bypassNotification": True,
    "toolkit.startup.max_resumed_crashes": -1,
    "toolkit.telemetry.server": NOT_THERE,
    "marionette.port": 0,
}

ALERTS = """
const alerts = [...Services.wm.getEnumerator("alert:alert")].filter((w) => !w.closed && w.gIsActive);
const part = (w, id) => w.document.getElementById(id);
const titled = (title) => alerts.find((w) => part(w, "alertTitleLabel").getAttribute("value") === title);
"""
ON_SCREEN = (
    ALERTS + "return alerts.map((w) => [part(w, 'alertTitleLabel').value, part(w, 'alertTextLabel').textContent]);"
)
CLICK = ALERTS + "const w = titled(args[0]); if (!w) return false; part(w, 'alertBox').click(); return true;"
DISMISS = ALERTS + "const w = titled(args[0]); if (!w) return false; part(w, 'alert-close').doCommand(); return true;"
BROWSERS = """
const window_ = Services.wm.getMostRecentWindow("navigator:browser");
const address = (b) => b.currentURI.spec;
"""
ADDRESSES = (
    BROWSERS
    + """
const all = [...Services.wm.getEnumerator("navigator:browser")].filter((w) => !w.closed && w.gBrowser);
return all.flatMap((w) => w.gBrowser.browsers.map(address));
"""
)
FRONT = BROWSERS + "return address(window_.gBrowser.selectedBrowser);"
# subscribe() before the push service runs is never answered (the message finds no listener), so a start is complete
# only when its state is "running" (5) or "waiting for the network" (4).
PUSH_RUNS = """
const { PushService } = ChromeUtils.importESModule("resource://gre/modules/PushService.sys.mjs");
return PushService._state >= 4;
"""


FIND = """
const find = (root) => {
  const found = root.querySelector(arguments[0]);
  if (found) return found;
  for (const element of root.querySelectorAll("heliograph-prompt")) {
    const inside = element.shadowRoot && find(element.shadowRoot);
    if (inside) return inside;
  }
  return null;
};
return find(document);
"""
KEYS = {"Tab": "\ue004", "Shift": "\ue008", "Escape": "\ue00c", "Enter": "\ue007", "Space": " "}
PREFER = "Services.prefs.setIntPref('layout.css.prefers-color-scheme.content-override', args[0]); return true;"
PERMIT = """
const principal = Services.scriptSecurityManager.createContentPrincipalFromOrigin(args[0]);
const { ALLOW_ACTION, DENY_ACTION, PROMPT_ACTION } = Services.perms;
const action = { granted: ALLOW_ACTION, denied: DENY_ACTION, prompt: PROMPT_ACTION }[args[1]];
Services.perms.addFromPrincipal(principal, "desktop-notification", action);
return true;
"""
# The buttons of the question at the address bar.
ANSWER = """
const { PopupNotifications } = Services.wm.getMostRecentWindow("navigator:browser");
const asked = PopupNotifications.getNotification("web-notifications");
if (!asked) return false;
const action = args[0] === "allow" ? asked.mainAction : asked.secondaryActions[0];
action.callback({ source: "button", checkboxChecked: false });
PopupNotifications.remove(asked);
return true;
"""


class FirefoxTab:
    """One tab, by its window handle."""

    def __init__(self, marionette: Marionette, handle: str) -> None:
        self._marionette = marionette
        self._handle = handle

    async def _command(self, name: str, parameters: dict[str, Any] | None = None) -> Any:
        await self._marionette.command("WebDriver:SwitchToWindow", {"handle": self._handle, "focus": False})
        return await self._marionette.command(name, parameters)

    async def go(self, url: str) -> None:
        await self._command("WebDriver:Navigate", {"url": url})

    async def address(self) -> str:
        return str((await self._command("WebDriver:GetCurrentURL"))["value"])

    async def run(self, script: str, *args: Any) -> Any:
        await self._marionette.command("WebDriver:SwitchToWindow", {"handle": self._handle, "focus": False})
        return await self._marionette.run(script, args, chrome=False)

    async def press(self, selector: str) -> None:
        await self._marionette.command("WebDriver:ElementClick", {"id": await self._find(selector)})

    async def _find(self, selector: str) -> str:
        """Return the reference of an element of the page or of a shadow tree in it."""
        await self._marionette.command("WebDriver:SwitchToWindow", {"handle": self._handle, "focus": False})
        return await self._wait_for(selector)

    async def _wait_for(self, selector: str) -> str:
        search = {"script": FIND, "args": [selector]}

        async def found() -> str | None:
            value = (await self._marionette.command("WebDriver:ExecuteScript", search))["value"]
            return next(iter(value.values())) if value else None

        return await eventually(found, f"an element {selector}")

    async def press_inside(self, frame: str, selector: str) -> None:
        await self._enter(frame)
        await self._marionette.command("WebDriver:ElementClick", {"id": await self._wait_for(selector)})
        await self._leave()

    async def run_inside(self, frame: str, script: str) -> Any:
        await self._enter(frame)
        answer = await self._marionette.command("WebDriver:ExecuteScript", {"script": script, "args": []})
        await self._leave()
        return answer["value"]

    async def _enter(self, frame: str) -> None:
        element = await self._find(frame)
        await self._marionette.command("WebDriver:SwitchToFrame", {"element": element})

    async def _leave(self) -> None:
        await self._marionette.command("WebDriver:SwitchToFrame", {"id": None})

    async def key(self, name: str) -> None:
        keys = [KEYS[part] for part in name.split("+")]
        down = [{"type": "keyDown", "value": value} for value in keys]
        up = [{"type": "keyUp", "value": value} for value in reversed(keys)]
        await self._command("WebDriver:PerformActions", {"actions": [{"type": "key", "id": "k", "actions": down + up}]})

    async def prefer(self, scheme: str) -> None:
        await self._marionette.run(PREFER, (0 if scheme == "dark" else 1,), chrome=True)

    async def screenshot(self) -> bytes:
        answer = await self._command("WebDriver:TakeScreenshot", {"full": False, "hash": False})
        return base64.b64decode(answer["value"])

    async def close(self) -> None:
        await self._command("WebDriver:CloseWindow")


class Firefox:
    """One Firefox with the profile in `directory`."""

    name = "firefox"

    def __init__(self, binary: str, directory: Path, devpush: DevPush) -> None:
        self._binary = binary
        self._directory = directory
        self._profile = directory / "profile"
        self._preferences = {**PREFERENCES, **firefox_prefs(devpush.ws_url)}
        self._program: Program | None = None
        self._client: Marionette | None = None
        self._first_tab: dict[str, str] = {}

    @property
    def _marionette(self) -> Marionette:
        assert self._client is not None, "Firefox is not running"
        return self._client

    async def start(self) -> None:
        self._profile.mkdir(parents=True, exist_ok=True)
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in self._preferences.items())
        (self._profile / "user.js").write_text("".join(lines))
        port_file = self._profile / "MarionetteActivePort"
        port_file.unlink(missing_ok=True)
        self._program = await Program.start(
            [
                self._binary,
                "--headless",
                "--no-remote",
                "--profile",
                str(self._profile),
                "--marionette",
                "--remote-allow-system-access",
                "about:blank",
            ],
            environment(self._directory, {"MOZ_HEADLESS": "1", "MOZ_CRASHREPORTER_DISABLE": "1"}),
            self._directory / "firefox.log",
        )
        port = await eventually(lambda: self._port(port_file), "Firefox to open Marionette", START)
        self._client = await Marionette.connect(port)
        self._first_tab = await self._client.command("WebDriver:GetWindowHandle")
        await eventually(lambda: self._in_firefox(PUSH_RUNS), "Firefox to start its push service", START)

    def _port(self, file: Path) -> int | None:
        assert self._program is not None
        assert self._program.running, f"Firefox ended with {self._program.returncode}:\n{self._program.tail()}"
        text = file.read_text().strip() if file.exists() else ""
        return int(text) if text else None

    async def quit(self) -> None:
        if self._program is None:
            return
        if self._client is not None:
            await self._client.quit()
            self._client = None
            await self._program.ended(within=30)
        await self._program.stop()
        self._program = None

    async def dispose(self) -> None:
        await self.quit()

    async def open(self, url: str) -> FirefoxTab:
        await self._leave_closed()
        opened = await self._marionette.command("WebDriver:NewWindow", {"type": "tab", "focus": True})
        tab = FirefoxTab(self._marionette, opened["handle"])
        await tab.go(url)
        return tab

    async def open_private(self, url: str) -> FirefoxTab:
        """Open `url` in a private window, which keeps nothing."""
        opened = await self._marionette.command("WebDriver:NewWindow", {"type": "window", "private": True})
        tab = FirefoxTab(self._marionette, opened["handle"])
        await tab.go(url)
        return tab

    async def opened(self, address: str) -> FirefoxTab:
        async def found() -> FirefoxTab | None:
            for handle in await self._marionette.command("WebDriver:GetWindowHandles"):
                tab = FirefoxTab(self._marionette, handle)
                # Meanwhile one may close, or still be on its way there.
                with contextlib.suppress(BrowserError):
                    is_there = (await tab.address()).startswith(address)
                    if is_there and await tab.run("return document.readyState === 'complete';"):
                        return tab
            return None

        return await eventually(found, f"Firefox to open {address}", ARRIVAL)

    async def addresses(self) -> list[str]:
        return list(await self._in_firefox(ADDRESSES))

    async def wait_until_in_front(self, url: str) -> None:
        async def in_front() -> bool:
            return bool(await self._in_firefox(FRONT) == url)

        await eventually(in_front, f"{url} to come to the front of Firefox")

    async def permit(self, origin: str, answer: str) -> None:
        await self._in_firefox(PERMIT, origin, answer)

    async def answer(self, wanted: str) -> None:
        await eventually(lambda: self._in_firefox(ANSWER, wanted), "Firefox to ask about notifications", ARRIVAL)

    async def on_screen(self) -> list[OnScreen]:
        return [OnScreen(title, body) for title, body in await self._in_firefox(ON_SCREEN)]

    async def click(self, title: str) -> None:
        await self._with_alert(title, CLICK)

    async def dismiss(self, title: str) -> None:
        await self._with_alert(title, DISMISS)

    async def press_action(self, title: str, action: str) -> None:
        raise BrowserError(f"Firefox draws no button {action} on its own alert {title}")

    async def _with_alert(self, title: str, script: str) -> Any:
        return await eventually(lambda: self._in_firefox(script, title), f"Firefox to show an alert {title!r}", ARRIVAL)

    async def _in_firefox(self, script: str, *args: Any) -> Any:
        await self._leave_closed()
        return await self._marionette.run(script, args, chrome=True)

    async def _leave_closed(self) -> None:
        """Turn to a tab that is there: the last command's may be closed, and no command works in a closed tab."""
        await self._marionette.command("WebDriver:SwitchToWindow", {"handle": self._first_tab["value"], "focus": False})
