"""The desktop's half of a notification: a private D-Bus session bus with a notification server that a test can click.

Implements the Desktop Notifications Specification 1.2 as far as Chromium uses it: Notify, CloseNotification,
GetCapabilities, GetServerInformation, and the signals ActionInvoked and NotificationClosed.
"""

import asyncio
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbus_fast import Message, MessageType, RequestNameReply
from dbus_fast.aio import MessageBus
from tests.browser.support.processes import Program, environment
from tests.browser.support.waiting import START, eventually

NAME = "org.freedesktop.Notifications"
PATH = "/org/freedesktop/Notifications"
CLOSED_BY_PERSON = 2
CLOSED_BY_APPLICATION = 3
CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


@dataclass(frozen=True, slots=True)
class Bubble:
    """One notification as the desktop was asked to draw it; `actions` maps keys to button texts, in order."""

    title: str
    body: str
    actions: tuple[tuple[str, str], ...]


class NotificationDaemon:
    """A bus in `directory` with a notification server on it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._socket = directory / "bus"
        self._ids = itertools.count(1)
        self.bubbles: dict[int, Bubble] = {}
        self._program: Program | None = None
        self._bus: MessageBus | None = None

    @property
    def address(self) -> str:
        """The value of DBUS_SESSION_BUS_ADDRESS for whoever shall be on this bus."""
        return f"unix:path={self._socket}"

    async def start(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        configuration = self._directory / "bus.conf"
        configuration.write_text(CONFIGURATION.format(socket=self._socket))
        self._program = await Program.start(
            ["dbus-daemon", "--nofork", "--nopidfile", f"--config-file={configuration}"],
            environment(self._directory, {}),
            self._directory / "dbus.log",
        )
        await eventually(self._socket.exists, "dbus-daemon to open its socket", START)
        self._bus = await MessageBus(bus_address=self.address).connect()
        self._bus.add_message_handler(self._answer)
        reply = await self._bus.request_name(NAME)
        assert reply is RequestNameReply.PRIMARY_OWNER, reply

    async def stop(self) -> None:
        if self._bus is not None:
            self._bus.disconnect()
            await self._bus.wait_for_disconnect()
            self._bus = None
        if self._program is not None:
            await self._program.stop()
            self._program = None

    def find(self, title: str) -> int | None:
        """Return the number of the newest bubble with this title."""
        return next((number for number in reversed(self.bubbles) if self.bubbles[number].title == title), None)

    async def invoke(self, number: int, key: str) -> None:
        """Click the bubble (`default`) or one of its buttons; as desktops do, that also closes it."""
        await self._signal("ActionInvoked", "us", [number, key])
        await self._close(number, CLOSED_BY_PERSON)

    async def dismiss(self, number: int) -> None:
        """Wave the bubble away."""
        await self._close(number, CLOSED_BY_PERSON)

    async def _close(self, number: int, reason: int) -> None:
        if self.bubbles.pop(number, None) is not None:
            await self._signal("NotificationClosed", "uu", [number, reason])

    async def _signal(self, member: str, signature: str, body: list[Any]) -> None:
        assert self._bus is not None
        await self._bus.send(Message.new_signal(PATH, NAME, member, signature, body))

    def _answer(self, message: Message) -> Message | None:
        if message.message_type is not MessageType.METHOD_CALL or message.interface != NAME:
            return None
        match message.member:
            case "GetCapabilities":
                return Message.new_method_return(message, "as", [["actions", "body", "persistence"]])
            case "GetServerInformation":
                return Message.new_method_return(message, "ssss", ["heliograph tests", "heliograph", "1", "1.2"])
            case "Notify":
                return Message.new_method_return(message, "u", [self._notify(*message.body)])
            case "CloseNotification":
                closing = asyncio.ensure_future(self._close(message.body[0], CLOSED_BY_APPLICATION))
                closing.add_done_callback(lambda done: done.exception())
                return Message.new_method_return(message)
            case _:
                return None

    def _notify(
        self,
        _application: str,
        replaced: int,
        _icon: str,
        title: str,
        body: str,
        actions: list[str],
        _hints: dict[str, Any],
        _timeout: int,
    ) -> int:
        number = replaced or next(self._ids)
        self.bubbles[number] = Bubble(title, body, tuple(zip(actions[::2], actions[1::2], strict=True)))
        return number
