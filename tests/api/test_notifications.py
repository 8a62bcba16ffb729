"""`/v1/notifications`: what can be asked for, what is refused, and what is told of it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from heliograph.domain.identity import MAX_EXTERNAL_ID
from heliograph.names import Scope
from heliograph.storage.tables import counts, jobs, notifications

_SHOWN = {"title": "Back in stock", "url": "https://alice.example/lamp"}


def _body(**values):
    return {"audience": {"kind": "everyone"}, "content": _SHOWN} | values


async def _rows(heliograph, table):
    async with heliograph.store.read() as tx:
        return [dict(row._mapping) for row in await tx.execute(select(table))]


async def test_a_send_is_stored_with_the_job_that_plans_it(api, heliograph, alice, clock):
    """A notification comes back as stored, and one job to plan it is due at once."""
    answer = await api.post("/v1/notifications", headers=alice.only(Scope.SEND), json=_body())
    assert answer.status_code == 201
    told = answer.json()
    assert told["state"] == "scheduled"
    assert told["content"] == _SHOWN
    assert told["counts"] == {"total": 0, "by_state": {}, "by_reason": []}
    (job,) = await _rows(heliograph, jobs)
    assert job["name"] == "delivery.plan"
    assert job["args"] == {"notification_id": told["id"]}
    assert job["run_at"] == clock.now()


async def test_everything_that_a_sender_says_comes_back(api, alice):
    """All members of the content, the audience and the limits survive the store."""
    body = {
        "kind": "notification",
        "audience": {"kind": "group", "group": "warehouse", "identifier": "42"},
        "content": {
            "title": "Zurück",
            "body": "…",
            "url": "https://alice.example/?a=1#b",
            "icon": "https://alice.example/i.png",
            "image": "https://alice.example/p.png",
            "badge": "https://alice.example/b.png",
            "actions": [{"action": "buy", "title": "Buy", "icon": "https://a.example/x", "url": "https://a.example/y"}],
            "tag": "lamp",
            "renotify": True,
            "silent": True,
            "require_interaction": True,
            "language": "de",
            "direction": "ltr",
            "data": {"deep": [1, None, "ü"], "": False},
            "app_badge": 3,
            "variants": {"en-GB": {"title": "Back", "actions": []}, "fr": {"body": "De retour"}},
            "shorten": True,
        },
        "ttl_seconds": 60,
        "urgency": "very-low",
        "topic": "lamp_-9",
        "send_at": "2026-03-14T12:00:00Z",
        "expires_at": "2026-03-14T13:00:00Z",
    }
    made = (await api.post("/v1/notifications", headers=alice.manage, json=body)).json()
    told = (await api.get(f"/v1/notifications/{made['id']}", headers=alice.only(Scope.READ))).json()
    assert told == made
    for name, value in body.items():
        assert told[name] == value, name


@pytest.mark.parametrize("value", [0, False, "", [], {}, [[]], 1e300, "data"])
async def test_falsy_data_is_data(api, alice, value):
    """A data push may hold any JSON but null."""
    body = {"kind": "data", "audience": {"kind": "everyone"}, "content": {"data": value}}
    made = (await api.post("/v1/notifications", headers=alice.manage, json=body)).json()
    told = (await api.get(f"/v1/notifications/{made['id']}", headers=alice.manage)).json()
    assert told["content"] == {"data": value}


async def test_an_app_badge_of_nothing_is_kept(api, alice):
    """The number 0 clears the icon's badge, and is not the same as none."""
    body = _body(content={**_SHOWN, "app_badge": 0})
    assert (await api.post("/v1/notifications", headers=alice.manage, json=body)).json()["content"]["app_badge"] == 0


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        ({}, "/content/title"),
        ({"title": "  "}, "/content/title"),
        ({"title": "x", "url": "/relative"}, "/content/url"),
        ({"title": "x", "url": "javascript:alert(1)"}, "/content/url"),
        ({"title": "x", "url": "https://user@host.example/"}, "/content/url"),
        ({"title": "x", "url": "https://host.example:99999/"}, "/content/url"),
        ({"title": "x", "url": "https://[oops/"}, "/content/url"),
        ({"title": "x", "icon": "http://host.example/i.png"}, "/content/icon"),
        ({"title": "x", "image": "data:image/png;base64,AA"}, "/content/image"),
        ({"title": "x", "badge": "b.png"}, "/content/badge"),
        ({"title": "x", "renotify": True}, "/content/renotify"),
        ({"title": "x", "language": "not a tag"}, "/content/language"),
        ({"title": "x", "variants": {"d!": {}}}, "/content/variants/d!"),
        ({"title": "x", "variants": {"de": {}, "DE": {}}}, "/content/variants/DE"),
        ({"title": "x", "variants": {"de": {"title": " "}}}, "/content/variants/de/title"),
        ({"title": "x", "variants": {"de": {"url": "nowhere"}}}, "/content/variants/de/url"),
        ({"title": "x", "actions": [{"action": "a", "title": " "}]}, "/content/actions/0/title"),
        (
            {"title": "x", "actions": [{"action": "a", "title": "A"}, {"action": "a", "title": "B"}]},
            "/content/actions/1/action",
        ),
        ({"title": "x", "actions": [{"action": "a", "title": "A", "url": "b"}]}, "/content/actions/0/url"),
    ],
)
async def test_content_that_cannot_be_shown_is_refused_with_its_place(api, heliograph, alice, content, pointer):
    """Every fault of the content is a 422 that points at it, and nothing is stored."""
    answer = await api.post("/v1/notifications", headers=alice.manage, json=_body(content=content))
    assert answer.status_code == 422
    assert answer.json()["code"] == "content_refused"
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert await _rows(heliograph, notifications) == await _rows(heliograph, jobs) == []


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"ttl_seconds": -1}, "/ttl_seconds"),
        ({"ttl_seconds": 28 * 86_400 + 1}, "/ttl_seconds"),
        ({"topic": ""}, "/topic"),
        ({"topic": "x" * 33}, "/topic"),
        ({"topic": "no spaces"}, "/topic"),
        ({"topic": "line\n"}, "/topic"),
        ({"urgency": "extreme"}, "/urgency"),
        ({"send_at": "tomorrow"}, "/send_at"),
        ({"send_at": "2026-03-14T12:00:00"}, "/send_at"),
        ({"send_at": "2028-03-14T12:00:00Z"}, "/send_at"),
        ({"send_at": "9999-12-31T23:59:59-23:59"}, "/send_at"),
        ({"expires_at": "2026-03-14T09:26:53Z"}, "/expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+23:59"}, "/expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-23:59"}, "/expires_at"),
        ({"send_at": "2026-03-15T12:00:00Z", "expires_at": "2026-03-15T11:00:00Z"}, "/expires_at"),
        ({"audience": {"kind": "nobody"}}, "/audience/kind"),
        ({"audience": {}}, "/audience/kind"),
        ({"audience": {"kind": "everyone", "group": "x"}}, "/audience/group"),
        ({"audience": {"kind": "group"}}, "/audience/group"),
        ({"audience": {"kind": "group", "group": ""}}, "/audience/group"),
        ({"audience": {"kind": "profiles", "external_ids": []}}, "/audience/external_ids"),
        ({"audience": {"kind": "profiles", "external_ids": [""]}}, "/audience/external_ids/0"),
        ({"audience": {"kind": "subscriptions", "subscription_ids": [1]}}, "/audience/subscription_ids/0"),
    ],
)
async def test_limits_that_make_no_sense_are_refused_with_their_place(api, heliograph, alice, values, pointer):
    """A wrong limit or audience is a 400 that points at it, and nothing is stored."""
    answer = await api.post("/v1/notifications", headers=alice.manage, json=_body(**values))
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert await _rows(heliograph, notifications) == []


