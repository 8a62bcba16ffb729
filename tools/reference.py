"""Writes the pages of docs/reference that are made from the code; a test keeps them equal. Run by `make docs`."""
# ruff: noqa: INP001 - a script, no package

import inspect
import json
import re
from collections.abc import Mapping, Sequence
from enum import EnumType
from pathlib import Path
from typing import Any, get_args

import typer

from heliograph.api.event_examples import EVENT_EXAMPLES
from heliograph.checks import CHECKS
from heliograph.cli.app import build
from heliograph.conditions import CONDITIONS
from heliograph.conditions import schema as rule_schema
from heliograph.domain.endpoint import PushService
from heliograph.domain.event import EventFault
from heliograph.domain.segment import MAX_DEPTH, MAX_NODES, MAX_VALUES
from heliograph.domain.vocabulary import VOCABULARY
from heliograph.names import EVENTS, METRICS
from heliograph.providers.webpush import outcomes
from heliograph.settings import Settings, as_text, fields

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
_NOTE = "<!-- Written by `make docs`; change the code instead. -->\n\n"


def settings_page() -> str:
    """Return the page of all settings."""
    parts = [
        "# Settings\n\n",
        _NOTE,
        "Settings are environment variables. `heliograph settings` shows them as they stand, and their origin.\n",
        "A secret may be given as a file instead: `HELIOGRAPH_MASTER_KEY_FILE=/run/secrets/key`.\n",
        "An unknown variable that begins with `HELIOGRAPH_` is an error, so that a misspelt one is found.\n",
        "Traces are set up by OpenTelemetry's own variables: [trace](../howto/trace.md#settings).\n",
    ]
    defaults = Settings()
    for name, setting in fields():
        default = as_text(getattr(defaults, name))
        parts.append(f"\n## {setting.variable}\n\n{setting.help}\n\n")
        parts.append(f"* Form: {setting.form}\n* Default: {f'`{default}`' if default else 'none'}\n")
        if setting.is_secret:
            parts.append(f"* Secret: masked where it is shown; `{setting.variable}_FILE` names a file that holds it\n")
    return "".join(parts)


def cli_page() -> str:
    """Return the page of all commands."""
    root = typer.main.get_command(build())
    parts = ["# Command line\n\n", _NOTE, f"{_paragraphs(root.help)}\n"]
    context = root.make_context("heliograph", [], resilient_parsing=True)
    parts += _commands(root, context, "heliograph")
    return "".join(parts)


def _commands(group: Any, context: Any, path: str) -> list[str]:
    parts = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        parts.append(_section(command, f"{path} {name}"))
        if hasattr(command, "list_commands"):
            parts += _commands(command, context, f"{path} {name}")
    return parts


def _section(command: Any, path: str) -> str:
    rows = [_row(item) for item in command.params if item.name != "help"]
    table = f"\n| | |\n| --- | --- |\n{''.join(rows)}" if rows else ""
    return f"\n## {path}\n\n{_paragraphs(command.help)}\n{table}"


def _row(item: Any) -> str:
    is_argument = item.param_type_name == "argument"
    names = item.name.upper() if is_argument else ", ".join([*item.opts, *item.secondary_opts])
    default = "" if item.default in (None, False, "", ()) or callable(item.default) else f" Default: {item.default}."
    annotation = item.type_descriptor.annotation
    kinds = [kind for kind in (annotation, *get_args(annotation)) if isinstance(kind, EnumType)]
    choices = f" One of {', '.join(kinds[0])}." if kinds else ""
    required = " Required." if item.required else ""
    return f"| `{names}` | {item.help or ''}{choices}{default}{required} |\n"


def _paragraphs(text: str | None) -> str:
    """Join wrapped lines, and set examples as code."""
    paragraphs = [" ".join(part.split()) for part in (text or "").split("\n\n")]
    return "\n\n".join(
        f"    {part.removeprefix('Example: ')}" if part.startswith("Example: ") else part for part in paragraphs if part
    )


_METRICS_ABOUT = """Prometheus reads them at `/metrics`; [how to open it](../howto/operate.md#metrics) says who may.

Counters and histograms are of the process that answers: sum them over all processes. Gauges *of the installation* are
asked of the database and the same from every process: take the highest. `heliograph_host_breakers_open` is of the
process, too.

How many subscriptions there are is no metric, because it would have to be counted: ask a copy of the database.
"""


def metrics_page() -> str:
    """Return the page of all metrics."""
    rows = [
        f"| `{name}` | {info.kind} | {', '.join(f'`{label}`' for label in info.labels)} | {info.help} |\n"
        for name, info in METRICS.items()
    ]
    table = f"\n| name | kind | labels | |\n| --- | --- | --- | --- |\n{''.join(rows)}"
    return f"# Metrics\n\n{_NOTE}{_METRICS_ABOUT}{table}"


