"""`heliograph site` on an installation of its own, about a real local site."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.cli.conftest import Run
from tests.support.sites import Answer, serve

from heliograph.cli.exits import Exit


@pytest.fixture
def shop() -> Iterator[str]:
    """The origin of a site that says little."""
    started: list[str] = []
    is_up, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def run() -> None:
        async with serve({"/": Answer(b"<title>Shop</title>")}) as origin:
            started.append(origin)
            is_up.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    is_up.wait(10)
    yield started[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


def test_a_site_is_looked_at(run: Run, project: dict[str, Any], shop: str) -> None:
    """Every finding is told with its subject; an error is in the exit status."""
    ran = run("site", "check", shop, "--inside", "--json")
    found = {finding["id"]: finding for finding in ran.json()["findings"]}
    assert ran.status == Exit.FAILED
    assert ran.json()["ok"] is False
    assert found["origin.unlisted"]["subject"] == shop
    assert "reachable.ok" in found
    shown = run("site", "check", shop, "--inside")
    assert shop in shown.out
    assert "origin.unlisted" in shown.out
    assert "→ Add it" in shown.out


def test_addresses_inside_are_asked_for_by_name(run: Run, project: dict[str, Any], shop: str) -> None:
    """Without --inside, nobody is led into the operator's network."""
    found = {finding["id"] for finding in run("site", "check", shop, "--json").json()["findings"]}
    assert "reachable.inside" in found


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("ftp://shop.example",), "whole address"),
        (("shop.example",), "whole address"),
        (("https://user@shop.example/",), "whole address"),
        (("https://shop.example/", "--resolver", "dns.example"), "is not a resolver"),
    ],
)
def test_what_cannot_be_looked_at(run: Run, project: dict[str, Any], arguments: tuple[str, ...], sentence: str) -> None:
    """One sentence says what to write instead."""
    ran = run("site", "check", *arguments)
    assert ran.status != 0
    assert sentence in ran.err


def test_the_kit_is_what_a_right_site_has(run: Run, project: dict[str, Any], tmp_path: Path) -> None:
    """The files are written as they belong into the root; the tag has the project's own key."""
    root = tmp_path / "root"
    made = run("site", "kit", "--out", str(root), "--push-host", "push.shop.example", "--json").json()
    assert f'data-key="{project["publishable_key"]}"' in made["script_tag"]
    assert {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} == {
        "manifest.json",
        "push/heliograph-worker.js",
    }
    worker = (root / "push/heliograph-worker.js").read_text()
    assert worker == 'importScripts("https://push.shop.example/sdk/v1/worker.js");\n'
    assert msgspec.json.decode((root / "manifest.json").read_bytes())["display"] == "standalone"
    shown = run("site", "kit", "--push-host", "push.shop.example").out
    assert "push.shop.example. CNAME localhost." in shown
    assert made["script_tag"] in shown


def test_the_window_is_set_up(run: Run, project: dict[str, Any]) -> None:
    """Where it is stays until it is changed; the kit and the checks know it from then on."""
    assert run("site", "window").status == Exit.FAILED
    made = run("site", "window", "--push-host", "push.shop.example", "--opener", "http://shop.example", "--json").json()
    assert made == {"push_host": "push.shop.example", "openers": ["http://shop.example"]}
    changed = run("site", "window", "--opener", "http://m.shop.example", "--json").json()
    assert changed == {"push_host": "push.shop.example", "openers": ["http://m.shop.example"]}
    assert run("site", "window", "--push-host", "push.shop.example", "--json").json() == changed
    assert "https://push.shop.example" in run("site", "window").out
    assert run("site", "kit", "--json").json()["record"]["name"] == "push.shop.example"
    assert run("site", "window", "--remove").status == Exit.OK
    assert run("site", "kit", "--json").json()["record"] is None
