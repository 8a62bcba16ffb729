"""Spryker's clients at the same moment: many tabs of one browser, providers that are made and removed, a crontab."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import func, select
from tests.api.glue.conftest import PROVIDERS, Glue, codes, document
from tests.support.pages import Browser

from heliograph.storage.tables import memberships, providers, subscriptions


async def _rows(glue: Glue, table) -> int:
    async with glue.heliograph.store.read() as tx:
        return int((await tx.execute(select(func.count()).select_from(table))).scalar_one())


@pytest.mark.parametrize("tabs", [8])
async def test_one_browser_subscribes_in_many_tabs(glue: Glue, tabs: int) -> None:
    """One is told 201, the others 5003, and there is one subscription."""
    answers = await asyncio.gather(*(glue.subscribe(Browser.new("a")) for _ in range(tabs)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 400: tabs - 1}
    assert {tuple(codes(answer)) for answer in answers if answer.status_code == 400} == {("5003",)}
    assert (await _rows(glue, subscriptions), await _rows(glue, memberships)) == (1, 1)


async def test_one_browser_joins_many_groups_at_once(glue: Glue) -> None:
    """It is one row in all of them."""
    groups = [{"name": "warehouse", "identifier": str(number)} for number in range(8)]
    answers = await asyncio.gather(*(glue.subscribe(Browser.new("a"), group=group) for group in groups))
    assert {answer.status_code for answer in answers} == {201}
    assert (await _rows(glue, subscriptions), await _rows(glue, memberships)) == (1, 8)


async def test_a_provider_is_made_by_many_at_once(glue: Glue) -> None:
    """One makes it, the others are told that it exists."""
    before = await _rows(glue, providers)
    answers = await asyncio.gather(*(glue.call("POST", PROVIDERS, document(name="x")) for _ in range(8)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 400: 7}
    assert {tuple(codes(answer)) for answer in answers if answer.status_code == 400} == {("5008",)}
    assert await _rows(glue, providers) == before + 1


async def test_a_provider_is_removed_while_somebody_subscribes(glue: Glue) -> None:
    """Either the subscription is there and the provider stays, or neither is."""
    for number in range(6):
        name = f"p{number}"
        provider = await glue.provider(name)
        removed, subscribed = await asyncio.gather(
            glue.call("DELETE", f"{PROVIDERS}/{provider}"),
            glue.subscribe(Browser.new(name), providerName=name),
        )
        told = (removed.status_code, subscribed.status_code)
        assert told in {(204, 404), (400, 201)}, (removed.text, subscribed.text)
