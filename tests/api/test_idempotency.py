"""`Idempotency-Key`: a call that comes again has no second effect, and gets the first answer."""

import asyncio
import itertools
import json
import os
import signal
import sys
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from tests.support.api import api_client, bare_app
from tests.support.environment import clean_environment
from tests.support.operations import (
    ADMIN,
    Things,
    body_of,
    campaign_things,
    is_installation_only,
    name_of,
    row_counts,
    webhook_things,
)

from heliograph.api.app import create_app
from heliograph.api.idempotency import TAKES_KEY, key_of
from heliograph.bootstrap import build
from heliograph.errors import InvalidRequest
from heliograph.names import JobName
from heliograph.protocols import base64url
from heliograph.queue.base import NORMAL, NewJob
from heliograph.settings import Settings
from heliograph.storage.store import Store
from heliograph.storage.tables import idempotency_keys
from heliograph.worker.run import make_machine, perform

POSTS = [operation for operation in ADMIN if operation.method == "POST"]
BODY = {"audience": {"kind": "everyone"}, "content": {"title": "x"}}
SCRIPT = Path(__file__).parents[1] / "support" / "killed_call.py"
MASTER_KEY = bytes(range(32))


def _with(headers, key="k"):
    return headers | {"Idempotency-Key": key}


def _refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


@pytest.fixture
async def things(api, alice):
    """Alice's things, with a notification of hers."""
    made = (await api.post("/v1/notifications", headers=alice.manage, json=BODY)).json()
    more = await webhook_things(api, alice) | await campaign_things(api, alice)
    return Things(alice, more | {"notification_id": made["id"]})


def test_every_post_of_the_admin_api_takes_a_key():
    """What creates or sends can be sent again without harm; a new route must not forget it."""
    assert [name_of(operation) for operation in POSTS if not operation.handler.opt.get(TAKES_KEY)] == []


@pytest.mark.parametrize("operation", POSTS, ids=name_of)
async def test_a_call_that_comes_again_gets_the_first_answer(api, heliograph, alice, operator, things, operation):
    """Status and body are the first ones, a header says so, and no table has a row more."""
    headers = _with(operator if is_installation_only(operation) else alice.manage)
    call = {"headers": headers, "json": body_of(operation)}
    first = await api.post(things.path(operation), **call)
    assert "idempotency-replayed" not in first.headers
    before = await row_counts(heliograph)
    again = await api.post(things.path(operation), **call)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    if not first.is_success:
        assert "idempotency-replayed" not in again.headers
        return
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["cache-control"] == first.headers["cache-control"] == "no-store"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert await row_counts(heliograph) == before


async def test_a_dry_run_takes_no_key(api, heliograph, alice):
    """It waits for no writer, is answered anew each time, and leaves its key to the send that follows."""
    await api.get("/v1/notifications", headers=alice.manage)  # notes that the API key is used, once a minute
    async with heliograph.store.begin():
        asked = await api.post("/v1/notifications", headers=_with(alice.manage), json=BODY | {"dry_run": True})
    sent = await api.post("/v1/notifications", headers=_with(alice.manage), json=BODY)
    assert (asked.status_code, sent.status_code) == (200, 201)


async def test_an_answer_with_a_key_is_the_same_as_one_without(api, alice):
    """The header changes nothing about what a call does and says."""
    body = {"external_id": "ada", "attributes": {"first_name": "Åda"}}
    plain = await api.post("/v1/profiles", headers=alice.manage, json=body)
    keyed = await api.post("/v1/profiles", headers=_with(alice.manage), json=body)
    assert (plain.status_code, keyed.status_code) == (201, 200)
    assert {**plain.json(), "updated_at": ""} == {**keyed.json(), "updated_at": ""}
    assert plain.headers["content-type"] == keyed.headers["content-type"]


async def test_another_order_of_members_is_the_same_body(api, alice):
    """A client that writes its JSON anew is the same caller; so is one that quotes the key as the draft does."""
    first = await api.post("/v1/notifications", headers=_with(alice.manage, "abc"), json=BODY)
    other = json.dumps(dict(reversed(BODY.items())), indent=2)
    headers = _with(alice.manage, '"abc"') | {"Content-Type": "application/json"}
    again = await api.post("/v1/notifications", headers=headers, content=other)
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"


async def test_another_body_or_route_is_refused(api, heliograph, alice, things):
    """A key stands for one call: another one with it is a 422, and changes nothing."""
    first = await api.post("/v1/notifications", headers=_with(alice.manage), json=BODY)
    assert first.status_code == 201
    before = await row_counts(heliograph)
    other = {**BODY, "content": {"title": "y"}}
    _refused(
        await api.post("/v1/notifications", headers=_with(alice.manage), json=other), 422, "idempotency_key_reused"
    )
    cancel = f"/v1/notifications/{things.more['notification_id']}/cancel"
    _refused(await api.post(cancel, headers=_with(alice.manage)), 422, "idempotency_key_reused")
    assert await row_counts(heliograph) == before


