"""Texts of the environment as values. A reader raises `ValueError` with the end of the sentence "<variable> …"."""

import re
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

_LAST_PORT = 65_535
_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")


def path(text: str) -> Path:
    """Read a path; `~` is somebody's home."""
    return Path(text).expanduser()


def optional_path(text: str) -> Path | None:
    """Read a path, for a setting that may be absent."""
    return path(text)


def integer(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers within bounds."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}.")
        return int(text)

    return parse


port = integer(1, _LAST_PORT)
"""Reads a port."""


def optional_port(text: str) -> int | None:
    """Read a port, for a setting that may be absent."""
    return port(text)


def one_of(kinds: type[StrEnum]) -> Callable[[str], Any]:
    """Return a reader of one word of a closed set."""

    def parse(text: str) -> StrEnum:
        try:
            return kinds(text.lower())
        except ValueError:
            raise ValueError(f"must be one of {', '.join(kinds)}.") from None

    return parse


def http_origin(text: str) -> str:
    """Read an address without a path."""
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise ValueError("must be an address without a path, such as https://push.example.com.")
    return f"{parts.scheme}://{parts.netloc}"


def optional_http_origin(text: str) -> str | None:
    """Read an address without a path, for a setting that may be absent."""
    return http_origin(text)


def http_origins(text: str) -> frozenset[str]:
    """Read addresses without a path, separated by commas."""
    return frozenset(http_origin(part.strip()).lower() for part in text.split(",") if part.strip())


def host_names(text: str) -> frozenset[str]:
    """Read host names separated by commas."""
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    for name in names:
        if not _HOST_NAME.fullmatch(name):
            raise ValueError(f"must be plain host names separated by commas, and {name!r} is none.")
    return frozenset(names)


def text(text: str) -> str:
    """Take a text as it is."""
    return text


def optional_text(text: str) -> str | None:
    """Take a text as it is, for a setting that may be absent."""
    return text


def optional_place(text: str) -> tuple[str, int] | None:
    """Read an address with a port, for a setting that may be absent."""
    host, _, number = text.rpartition(":")
    try:
        return host.strip("[]") or "127.0.0.1", port(number)
    except ValueError:
        raise ValueError("must be an address and a port, such as 127.0.0.1:9464.") from None
