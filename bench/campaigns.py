"""How many page views `POST /v1/public/campaigns` answers, and how fast, beside 100 campaigns and a million people.

    .venv/bin/python -m bench.campaigns [--people 1000000] [--seconds 10] [--only sqlite] [--write]

A real server (`heliograph serve`, one process) is called over HTTP by `bench/load.py` in a process of its own. First
everybody asks again at once, which gives the requests per second; then page views come at half of that rate, by
themselves, which gives the times that a page waits. Prints a table; `--write` puts it into `bench/RESULTS.md` too.
"""

import argparse
import asyncio
import hashlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from bench.results import machine, say, table, write_section
from sqlalchemy import insert
from tests.support.environment import clean_environment
from tests.support.postgres import running_postgres

from heliograph.actions import projects
from heliograph.actions.projects import CreatedProject
from heliograph.bootstrap import build
from heliograph.protocols import base64url
from heliograph.settings import Settings
from heliograph.storage.migrate import migrate
from heliograph.storage.tables import campaigns

CAMPAIGNS = 100
ORIGIN = "https://shop.example"
_PORT = 18_970
_KEY = bytes(range(32))
_HERE = Path(__file__).parent
_HELIOGRAPH = Path(sys.executable).parent / "heliograph"
_RULES: list[dict[str, Any]] = [
    {"kind": "attribute", "name": "plan", "is": "eq", "value": "pro"},
    {"kind": "event_count", "name": "item_view", "from": 2, "within": {"days": 30}},
    {"kind": "event_count", "name": "order", "to": 0},
    {"kind": "order", "count": {"from": 1}},
    {"kind": "language", "in": ["de"]},
    {"kind": "last_seen", "within": {"days": 7}},
    {"kind": "subscription", "has": False},
    {"kind": "cart", "total": {"from": 50}},
]
_PLACES = ("/lamps", "/chairs", "/cart", "/sale", "/blog")
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Mobile Safari/537.36",
)

_SQLITE = {
    "series": "(WITH RECURSIVE s(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM s WHERE x + 1 < {n}) SELECT x FROM s)",
    "pad": "printf('%0{width}d', x)",
    "now": "(CAST(strftime('%s', 'now') AS INTEGER) * 1000000)",
    "json": "{text}",
    "hash": "sha256({text})",
    "blob": "zeroblob({size})",
    "no": "0",
}
_POSTGRES = {
    "series": "(SELECT generate_series(0, {n} - 1) AS x) AS s",
    "pad": "lpad(x::text, {width}, '0')",
    "now": "now()",
    "json": "({text})::jsonb",
    "hash": "sha256(({text})::bytea)",
    "blob": "decode(repeat('00', {size}), 'hex')",
    "no": "false",
}


def statements(words: dict[str, str], people: int, made: CreatedProject) -> Iterator[str]:
    """Yield what fills a database: each person has a browser, two views, and some an order and a subscription."""
    project, now = made.project.id, words["now"]
    person = "'pro_' || " + words["pad"].format(width=26)
    series = words["series"].format(n=people)
    token = words["hash"].format(text="'hvi_' || " + words["pad"].format(width=22))
    plan = "'{\"plan\": \"' || CASE WHEN x % 10 = 0 THEN 'pro' ELSE 'free' END || '\"}'"
    attributes = words["json"].format(text=plan)
    yield (
        "INSERT INTO profiles (id, project_id, external_id, attributes, language, created_at, updated_at, last_seen_at)"
        f" SELECT {person}, '{project}', CASE WHEN x % 4 = 0 THEN 'person-' || x END, {attributes},"
        f" CASE WHEN x % 2 = 0 THEN 'de' ELSE 'en' END, {now}, {now}, {now} FROM {series}"
    )
    yield (
        "INSERT INTO visitors (project_id, token_hash, profile_id, created_at, last_seen_at, browser, os, is_mobile)"
        f" SELECT '{project}', {token}, {person}, {now}, {now}, 'firefox', 'linux', {words['no']} FROM {series}"
    )
    nothing = words["json"].format(text="'{}'")
    for name, condition in (("item_view", "x >= 0"), ("page_view", "x >= 0"), ("order", "x % 5 = 0")):
        yield (
            "INSERT INTO events (id, project_id, profile_id, name, at, received_at, source, properties)"
            f" SELECT 'evt_{name[0]}' || {words['pad'].format(width=25)}, '{project}', {person}, '{name}',"
            f" {now}, {now},"
            f" 'page', {nothing} FROM {series} WHERE {condition}"
        )
    endpoint = words["hash"].format(text="'e' || x")
    yield (
        "INSERT INTO subscriptions (id, project_id, provider_id, channel, state, endpoint, endpoint_hash, push_service,"
        " p256dh, auth, vapid_key_id, profile_id, secret_hash, created_at, endpoint_since, refreshed_at)"
        f" SELECT 'sub_' || {words['pad'].format(width=26)}, '{project}', '{made.provider.id}', 'web', 'active',"
        f" 'https://push.example/' || x, {endpoint}, 'other', {words['blob'].format(size=65)},"
        f" {words['blob'].format(size=16)}, '{made.vapid_key.id}', {person}, {words['blob'].format(size=32)},"
        f" {now}, {now}, {now} FROM {series} WHERE x % 3 = 0"
    )