async def test_a_key_is_its_projects_own(api, alice, bob, operator):
    """Bob's key of the same name is another one, and neither learns of the other's answer."""
    hers = await api.post("/v1/notifications", headers=_with(alice.manage), json=BODY)
    his = await api.post("/v1/notifications", headers=_with(bob.manage), json=BODY)
    assert his.status_code == 201
    assert his.json()["id"] != hers.json()["id"]
    headers = _with(operator) | {"Heliograph-Project": bob.id}
    again = await api.post("/v1/notifications", headers=headers, json=BODY)
    assert again.json()["id"] == his.json()["id"]


async def test_a_key_that_may_not_do_it_learns_no_answer(api, alice):
    """Scopes are checked before the answer is looked up."""
    await api.post("/v1/keys", headers=_with(alice.manage), json={"name": "n", "scopes": ["read"]})
    answer = await api.post("/v1/keys", headers=_with(alice.only("send")), json={"name": "n", "scopes": ["read"]})
    _refused(answer, 403, "scope_missing")


async def test_failures_are_not_kept(api, heliograph, alice):
    """What was refused may be sent again with the same key, corrected or not."""
    wrong = {**BODY, "audience": {"kind": "subscriptions", "subscription_ids": ["sub_x"]}}
    before = await row_counts(heliograph)
    for _ in range(2):
        _refused(await api.post("/v1/notifications", headers=_with(alice.manage), json=wrong), 404, "not_found")
    assert await row_counts(heliograph) == before
    right = await api.post("/v1/notifications", headers=_with(alice.manage), json=BODY)
    assert right.status_code == 201
    assert "idempotency-replayed" not in right.headers


async def test_a_secret_is_not_kept_in_clear(api, heliograph, alice, database_url):
    """An answer that shows a key once is sealed, and comes back whole."""
    body = {"name": "n", "scopes": ["read"]}
    token = (await api.post("/v1/keys", headers=_with(alice.manage), json=body)).json()["token"]
    async with heliograph.store.read() as tx:
        row = (await tx.execute(select(idempotency_keys))).one()
    assert token.encode() not in bytes(row.answer)
    assert b"token" not in bytes(row.answer)
    again = await api.post("/v1/keys", headers=_with(alice.manage), json=body)
    assert again.json()["token"] == token


@pytest.mark.parametrize(
    "key",
    ["", " ", '"', '""', '"a', 'a"', 'a"b', "a b", "ü", "a\tb", '"a\\b"', '"a";p=1', "x" * 256, '"' + "x" * 256 + '"'],
)
async def test_a_malformed_key_is_refused(api, heliograph, alice, key):
    """A header that is no key is a 400 that points at it, and nothing is done."""
    before = await row_counts(heliograph)
    headers = _with(alice.manage, key.encode("latin-1"))
    answer = await api.post("/v1/notifications", headers=headers, json=BODY)
    _refused(answer, 400, "invalid_request")
    assert answer.json()["errors"][0]["pointer"] == "header/Idempotency-Key"
    assert await row_counts(heliograph) == before