@pytest.mark.parametrize(
    ("values", "ttl", "expires_in"),
    [
        ({}, 86_400, 86_400),
        ({"ttl_seconds": 0}, 0, 60),
        ({"ttl_seconds": 300}, 300, 300),
        ({"expires_at": "2026-03-14T09:36:53.589793Z"}, 600, 600),
        ({"ttl_seconds": 300, "expires_at": "2026-03-14T09:36:53.589793Z"}, 300, 600),
        ({"ttl_seconds": 3000, "expires_at": "2026-03-14T09:36:53.589793Z"}, 600, 600),
        ({"send_at": "2020-01-01T00:00:00Z"}, 86_400, 86_400),
    ],
)
async def test_time_to_live_and_end_follow_from_each_other(api, alice, clock, values, ttl, expires_in):
    """What is not said is worked out: the TTL never outlives the end, and a TTL of 0 still has a minute to be sent."""
    told = (await api.post("/v1/notifications", headers=alice.manage, json=_body(**values))).json()
    assert told["ttl_seconds"] == ttl
    end = clock.now() + timedelta(seconds=expires_in)
    assert told["expires_at"] == end.isoformat().replace("+00:00", "Z")


async def test_what_does_not_fit_is_refused_with_both_sizes(api, heliograph, alice):
    """Content over the project's budget is a 422 that says how many bytes it has and may have."""
    body = _body(content={**_SHOWN, "body": "x" * 3000})
    answer = await api.post("/v1/notifications", headers=alice.manage, json=body)
    assert answer.status_code == 422
    assert answer.json()["code"] == "content_too_large"
    assert "2600" in answer.json()["detail"]
    assert await _rows(heliograph, notifications) == []
    body["content"]["shorten"] = True
    assert (await api.post("/v1/notifications", headers=alice.manage, json=body)).status_code == 201


async def test_a_named_receiver_is_served_first(api, heliograph, alice):
    """A send to one person is planned ahead of a send to everyone."""
    await api.post("/v1/notifications", headers=alice.manage, json=_body())
    audience = {"kind": "profiles", "external_ids": ["ada"]}
    await api.post("/v1/notifications", headers=alice.manage, json=_body(audience=audience))
    priorities = [job["priority"] for job in sorted(await _rows(heliograph, jobs), key=lambda job: job["id"])]
    assert sorted(priorities) == [0, 5]