def definition(number: int) -> dict[str, Any]:
    """Return one of a hundred campaigns: for a place, a rule, a kind of device; a page view is given about a sixth."""
    triggers: list[dict[str, Any]] = [{"kind": "time_on_page", "from": 5}]
    if number % 8:
        place = _PLACES[number % len(_PLACES)]
        triggers.append({"kind": "current_url", "mode": "contains", "value": place})
    made: dict[str, Any] = {
        "prompt": ("slide", "dialog", "bell")[number % 3],
        "texts": {
            tag: {"title": f"{words} {number}", "body": "x" * 120, "accept": "OK", "later": "Later"}
            for tag, words in (("en", "Hear first of campaign"), ("de", "Zuerst erfahren von"))
        },
        "triggers": [triggers],
    }
    if number % 2:
        made["rule"] = _RULES[number // 2 % len(_RULES)]
    if number % 5 == 0:
        made["requirements"] = {"mobile": number % 10 == 0}
    if number % 7 == 0:
        made["variants"] = [{"name": "a"}, {"name": "b", "texts": {"en": {"title": "Another"}}}]
    return made


async def prepare(url: str) -> CreatedProject:
    """Make the project and its campaigns."""
    await migrate(url)
    heliograph = await build(Settings(database_url=url, master_key=_KEY))
    ctx = heliograph.context()
    async with heliograph.store.begin() as tx:
        made = await projects.create(tx, ctx, name="Shop", origins=[ORIGIN], vapid_subject="mailto:push@example.com")
        common = {"project_id": made.project.id, "kind": "prompt", "state": "running", "trigger_kind": "page"}
        times = {"version": 1, "created_at": ctx.now, "updated_at": ctx.now}
        own = [
            {"id": ctx.ids.new("cmp"), "name": f"Ask {number}", "priority": number, "definition": definition(number)}
            for number in range(CAMPAIGNS)
        ]
        await tx.execute(insert(campaigns), [common | times | one for one in own])
    await heliograph.close()
    return made


def fill_sqlite(path: Path, people: int, made: CreatedProject) -> None:
    """Write the people into an SQLite file."""
    with sqlite3.connect(path) as database:
        database.create_function("sha256", 1, lambda text: hashlib.sha256(text.encode()).digest(), deterministic=True)
        for statement in statements(_SQLITE, people, made):
            database.execute(statement)
    database.close()


def fill_postgres(url: str, people: int, made: CreatedProject) -> None:
    """Write the people into PostgreSQL, and let it count them as its autovacuum would."""
    with psycopg.connect(url, autocommit=True) as database:
        for statement in statements(_POSTGRES, people, made):
            database.execute(statement.encode())
        database.execute("ANALYZE")


@dataclass(frozen=True, slots=True)
class Run:
    """What the load client says, and what the server's process used meanwhile."""

    answer: dict[str, float]
    cpu: float

    @property
    def cpu_each(self) -> float:
        """Milliseconds of processor time per request."""
        return self.cpu * 1000 / self.answer["requests"]


def _cpu_seconds(pid: int) -> float:
    used = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server on a database until the block ends."""
    environment = clean_environment(
        HELIOGRAPH_DATABASE_URL=url, HELIOGRAPH_MASTER_KEY=base64url.encode(_KEY), HELIOGRAPH_LOG_LEVEL="warning"
    )
    command = [_HELIOGRAPH, "serve", "--port", str(_PORT)]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
    try:
        yield server
    finally:
        server.terminate()
        server.wait(30)


def load(key: str, people: int, seconds: float, server: subprocess.Popen[bytes], **options: float) -> Run:
    """Call the server for a while."""
    asked = {"port": _PORT, "key": key, "people": people, "seconds": seconds, "origin": ORIGIN, "agents": _AGENTS}
    question = json.dumps(asked | {"places": _PLACES} | options)
    began = _cpu_seconds(server.pid)
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, str(_HERE / "load.py"), question], check=True, capture_output=True, text=True
    )
    return Run(json.loads(done.stdout), _cpu_seconds(server.pid) - began)


def _wait(key: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            load(key, 1, 0.2, server, connections=1)
        except subprocess.CalledProcessError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("The server does not answer.")


def measured(name: str, url: str, made: CreatedProject, people: int, seconds: float) -> list[tuple[str, ...]]:
    """Return the rows of one database."""
    key = made.publishable_key.token
    with serving(url) as server:
        _wait(key, server)
        load(key, people, 3, server, connections=16)
        full = load(key, people, seconds, server, connections=16)
        rate = full.answer["rate"] / 2
        half = load(key, people, seconds, server, connections=64, rate=rate)
    rows = [(f"{name}, all at once (16 connections)", full), (f"{name}, {rate:,.0f} page views/s", half)]
    return [
        (
            title,
            f"{run.answer['rate']:,.0f}",
            f"{run.answer['p50']:.1f}",
            f"{run.answer['p99']:.1f}",
            f"{run.cpu_each:.2f}",
            f"{run.answer['bytes']:,.0f}",
            f"{run.answer['campaigns']:.1f}",
        )
        for title, run in rows
    ]


def on_sqlite(people: int, seconds: float) -> list[tuple[str, ...]]:
    """Measure with an SQLite file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "heliograph.db"
        made = asyncio.run(prepare(f"sqlite:///{path}"))
        fill_sqlite(path, people, made)
        say(f"SQLite: {path.stat().st_size / 1e6:,.0f} MB")
        return measured("SQLite", f"sqlite:///{path}", made, people, seconds)


def on_postgres(people: int, seconds: float) -> list[tuple[str, ...]]:
    """Measure with the PostgreSQL server of the tests."""
    with running_postgres() as server:
        server.create("bench")
        url = server.url("bench")
        made = asyncio.run(prepare(url))
        fill_postgres(url, people, made)
        return measured("PostgreSQL", url, made, people, seconds)


def main() -> None:
    """Fill, serve, call, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    parser.add_argument("--write", action="store_true", help="into bench/RESULTS.md")
    given = parser.parse_args()
    random.seed(4)
    rows: list[tuple[str, ...]] = []
    if given.only != "postgres":
        rows += on_sqlite(given.people, given.seconds)
    if given.only != "sqlite":
        rows += on_postgres(given.people, given.seconds)
    titles = ("", "requests/s", "p50 ms", "p99 ms", "CPU ms each", "bytes", "campaigns")
    text = table(titles, rows)
    say(text)
    if given.write:
        about = (
            f"`POST /v1/public/campaigns` over HTTP: {CAMPAIGNS} running prompt campaigns with {len(_RULES)} different "
            f"rules, {given.people:,} people. One server process, one query per call, nothing written. A tenth of the "
            "visitors are new. The last two columns are of one answer. " + machine()
        )
        write_section(_HERE / "RESULTS.md", "Campaigns for a page view", f"{about}\n\n{text}")


if __name__ == "__main__":
    main()
