"""Structured logs that never hold an endpoint, token, key or payload in clear."""

import contextlib
import hashlib
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO, cast

import structlog

_SECRET_WORDS = (
    "endpoint",
    "token",
    "secret",
    "password",
    "p256dh",
    "auth",
    "private",
    "payload",
    "body",
    "authorization",
    "key",
)
_DETAIL = re.compile("^DETAIL:.*$", re.MULTILINE)
"""PostgreSQL quotes the row there that it refused, whatever it holds."""
_HARMLESS = frozenset(
    {"key_id", "vapid_key_id", "api_key_id", "dedupe_key", "endpoint_hash", "key_count", "token_hash"}
)


def short_hash(value: str | bytes) -> str:
    """Return 12 hexadecimal digits that stand for a value in a log: equal values look equal, nothing else is told."""
    data = value.encode() if isinstance(value, str) else value
    return hashlib.sha256(data).hexdigest()[:12]


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the value of every field whose name speaks of a secret by its short hash (a structlog processor)."""
    for name, value in event.items():
        if name in _HARMLESS or not isinstance(value, str | bytes):
            continue
        if name != "event" and any(word in name.lower() for word in _SECRET_WORDS):
            event[name] = f"#{short_hash(value)}"
    if isinstance(stack := event.get("exception"), str):
        event["exception"] = _DETAIL.sub("DETAIL: left out", stack)
    return event


class _Lines:
    """A text stream that may go away: a log that nobody reads any more must not stop the work."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with contextlib.suppress(OSError, ValueError):
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def configure(level: str = "info", *, json: bool = False) -> None:
    """Send logs at or above `level` to standard error, as coloured lines or as JSON."""
    renderer: Any = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Lines(sys.stderr))),
        cache_logger_on_first_use=False,
    )


def get_logger(name: str) -> Any:
    """Return a logger that stamps its lines with `name`."""
    # Not bind(): that would settle level, form and redaction at import, before configure() is called.
    return structlog.get_logger(component=name)
