"""Text as HTML for the reference page: sentences with `code`, coloured JSON and shell. Everything is escaped."""

import re
from typing import Any

import msgspec
from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`]+)`")
_JSON = re.compile(
    r'(?P<name>"(?:[^"\\]|\\.)*")(?=\s*:)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<word>\b(?:true|false|null)\b|-?\b\d[\d.eE+-]*)'
)
_SHELL = re.compile(r"(?P<command>^curl)|(?P<flag>(?<=\s)-{1,2}[A-Za-z-]+)|(?P<text>\"[^\"]*\")", re.MULTILINE)
_PLACE = re.compile(r"\{([^}]+)\}")


def prose(text: str) -> Markup:
    """Return paragraphs, with what stands between backticks as code."""
    paragraphs = [re.sub(r"\s+", " ", part).strip() for part in text.strip().split("\n\n")]
    return Markup("").join(Markup("<p>{}</p>").format(_coded(part)) for part in paragraphs if part)


def _coded(text: str) -> Markup:
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped just before


def json(value: Any) -> Markup:
    """Return a value as indented, coloured JSON."""
    return _coloured(_JSON, msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def shell(text: str) -> Markup:
    """Return a command, coloured."""
    head, quote, body = text.partition(" -d '")
    return _coloured(_SHELL, head) + (Markup(" -d '") + _coloured(_JSON, body[:-1]) + "'" if quote else "")


def path(text: str) -> Markup:
    """Return an address with its parameters marked."""
    return Markup(_PLACE.sub(r"<var>{\1}</var>", str(escape(text))))  # noqa: S704 - escaped just before


def _coloured(pattern: re.Pattern[str], text: str) -> Markup:
    pieces: list[Markup] = []
    end = 0
    for match in pattern.finditer(text):
        pieces.append(escape(text[end : match.start()]))
        pieces.append(Markup('<span class="{}">{}</span>').format(match.lastgroup, match[0]))
        end = match.end()
    pieces.append(escape(text[end:]))
    return Markup("").join(pieces)