def push_services_page() -> str:
    """Return the page of what push services' answers mean."""
    services = [service for service in PushService if outcomes.SERVICE_STATUS[service]]
    parts = [
        "# Push services and their answers\n\n",
        _NOTE,
        "What the answer to a push message comes to. A service's own reason is looked up first, then its status,\n",
        "then the status that all share, then the status' class. What happens next:\n\n",
        "| outcome | the delivery | the subscription |\n| --- | --- | --- |\n",
        "| accepted | *accepted*: the push service took it, nobody has seen it yet | stays |\n",
        "| try later | *retrying*, until its time is over: then *expired* | stays |\n",
        "| throttled | likewise, a minute later at least | stays |\n",
        "| gone | *gone* | ends; one younger than two minutes is tried once more first |\n",
        "| rejected | *rejected*: this message can never go | stays |\n",
        "| refused | waits: our key was not accepted, and is paused after several refusals in a row | stays |\n",
        "\n## Every service\n\n",
        _meanings("status", outcomes.BY_STATUS),
        "\nAny other status:\n\n",
        _meanings("status", {f"{digit}xx": meaning for digit, meaning in outcomes.BY_CLASS.items()}),
    ]
    parts += [
        f"\n## {service.value}: statuses of its own\n\n{_meanings('status', outcomes.SERVICE_STATUS[service])}"
        for service in services
    ]
    parts += [
        f"\n## mozilla: `errno` in the answer\n\n{_meanings('errno', outcomes.MOZILLA_ERRNO)}",
        f"\n## apple: `reason` in the answer\n\n{_meanings('reason', outcomes.APPLE_REASON)}",
        f"\n## wns: the header `X-WNS-Status`\n\n{_meanings('value', outcomes.WNS_STATUS)}",
        f"\n## fcm: words in the answer\n\n{_meanings('words', dict(outcomes.FCM_TEXT))}",
    ]
    return "".join(parts)


_CHECKS_ABOUT = """What `heliograph site check` and `GET /v1/site/check` look at, and
[how to use them](../howto/check-your-site.md). A finding's identifier is the check's name, a dot, and what was found:
`ok`, `skipped`, or one of those in the last column.
"""
_FOUND = re.compile(r'say\.(warning|error)\(\s*"([a-z_]+)"')


def checks_page() -> str:
    """Return the page of all checks of a site."""
    rows = [f"# Checks of a site\n\n{_CHECKS_ABOUT}\n| check | question | can find |\n|---|---|---|"]
    for check in CHECKS:
        source = Path(inspect.getfile(type(check))).read_text(encoding="utf-8")
        found = ", ".join(f"`{name}` ({kind})" for kind, name in dict.fromkeys(_FOUND.findall(source)))
        rows.append(f"| `{check.name}` | {check.question} | {found} |")
    return "\n".join(rows) + "\n"


def _meanings(title: str, meanings: Mapping[Any, outcomes.Meaning]) -> str:
    rows = "".join(
        f"| {key} | {meaning.verdict.replace('_', ' ')} | {f'`{meaning.reason}`' if meaning.reason else ''} |\n"
        for key, meaning in meanings.items()
    )
    return f"| {title} | outcome | reason |\n| --- | --- | --- |\n{rows}"


_WEBHOOKS_ABOUT = """How to receive them, with a receiver that runs: [webhooks](../howto/webhooks.md).

A message is one `POST` with a JSON body, whose `data.events` holds one event or up to 500 of them:

    {"type": "batch", "timestamp": "2026-03-14T09:26:54Z", "data": {"project_id": "prj_…", "events": [
      {"id": "evt_…", "type": "delivery.clicked", "timestamp": "2026-03-14T09:26:53Z", "data": {…}}
    ]}}

Its headers are those of Standard Webhooks: `webhook-id` (the message, the same in every attempt), `webhook-timestamp`
(seconds, of this attempt) and `webhook-signature` (`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; two
with a space between while two secrets overlap).

* **At least once.** A message may come again. An event's `id` is the same then: what you have seen, skip.
* **Roughly in order.** What is written first is sent first; a message that failed comes later than those behind it.
* Any answer from 200 to 299 takes the message. Everything else, redirects and time-outs included, is tried again after
  5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h, each up to a quarter longer, or later if `Retry-After` asks for it. Then
  the message is *dead*, until it is replayed.
* `410` switches the webhook off at once, and so do three days without a single success. Nothing is written for a
  webhook that is off; what waited, waits.
* A receiver that fails is left alone for a second, two, four, up to a minute, whatever waits for it.
* No event holds the address of a browser, a key or a secret.
"""


_SEGMENTS_ABOUT = f"""A rule is one condition, as JSON: an object with its `kind`. The condition `combine` holds
others, so a rule is a tree, at most {MAX_DEPTH} levels deep and of at most {MAX_NODES} conditions, with {MAX_VALUES:,}
values in all its lists. A member that is not listed here is refused, and so is a value that can never hold; the answer
says where. [How to use segments](../howto/segments.md); as JSON Schema: `GET /v1/segments/schema`.

Values are compared honestly: a text is never a number, `true` is no number, capital letters count, and a missing
attribute equals nothing. A *day* is a text that begins with `YYYY-MM-DD` and either ends there or goes on with `T`; it
is compared as it is written. Numbers are within plus or minus 2 to the power of 53. The same things come to the same
answer on SQLite and on PostgreSQL, for one person and for a million.

Events and notifications are counted for as long as they are kept; where one person is asked about, the newest 10,000
of a name.
"""


