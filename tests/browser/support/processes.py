"""Programs that the tests start: each in its own process group, with its output in a file, none of them left behind."""

import asyncio
import contextlib
import os
import signal
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

MARK = "BROWSER_TEST_RUN"
RUN = uuid.uuid4().hex
NOT_INHERITED = (
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
    "http_proxy",
    "https_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "all_proxy",
)


def environment(home: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with its own home, without display, bus or proxy, and marked as ours."""
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    own = {"HOME": str(home), "TMPDIR": str(home), "XDG_CONFIG_HOME": str(home / ".config"), MARK: RUN}
    return {**inherited, **own, "XDG_CACHE_HOME": str(home / ".cache"), **extra}


class Program:
    """One running program; `stop` ends its whole process group."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self.log = log

    @classmethod
    async def start(cls, command: Sequence[str], env: Mapping[str, str], log: Path) -> "Program":
        """Start `command` with its output appended to `log`."""
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *command,
                env=dict(env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        return cls(process, log)

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    @property
    def returncode(self) -> int | None:
        return self._process.returncode

    async def ended(self, within: float) -> bool:
        """Wait for the program to end by itself."""
        try:
            await asyncio.wait_for(self._process.wait(), within)
        except TimeoutError:
            return False
        return True

    async def stop(self, within: float = 15.0) -> None:
        """Ask politely, then insist, then see to the rest of the group."""
        self._signal(signal.SIGTERM)
        await self.ended(within)
        await self.kill()

    async def kill(self) -> None:
        """End the whole group at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self.running:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    def tail(self, count: int = 30) -> str:
        """Return the last lines of the output, for an error message."""
        if not self.log.exists():
            return "(no output)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


def end_stragglers() -> list[str]:
    """End what still carries this run's mark (a helper that left its group), and return the command lines."""
    if not sys.platform.startswith("linux"):
        return []
    found = {pid: _command(pid) for pid in _marked()}
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while _marked() and time.monotonic() < deadline:
        time.sleep(0.02)
    return list(found.values())


def _marked() -> list[int]:
    mark = f"{MARK}={RUN}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "(gone)"
