"""Every listing of the admin API, page by page."""

import itertools
from datetime import timedelta

import pytest

from heliograph.kit.paging import cursor_after

_NAMED = {"name": "Key", "scopes": ["read"]}
_SENT = {"audience": {"kind": "everyone"}, "content": {"title": "x"}}
LISTINGS = [
    ("/v1/keys", lambda _: _NAMED),
    ("/v1/vapid-keys", lambda _: {}),
    ("/v1/providers", lambda number: {"name": f"web-{number}"}),
    ("/v1/notifications", lambda _: _SENT),
]


async def _pages(api, path, headers, limit):
    pages, cursor = [], None
    while True:
        page = (
            await api.get(path, headers=headers, params={"limit": limit} | ({"cursor": cursor} if cursor else {}))
        ).json()
        pages.append([item["id"] for item in page["items"]])
        cursor = page["next"]
        if cursor is None:
            return pages


@pytest.mark.parametrize(("path", "body"), LISTINGS, ids=[path for path, _ in LISTINGS])
async def test_pages_give_each_thing_once_in_order(api, alice, bob, clock, path, body):
    """Whatever the page's size, all pages together are the project's things in one order, and none of another's."""
    for number in range(5):
        clock.advance(timedelta(milliseconds=1))
        assert (await api.post(path, headers=alice.manage, json=body(number))).status_code == 201
        assert (await api.post(path, headers=bob.manage, json=body(number))).status_code == 201
    (whole,) = await _pages(api, path, alice.manage, 200)
    assert whole == sorted(whole, reverse=path == "/v1/notifications")
    for limit in (1, 2, 3, len(whole) - 1, len(whole)):
        pages = await _pages(api, path, alice.manage, limit)
        assert list(itertools.chain(*pages)) == whole
        assert all(len(page) == limit for page in pages[:-1])
        assert pages[-1]
    assert not set(whole) & set((await _pages(api, path, bob.manage, 200))[0])


async def test_a_cursor_means_nothing_in_another_project(api, alice, bob):
    """A cursor of Alice's listing is refused in Bob's."""
    cursor = (await api.get("/v1/keys?limit=1", headers=alice.manage)).json()["next"]
    answer = await api.get("/v1/keys", headers=bob.manage, params={"cursor": cursor})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("path", "listing"),
    [("/v1/keys", "keys/{}"), ("/v1/groups", "groups/{}/None"), ("/v1/notifications", "notifications/{}/None")],
)
async def test_a_cursor_that_a_stranger_made_is_refused(api, alice, path, listing):
    """A cursor may hide U+0000, which no check of the address sees and no database compares."""
    cursor = cursor_after("key_\0", listing.format(alice.id))
    answer = await api.get(path, headers=alice.manage, params={"cursor": cursor})
    assert answer.status_code == 400


async def test_projects_come_in_pages(api, operator, alice, bob):
    """The operator sees all projects, one to a page."""
    pages = await _pages(api, "/v1/projects", operator, 1)
    assert sorted(itertools.chain(*pages)) == sorted([alice.id, bob.id])
