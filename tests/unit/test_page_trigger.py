"""Page triggers: their form, what is wrong with some, and that the page knows the same ones."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from heliograph.domain.page_trigger import PAGE_TRIGGERS, PageTrigger, kind_of, may_hold, trigger_errors

ROOT = Path(__file__).parents[2]
TRIGGERS = ROOT / "web/sdk/src/triggers"
GOOD: list[dict[str, Any]] = [
    {"kind": "authorised", "is": True},
    {"kind": "first_visit", "is": False},
    {"kind": "page_views", "from": 2, "to": 4},
    {"kind": "products_viewed", "from": 1},
    {"kind": "entry_url", "mode": "contains", "value": "utm_source=mail"},
    {"kind": "current_url", "mode": "regex", "value": "/cart$", "exclude": True},
    {"kind": "visited_url", "mode": "regex", "value": "^https://[^/]+/sale"},
    {"kind": "leave_intent"},
    {"kind": "focus", "is": True},
    {"kind": "cart_count", "to": 3},
    {"kind": "cart_total", "from": 49.9},
    {"kind": "session_time", "from": 0.5},
    {"kind": "time_on_page", "from": 30, "to": 600},
    {"kind": "inactivity", "from": 60},
    {"kind": "utm", "source": "mail"},
    {"kind": "referrer", "contains": "search.example"},
    {"kind": "spot", "value": "footer"},
    {"kind": "mobile", "is": True},
    {"kind": "event", "name": "quiz-done"},
    {"kind": "cookie", "name": "consent"},
    {"kind": "incognito", "is": False},
    {"kind": "scroll", "from": 50},
]
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"kind": "page_views"}, ""),
    ({"kind": "page_views", "from": 4, "to": 2}, "/to"),
    ({"kind": "scroll"}, ""),
    ({"kind": "utm"}, ""),
    ({"kind": "current_url", "mode": "regex", "value": "(a+)+$"}, "/value"),
    ({"kind": "entry_url", "mode": "regex", "value": r"(a)\1"}, "/value"),
    ({"kind": "visited_url", "mode": "regex", "value": "(?<=a)b"}, "/value"),
]
MALFORMED: list[Any] = [
    {"kind": "moon_phase"},
    {"kind": "page_views", "form": 2},
    {"kind": "page_views", "from": "2"},
    {"kind": "page_views", "from": -1},
    {"kind": "scroll", "from": 120},
    {"kind": "current_url", "mode": "glob", "value": "/cart"},
    {"kind": "current_url", "mode": "contains", "value": ""},
    {"kind": "current_url", "mode": "contains", "value": "x" * 201},
    {"kind": "mobile", "is": 1},
    {"kind": "inactivity"},
    {"is": True},
    "leave_intent",
]


def read(spec: Any) -> PageTrigger:
    """Read a trigger as a body of the API is read."""
    return msgspec.json.decode(json.dumps(spec), type=PageTrigger)


@pytest.mark.parametrize("spec", GOOD, ids=lambda spec: str(spec["kind"]))
def test_a_trigger_goes_to_the_page_as_it_was_written(spec: dict[str, Any]) -> None:
    """Nothing is added, and nothing renamed."""
    trigger = read(spec)
    assert list(trigger_errors(trigger, "")) == []
    assert msgspec.to_builtins(trigger) == spec


def test_every_trigger_is_tried() -> None:
    """A new one needs an example above."""
    assert [spec["kind"] for spec in GOOD] == [kind_of(trigger) for trigger in PAGE_TRIGGERS]


@pytest.mark.parametrize(("spec", "pointer"), WRONG)
def test_what_is_wrong_with_it(spec: dict[str, Any], pointer: str) -> None:
    """The pointer leads to the place."""
    [error] = trigger_errors(read(spec), "/triggers/0/0")
    assert error.pointer == f"/triggers/0/0{pointer}"


@pytest.mark.parametrize("spec", MALFORMED)
def test_what_is_no_trigger(spec: Any) -> None:
    """Kinds, members and values that are not documented are refused."""
    with pytest.raises(msgspec.ValidationError):
        read(spec)


def test_the_page_knows_the_same_triggers() -> None:
    """One that is on one side alone would never hold, or never be asked for; members are read by their names there."""
    index = (TRIGGERS / "index.ts").read_text(encoding="utf-8")
    order = re.search(r"TRIGGERS[^=]*= \[([^\]]*)\]", index)
    assert order is not None
    sources = (path.read_text(encoding="utf-8") for path in TRIGGERS.glob("*.ts"))
    declared = re.compile(r"export const (\w+): Trigger = \{\s*kind: \"(\w+)\"")
    kinds = {name: kind for source in sources for name, kind in declared.findall(source)}
    listed = [kinds[name] for name in re.findall(r"\w+", order[1])]
    assert listed == [kind_of(trigger) for trigger in PAGE_TRIGGERS]


def test_what_the_server_can_tell() -> None:
    """A group is left out only where the address or the device rules it out for certain."""
    lamps = read({"kind": "current_url", "mode": "contains", "value": "/lamps"})
    elsewhere = read({"kind": "current_url", "mode": "contains", "value": "/lamps", "exclude": True})
    phone = read({"kind": "mobile", "is": True})
    later = read({"kind": "time_on_page", "from": 5})
    at = "https://shop.example/lamps/1"
    assert may_hold([], url=at, is_mobile=False)
    assert may_hold([[lamps, later]], url=at, is_mobile=False)
    assert not may_hold([[elsewhere, later]], url=at, is_mobile=False)
    assert not may_hold([[lamps, phone]], url=at, is_mobile=False)
    assert may_hold([[elsewhere], [later]], url=at, is_mobile=False)
    assert may_hold([[lamps]], url=None, is_mobile=False)
