"""A Heliograph as an operator runs it: the process `heliograph up` on an empty data directory, and its admin API."""

import re
import shutil
import socket
import sqlite3
import sys
from pathlib import Path
from typing import Any

import httpx
from tests.browser.support.processes import Program, environment
from tests.browser.support.waiting import ARRIVAL, START, eventually

from heliograph.devpush import DevPush

CONTACT = "mailto:push@heliograph.example.com"
INSTALLATION_KEY = re.compile(r"Installation key\s+(hsk_[A-Za-z0-9_-]{43})")
DATABASE = "heliograph.sqlite3"
PREFIX = "HELIOGRAPH_"


class Heliograph:
    """One installation in `directory`; it keeps its port and its data over a restart."""

    def __init__(self, directory: Path, devpush: DevPush) -> None:
        self._directory = directory
        self._data = directory / "data"
        self._devpush = devpush
        self._port = 0
        self._key = ""
        self._program: Program | None = None
        self._client = httpx.AsyncClient(trust_env=False, timeout=ARRIVAL)

    @property
    def url(self) -> str:
        return f"http://localhost:{self._port}"

    async def start(self) -> None:
        """Start it and wait until it serves."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._port = self._port or _free_port()
        command = [sys.executable, "-m", "heliograph", "up", "--port", str(self._port), "--contact", CONTACT]
        log = self._directory / "heliograph.log"
        self._program = await Program.start(command, self._environment(), log)
        await eventually(self._serves, lambda: f"Heliograph to serve; it says:\n{self._tail()}", START)
        found = INSTALLATION_KEY.search(log.read_text())
        assert found, f"no installation key in what the first start says:\n{self._tail()}"
        self._key = found[1]

    def _environment(self) -> dict[str, str]:
        ours = {
            "HELIOGRAPH_DATA_DIR": str(self._data),
            "HELIOGRAPH_DEVPUSH_URL": self._devpush.http_url,
            "HELIOGRAPH_DEVPUSH_TLS_PORT": str(self._devpush.tls_port),
            "HELIOGRAPH_DEVPUSH_CA_FILE": str(self._devpush.ca_file),
            "COLUMNS": "200",
        }
        inherited = environment(self._directory, {})
        return {name: value for name, value in inherited.items() if not name.startswith(PREFIX)} | ours

    async def _serves(self) -> bool:
        assert self._program is not None
        assert self._program.running, f"Heliograph ended with {self._program.returncode}:\n{self._tail()}"
        try:
            answer = await self._client.get(f"{self.url}/health/ready")
        except httpx.TransportError:
            return False
        return answer.status_code == httpx.codes.OK

    def _tail(self) -> str:
        return self._program.tail() if self._program else "(not started)"

    async def stop(self) -> None:
        """Stop it as an operator does, with SIGTERM."""
        if self._program is not None:
            await self._program.stop(within=40)
            self._program = None

    async def dispose(self) -> None:
        await self.stop()
        await self._client.aclose()

    async def ask(self, method: str, path: str, body: Any = None, *, key: str = "", project: str = "") -> Any:
        """Use the admin API and return the answer's JSON."""
        headers = {"Authorization": f"Bearer {key or self._key}"}
        if project:
            headers["Heliograph-Project"] = project
        answer = await self._client.request(method, f"{self.url}{path}", json=body, headers=headers)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def keep_up(self) -> None:
        """Do a round of upkeep now, as an operator does who does not wait for the clock."""
        log = self._directory / "upkeep.log"
        program = await Program.start(
            [sys.executable, "-m", "heliograph", "worker", "--once"], self._environment(), log
        )
        assert await program.ended(within=START), f"the upkeep does not end:\n{program.tail()}"
        assert program.returncode == 0, program.tail()

    # what an operator may do to the data directory

    def back_up(self) -> Path:
        """Copy the database, while it is in use."""
        copy = self._directory / "backup.sqlite3"
        copy.unlink(missing_ok=True)
        with sqlite3.connect(self._data / DATABASE) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        source.close()
        target.close()
        return copy

    async def restore(self, copy: Path) -> None:
        """Stop, put an older database in place, start again."""
        await self.stop()
        for leftover in self._data.glob(f"{DATABASE}*"):
            leftover.unlink()
        shutil.copyfile(copy, self._data / DATABASE)
        await self.start()

    def execute(self, statement: str, *values: Any) -> None:
        """Change the database from outside."""
        connection = sqlite3.connect(self._data / DATABASE, timeout=ARRIVAL)
        with connection:
            connection.execute(statement, values)
        connection.close()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