def segments_page() -> str:
    """Return the page of all conditions."""
    document = rule_schema()["$defs"]
    parts = [f"# Rules of segments\n\n{_NOTE}{_SEGMENTS_ABOUT}"]
    for member in CONDITIONS:
        about, example = _paragraphs(inspect.getdoc(member)), json.dumps(member.example)
        parts.append(
            f"\n## {member.kind}\n\n{about}\n\n    {example}\n\n{_members(document[member.__name__], document)}"
        )
    parts.append("\n# Parts of rules\n")
    shared = {name: document[name] for name in ("Property", "Span", "Between", "Amount", "Ago")}
    for name, about in shared.items():
        parts.append(f"\n## {name}\n\n{_paragraphs(about['description'])}\n\n{_members(about, document)}")
    return "".join(parts)


def _members(about: dict[str, Any], document: dict[str, Any]) -> str:
    rows = []
    for name, member in about["properties"].items():
        if name != "kind":
            needed = " (needed)" if name in about.get("required", ()) else ""
            said = member.get("description") or _said(member.get("anyOf", ()))
            rows.append(f"| `{name}`{needed} | {_form(member, document)} | {said} |\n")
    return f"| member | form | |\n| --- | --- | --- |\n{''.join(rows)}"


def _said(forms: Sequence[dict[str, Any]]) -> str:
    return next((form["description"] for form in forms if "description" in form), "")


def _form(member: dict[str, Any], document: dict[str, Any]) -> str:
    """Return how a value is written, in words."""
    if "$ref" in member:
        name = member["$ref"].rpartition("/")[2]
        if "enum" in document[name]:
            return ", ".join(f"`{one}`" for one in document[name]["enum"])
        return "conditions" if name == "Condition" else f"[{name}](#{name.lower()})"
    if "anyOf" in member:
        forms = dict.fromkeys(_form(one, document) for one in member["anyOf"] if one.get("type") != "null")
        return ", or ".join(form for form in forms if form != "whole number" or "number" not in forms)
    if member.get("type") == "array":
        return "list of these" if "anyOf" in member["items"] else f"list of {_form(member['items'], document)}"
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` or `false`"}
    return words[member["type"]]


def webhooks_page() -> str:
    """Return the page of all events."""
    parts = [f"# Webhooks\n\n{_NOTE}{_WEBHOOKS_ABOUT}"]
    for kind, when in EVENTS.items():
        data = json.dumps(EVENT_EXAMPLES[kind], indent=2)
        parts.append(f"\n## {kind}\n\n{when}\n\n```json\n{data}\n```\n")
    return "".join(parts)


_EVENTS_ABOUT = """What people do, as `POST /v1/public/events` (pages) and `POST /v1/events` (your server) take it:
[how to tell it](../howto/track-events.md).

An event has `id` (the teller's own, 64 characters at most: the same one again is the same event), `name`, `at`
(RFC 3339) and `properties`. A name is 1 to 64 of `a-z`, `0-9`, `_`, `.` and `-` with a letter first. Those below are
understood: their properties must be of these kinds, others may stand beside them. Any other name is yours, with
whatever properties you like. Properties have at most 16,384 characters as JSON and five levels.
"""


def events_page() -> str:
    """Return the page of all known events of people."""
    parts = [f"# Events of people\n\n{_NOTE}{_EVENTS_ABOUT}"]
    for name, known in VOCABULARY.items():
        rows = "".join(
            f"| `{each.path}`{' (needed)' if each.is_needed else ''} | {each.kind} | {each.meaning} |\n"
            for each in known.properties
        )
        parts.append(f"\n## {name}\n\n{known.meaning}\n\n| property | form | |\n| --- | --- | --- |\n{rows}")
    why = "".join(f"| `{fault}` | {_FAULTS[fault]} |\n" for fault in EventFault)
    parts.append(
        "\n## Why an event is refused\n\nEach by itself: the others of its call are taken.\n\n"
        f"| code | |\n| --- | --- |\n{why}"
    )
    return "".join(parts)


_FAULTS = {
    EventFault.MALFORMED: "It is not of this form; `detail` says where.",
    EventFault.TOO_LARGE: "Its properties are too long, or nested too deeply.",
    EventFault.TOO_OLD: "It happened more than seven days ago.",
    EventFault.NOT_ALLOWED: "A page cannot tell this, or it needs a person and names none.",
}

PAGES = {
    "events.md": events_page,
    "settings.md": settings_page,
    "cli.md": cli_page,
    "push-services.md": push_services_page,
    "metrics.md": metrics_page,
    "checks.md": checks_page,
    "webhooks.md": webhooks_page,
    "segments.md": segments_page,
}

if __name__ == "__main__":
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for file, page in PAGES.items():
        (REFERENCE / file).write_text(page(), encoding="utf-8")