async def test_the_longest_external_id_can_be_named(api, alice):
    """Whoever can be a profile can be written to."""
    longest = "a" * MAX_EXTERNAL_ID
    assert (await api.post("/v1/profiles", headers=alice.manage, json={"external_id": longest})).status_code == 201
    audience = {"kind": "profiles", "external_ids": [longest]}
    assert (await api.post("/v1/notifications", headers=alice.manage, json=_body(audience=audience))).status_code == 201


async def test_unknown_subscriptions_are_told(api, alice):
    """A send to subscriptions none of which exists in the project is a 404, not a success that reaches nobody."""
    audience = {"kind": "subscriptions", "subscription_ids": ["sub_" + "0" * 26]}
    answer = await api.post("/v1/notifications", headers=alice.manage, json=_body(audience=audience))
    assert answer.status_code == 404


async def test_counts_are_told_by_state_and_by_reason(api, heliograph, alice):
    """Counts of several writers are added up; nothing is counted twice."""
    made = (await api.post("/v1/notifications", headers=alice.manage, json=_body())).json()
    rows = [("accepted", "", 0, 5), ("accepted", "", 1, 2), ("gone", "unsubscribed", 0, 1), ("gone", "expired", 0, 3)]
    async with heliograph.store.begin() as tx:
        for state, reason, shard, count in rows:
            values = {"state": state, "reason": reason, "shard": shard, "count": count}
            await tx.execute(counts.insert().values(notification_id=made["id"], **values))
    expected = {
        "total": 11,
        "by_state": {"accepted": 7, "gone": 4},
        "by_reason": [
            {"state": "accepted", "reason": None, "count": 7},
            {"state": "gone", "reason": "expired", "count": 3},
            {"state": "gone", "reason": "unsubscribed", "count": 1},
        ],
    }
    one = (await api.get(f"/v1/notifications/{made['id']}", headers=alice.manage)).json()
    listed = (await api.get("/v1/notifications", headers=alice.manage)).json()
    assert one["counts"] == listed["items"][0]["counts"] == expected


async def test_cancelling_is_idempotent_and_ends_with_the_work(api, heliograph, alice):
    """A scheduled notification can be cancelled, twice too; one that is done cannot."""
    made = (await api.post("/v1/notifications", headers=alice.manage, json=_body())).json()
    for _ in range(2):
        answer = await api.post(f"/v1/notifications/{made['id']}/cancel", headers=alice.only(Scope.SEND))
        assert answer.status_code == 200
        assert answer.json()["state"] == "cancelled"
    async with heliograph.store.begin() as tx:
        await tx.execute(notifications.update().values(state="done"))
    answer = await api.post(f"/v1/notifications/{made['id']}/cancel", headers=alice.manage)
    assert answer.status_code == 409
    assert answer.json()["code"] == "conflict"


async def test_the_list_is_newest_first_and_can_be_narrowed(api, alice, clock):
    """The newest notification comes first; `state` keeps those in that state."""
    ids = []
    for _ in range(3):
        clock.advance(timedelta(seconds=1))
        ids.append((await api.post("/v1/notifications", headers=alice.manage, json=_body())).json()["id"])
    await api.post(f"/v1/notifications/{ids[1]}/cancel", headers=alice.manage)
    listed = (await api.get("/v1/notifications", headers=alice.manage)).json()
    assert [item["id"] for item in listed["items"]] == ids[::-1]
    narrowed = (await api.get("/v1/notifications?state=cancelled", headers=alice.manage)).json()
    assert [item["id"] for item in narrowed["items"]] == [ids[1]]


async def test_a_dry_run_stores_nothing(api, heliograph, alice):
    """It answers 200 with who would get it and what they would see, and there is no notification afterwards."""
    body = {
        "audience": {"kind": "profiles", "external_ids": ["ada"]},
        "content": {"title": "Hello", "variants": {"de": {"title": "Hallo"}}},
        "dry_run": True,
    }
    answer = await api.post("/v1/notifications", headers=alice.only(Scope.SEND), json=body)
    told = answer.json()
    assert answer.status_code == 200
    assert told["receivers"] == {"total": 0, "exactness": "exact", "looked_at": 0, "by_push_service": []}
    assert told["excluded"] == [{"reason": "unknown_profile", "count": 1, "samples": ["ada"]}]
    assert [(one["language"], one["title"]) for one in told["rendered"]] == [(None, "Hello"), ("de", "Hallo")]
    assert max(told["rendered"][0]["bytes_by_push_service"].values()) < told["budget_bytes"]
    assert told["duration"]["seconds"] is None
    assert (await api.get("/v1/notifications", headers=alice.manage)).json()["items"] == []


async def test_a_dry_run_is_refused_as_the_send_is(api, alice):
    """What cannot be sent is the same problem when it is only asked about."""
    refused = {}
    for is_dry in (False, True):
        body = {"audience": {"kind": "everyone"}, "content": {"title": "x" * 3900}, "dry_run": is_dry}
        refused[is_dry] = (await api.post("/v1/notifications", headers=alice.manage, json=body)).json()
    assert refused[True]["code"] == "content_too_large"
    assert refused[True]["detail"] == refused[False]["detail"]
