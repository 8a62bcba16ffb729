"""Receipts: genuine, forged, repeated, early, odd."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from tests.support.pages import Browser, Site, problem, rows

from heliograph.bootstrap import Heliograph
from heliograph.domain.delivery import delivery_id, delivery_token
from heliograph.kit.clock import FrozenClock
from heliograph.storage.tables import receipts


def _token(site: Site, heliograph: Heliograph, name: str = "sub_a") -> str:
    project = site.project.project
    key = heliograph.sealer.open(project.receipt_key, f"project/{project.id}/receipt_key")
    return delivery_token(delivery_id("ntf_a", name), key)


async def _report(site: Site, *items: Any, **more: Any) -> dict[str, Any]:
    response = await site.call("POST", "/receipts", {"receipts": list(items)}, **more)
    assert response.status_code == 202, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_receipts_may_come_first(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """A receipt is kept though its delivery is not recorded yet: the browser may be faster than we are."""
    token = _token(site, heliograph)
    at = clock.now() - timedelta(minutes=2)
    items = [
        {"delivery": token, "event": "displayed", "at": at.isoformat()},
        {"delivery": token, "event": "clicked", "action": "buy"},
    ]
    assert await _report(site, *items) == {"accepted": 2, "refused": []}
    kept = {kept["event"]: kept for kept in await rows(heliograph.store, receipts)}
    assert kept["displayed"]["delivery_id"] == token.partition(".")[0]
    assert (kept["displayed"]["at"], kept["clicked"]["at"]) == (at, clock.now())
    assert (kept["displayed"]["action"], kept["clicked"]["action"]) == (None, "buy")
    assert kept["clicked"]["project_id"] == site.project.project.id


async def test_repeating_changes_nothing(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """What was reported stays as it was first reported, twice in one call or in ten at once."""
    item = {"delivery": _token(site, heliograph), "event": "displayed"}
    assert await _report(site, item, item) == {"accepted": 2, "refused": []}
    before = await rows(heliograph.store, receipts)
    clock.advance(timedelta(hours=1))
    await asyncio.gather(*(_report(site, item) for _ in range(10)))
    assert await rows(heliograph.store, receipts) == before
    assert len(before) == 1


@pytest.mark.parametrize("content_type", ["text/plain", "text/plain;charset=UTF-8", "application/json"])
async def test_as_a_page_that_is_being_left_sends_it(content_type: str, site: Site, heliograph: Heliograph) -> None:
    """`sendBeacon` has neither headers of ours nor a preflight: plain text and the key in the address are enough."""
    content = json.dumps({"receipts": [{"delivery": _token(site, heliograph), "event": "dismissed"}]}).encode()
    response = await site.client.post(
        f"/v1/public/receipts?key={site.key}",
        content=content,
        headers={"Content-Type": content_type, "Origin": site.origin, "Cookie": "other=1"},
    )
    assert (response.status_code, response.json()) == (202, {"accepted": 1, "refused": []})


async def test_forged_tokens_are_refused_alone(site: Site, other_site: Site, heliograph: Heliograph) -> None:
    """A token that is not genuine, or another project's, is refused by its place; the others count."""
    good = _token(site, heliograph)
    plain, _, mac = good.partition(".")
    forged = [
        plain,
        f"{plain}.",
        f"{plain}.{mac[:-1]}",
        f"{plain}.{mac[::-1]}",
        f"{plain}.{mac}=",
        f"{good} ",
        good.upper(),
        _token(other_site, heliograph),
        "",
        ".",
        "dlv_",
        "x" * 5000,
        "\u00e9\u2028",
    ]
    items = [{"delivery": token, "event": "displayed"} for token in [*forged, good]]
    answer = await _report(site, *items)
    assert answer["accepted"] == 1
    assert answer["refused"] == [{"index": index, "code": "delivery_unknown"} for index in range(len(forged))]
    assert len(await rows(heliograph.store, receipts)) == 1