async def test_two_keys_are_refused(api, alice):
    """A header that is there twice says nothing clear."""
    headers = [*alice.manage.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    _refused(await api.post("/v1/notifications", headers=headers, json=BODY), 400, "invalid_request")


def test_how_keys_are_written():
    """Quoted with escapes as RFC 8941 has it, or bare; both are the same key."""
    assert [key_of([text]) for text in ("a-b", '"a-b"', r'"a\"\\b"', ' "a b" ', "x" * 255)] == [
        "a-b",
        "a-b",
        'a"\\b',
        "a b",
        "x" * 255,
    ]
    assert key_of([]) is None
    with pytest.raises(InvalidRequest):
        key_of(["a", "a"])


async def test_an_answer_is_kept_for_a_day(api, heliograph, alice, clock):
    """After 24 hours the key is as good as new, whether the upkeep came by or not; and the upkeep leaves no row."""
    first = await api.post("/v1/notifications", headers=_with(alice.manage), json=BODY)
    clock.advance(timedelta(hours=23, minutes=59))
    again = await api.post("/v1/notifications", headers=_with(alice.manage), json=BODY)
    assert again.json()["id"] == first.json()["id"]
    clock.advance(timedelta(minutes=1))
    new = await api.post("/v1/notifications", headers=_with(alice.manage), json=BODY)
    assert new.json()["id"] != first.json()["id"]
    clock.advance(timedelta(days=2))
    await _sweep(heliograph)
    async with heliograph.store.read() as tx:
        assert (await tx.execute(select(idempotency_keys))).all() == []


async def _sweep(heliograph):
    now = heliograph.clock.now()
    async with heliograph.store.begin() as tx:
        await heliograph.queue.add(tx, [NewJob(JobName.SWEEP, {}, run_at=now, priority=NORMAL)], now=now)
    machine = make_machine(heliograph, "sweeper")
    for job in await heliograph.queue.claim(worker="sweeper", limit=10, lease=timedelta(minutes=1), now=now):
        if job.name == JobName.SWEEP:
            await perform(machine, job)


async def test_calls_at_the_same_moment_have_one_effect(api, heliograph, alice):
    """Ten calls with one key make one notification; each gets its answer or is told to wait."""
    before = (await row_counts(heliograph))["notifications"]
    answers = await asyncio.gather(
        *(api.post("/v1/notifications", headers=_with(alice.manage), json=BODY) for _ in range(10))
    )
    assert (await row_counts(heliograph))["notifications"] == before + 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    for answer in answers:
        if answer.status_code == 409:
            _refused(answer, 409, "idempotency_in_progress")
            assert answer.headers["retry-after"] == "1"


async def test_two_processes_at_the_same_moment_have_one_effect(heliograph, database_url, contract, clock, alice):
    """Ten calls with one key through two installations on one database make one notification."""
    other = await build(Settings(database_url=database_url, master_key=MASTER_KEY), clock=clock)
    before = (await row_counts(heliograph))["notifications"]
    try:
        async with api_client(create_app(heliograph), contract) as one, api_client(create_app(other), contract) as two:
            clients = itertools.islice(itertools.cycle([one, two]), 10)
            answers = await asyncio.gather(
                *(each.post("/v1/notifications", headers=_with(alice.manage), json=BODY) for each in clients)
            )
    finally:
        await other.close()
    assert (await row_counts(heliograph))["notifications"] == before + 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1


@asynccontextmanager
async def _held_up(heliograph, database_url):
    """Keep everybody from writing, until the block ends."""
    other = await Store.open(database_url)
    try:
        async with other.begin() as tx:
            if other.dialect == "postgresql":
                await tx.execute(text("LOCK TABLE notifications IN EXCLUSIVE MODE"))
            yield
    finally:
        await other.close()


async def test_a_call_that_still_runs_is_not_repeated(api, heliograph, alice, database_url):
    """While the first call waits for the database, a second one with its key is a 409; then it is a replay."""
    # The key's first use is noted, which would wait for the database as well.
    await api.get("/v1/notifications", headers=alice.manage)
    async with _held_up(heliograph, database_url):
        first = asyncio.create_task(api.post("/v1/notifications", headers=_with(alice.manage), json=BODY))
        async with asyncio.timeout(20):
            while not bare_app().state.get("idempotent_calls"):  # noqa: ASYNC110 - nothing tells when
                await asyncio.sleep(0.01)
        second = await api.post("/v1/notifications", headers=_with(alice.manage), json=BODY)
        _refused(second, 409, "idempotency_in_progress")
        assert second.headers["retry-after"] == "1"
    made = await first
    assert made.status_code == 201
    again = await api.post("/v1/notifications", headers=_with(alice.manage), json=BODY)
    assert again.json()["id"] == made.json()["id"]


@pytest.mark.parametrize(("moment", "is_done"), [("effect", False), ("answer", True)])
async def test_a_process_that_is_killed_did_all_or_nothing(api, heliograph, alice, database_url, moment, is_done):
    """Kill -9 after the effect and before its commit leaves nothing; before the answer, the answer is still given."""
    before = (await row_counts(heliograph))["notifications"]
    request = {"headers": _with(alice.manage), "body": BODY, "moment": moment}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCRIPT),
        json.dumps(request),
        env=clean_environment(
            PYTHONPATH=os.pathsep.join(sys.path),
            HELIOGRAPH_DATABASE_URL=database_url,
            HELIOGRAPH_MASTER_KEY=base64url.encode(MASTER_KEY),
        ),
    )
    assert await process.wait() == -signal.SIGKILL
    assert (await row_counts(heliograph))["notifications"] == before + is_done
    again = await api.post("/v1/notifications", headers=_with(alice.manage), json=BODY)
    assert again.status_code == 201
    assert ("idempotency-replayed" in again.headers) is is_done
    assert (await row_counts(heliograph))["notifications"] == before + 1