async def test_malformed_receipts_are_refused_alone(site: Site, heliograph: Heliograph) -> None:
    """A receipt that is not of the documented form does not take the others of its call down."""
    token = _token(site, heliograph)
    odd: list[Any] = [
        None,
        1,
        "displayed",
        [],
        {},
        {"delivery": token},
        {"event": "displayed"},
        {"delivery": token, "event": "seen"},
        {"delivery": token, "event": "accepted"},
        {"delivery": token, "event": None},
        {"delivery": 1, "event": "displayed"},
        {"delivery": token, "event": "displayed", "at": "yesterday"},
        {"delivery": token, "event": "displayed", "at": "2026-03-14T09:26:53"},
        {"delivery": token, "event": "displayed", "at": 1_700_000_000},
        {"delivery": token, "event": "displayed", "action": 1},
        {"delivery": token, "event": "displayed", "project_id": "prj_x"},
    ]
    answer = await _report(site, *odd, {"delivery": token, "event": "displayed"})
    assert answer["accepted"] == 1
    assert answer["refused"] == [{"index": index, "code": "receipt_malformed"} for index in range(len(odd))]


async def test_instants_are_brought_into_bounds(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """A clock that is ahead reports now, and one that is far behind thirty days ago."""
    said = {
        "a": ("2039-01-01T00:00:00Z", clock.now()),
        "b": ("0001-01-01T00:00:00+14:00", clock.now() - timedelta(days=30)),
        "c": ("9999-12-31T23:59:59-14:00", clock.now()),
        "d": ("2026-03-14T10:26:53.000+02:00", clock.now().replace(hour=8, microsecond=0)),
    }
    tokens = {name: _token(site, heliograph, name) for name in said}
    items = [{"delivery": tokens[name], "event": "displayed", "at": at} for name, (at, _) in said.items()]
    assert (await _report(site, *items))["accepted"] == 4
    kept = {kept["delivery_id"]: kept["at"] for kept in await rows(heliograph.store, receipts)}
    for name, (_, expected) in said.items():
        assert kept[tokens[name].partition(".")[0]] == expected


async def test_long_actions_are_cut(site: Site, heliograph: Heliograph) -> None:
    """A click counts however odd the name of its button is."""
    items = [
        {"delivery": _token(site, heliograph, "a"), "event": "clicked", "action": "x" * 1000},
        {"delivery": _token(site, heliograph, "b"), "event": "clicked", "action": "\n\u202e"},
        {"delivery": _token(site, heliograph, "c"), "event": "clicked", "action": None},
    ]
    assert (await _report(site, *items))["accepted"] == 3
    kept = {kept["action"] for kept in await rows(heliograph.store, receipts)}
    assert kept == {"x" * 64, None}


@pytest.mark.parametrize(
    "body",
    [{}, {"receipts": []}, {"receipts": None}, {"receipts": {}}, {"receipts": [1] * 51}, {"receipts": [1], "x": 1}],
)
async def test_calls_of_another_form_are_refused(body: Any, site: Site) -> None:
    """A call has one to fifty receipts and nothing else."""
    problem(await site.call("POST", "/receipts", body), 400, "invalid_request")


async def test_fifty_are_taken(site: Site, heliograph: Heliograph) -> None:
    """Fifty receipts fit into one call, in any order, also when many calls overlap."""
    tokens = [_token(site, heliograph, f"s{number}") for number in range(50)]

    async def report(turn: int) -> None:
        order = tokens[turn * 7 :] + tokens[: turn * 7]
        answer = await _report(site, *({"delivery": token, "event": "displayed"} for token in order))
        assert answer["accepted"] == 50

    await asyncio.gather(*(report(turn) for turn in range(6)))
    assert len(await rows(heliograph.store, receipts)) == 50


async def test_browsers_need_not_exist_any_more(site: Site, heliograph: Heliograph) -> None:
    """A receipt names its delivery and needs no secret: a worker reports after the person left, too."""
    made = await site.register(Browser.new("a"))
    token = _token(site, heliograph, made.id)
    await site.call("DELETE", f"/subscriptions/{made.id}", secret=made.secret)
    assert await _report(site, {"delivery": token, "event": "dismissed"}) == {"accepted": 1, "refused": []}
