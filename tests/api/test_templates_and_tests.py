"""Templates and A/B tests over HTTP: what is kept, what is refused and where, and what is told of their outcome."""

from heliograph.domain.notification import Content
from heliograph.domain.template import MAX_TEMPLATE
from heliograph.names import Scope
from heliograph.storage import counts
from heliograph.storage.tables import notifications

HELLO = {
    "template": True,
    "title": "Hello {{ profile.first_name | default: 'there' }}",
    "url": "https://alice.example/",
}
EVERYONE = {"kind": "everyone"}
TEST = {
    "variants": [{"name": "a"}, {"name": "b", "weight": 3, "content": {"title": "B", "url": "https://alice.example/"}}],
    "control_percent": 10,
    "winner": {"test_percent": 20, "after_seconds": 3600, "deliveries": 500},
}


def _campaign(**message):
    return {
        "name": "Autumn",
        "message": {"trigger": {"kind": "now"}, "audience": EVERYONE, "content": HELLO} | message,
    }


def _places(answer):
    assert answer.status_code in (400, 422), answer.text
    return {error["pointer"]: error["detail"] for error in answer.json()["errors"]}


async def test_a_template_is_kept_and_tried(api, alice):
    """Templates come back as they were written, and a dry run shows what somebody unknown would see."""
    body = {"audience": EVERYONE, "content": HELLO}
    answer = await api.post("/v1/notifications", headers=alice.only(Scope.SEND), json=body)
    assert answer.status_code == 201
    assert answer.json()["content"] == HELLO
    assert answer.json()["warnings"] == []
    answer = await api.post("/v1/notifications", headers=alice.only(Scope.SEND), json=body | {"dry_run": True})
    assert [one["title"] for one in answer.json()["rendered"]] == ["Hello there"]


async def test_mistakes_in_templates_have_a_place(api, alice):
    """A template that cannot work is refused with its field, line and column; so is what is too long, or a bomb."""
    content = HELLO | {
        "title": "{{ profle.first_name }}",
        "body": "{% for a in (1..9) %}" * 9 + "{% endfor %}" * 9,
        "url": "javascript:{{ profile.url }}",
        "variants": {"de": {"body": "{{ profile.x | shout }}"}},
        "data": {"x": ["{% include 'y' %}"]},
    }
    body = {"audience": EVERYONE, "content": content}
    found = _places(await api.post("/v1/notifications", headers=alice.only(Scope.SEND), json=body))
    assert set(found) == {
        "/content/title",
        "/content/body",
        "/content/url",
        "/content/variants/de/body",
        "/content/data/x/0",
    }
    assert found["/content/title"].startswith("Line 1, column 4: There is no variable profle.")
    for data in ("x" * (MAX_TEMPLATE + 1), ["{{ 1 }}" * 500] * 2, {str(n): "{{ profile.a }}" for n in range(900)}):
        body = {"audience": EVERYONE, "content": HELLO | {"data": data}}
        answer = await api.post("/v1/notifications", headers=alice.only(Scope.SEND), json=body)
        assert answer.status_code in (400, 422), answer.text


async def test_an_experiment_comes_back(api, alice):
    """An A/B test is kept as it was written, and can be changed."""
    answer = await api.post("/v1/campaigns", headers=alice.manage, json=_campaign(experiment=TEST))
    assert answer.status_code == 201, answer.text
    told = answer.json()["message"]["experiment"]
    assert told["variants"][1]["content"]["title"] == "B"
    assert (told["control_percent"], told["winner"], told["variants"][0]) == (
        10,
        TEST["winner"],
        {"name": "a"},
    )
    campaign_id = answer.json()["id"]
    change = _campaign(experiment=told | {"control_percent": 0}) | {"version": 1}
    answer = await api.put(f"/v1/campaigns/{campaign_id}", headers=alice.manage, json=change)
    assert "control_percent" not in answer.json()["message"]["experiment"]


async def test_experiments_that_make_no_sense(api, alice):
    """What cannot be tested is refused with its place."""
    for experiment, pointer in (
        ({"variants": [{"name": "a"}]}, "/message/experiment/variants"),
        ({"variants": [{"name": "a"}, {"name": "a"}]}, "/message/experiment/variants/1/name"),
        ({"variants": [{"name": "a"}, {"name": "control"}]}, "/message/experiment/variants/1/name"),
        (
            {"variants": [{"name": "a"}, {"name": "b", "content": {"title": "{{", "template": True}}]},
            "/message/experiment/variants/1/content/title",
        ),
    ):
        answer = await api.post("/v1/campaigns", headers=alice.manage, json=_campaign(experiment=experiment))
        assert list(_places(answer)) == [pointer]
    daily = {"kind": "recurring", "every": "day", "times": ["09:00"], "time_zone": "local"}
    answer = await api.post("/v1/campaigns", headers=alice.manage, json=_campaign(experiment=TEST, trigger=daily))
    assert list(_places(answer)) == ["/message/experiment/winner"]


async def test_statistics_tell_how_sure_it_is(api, heliograph, alice, clock):
    """Each variant has a rate and an interval; the two best are compared, and control is counted as skipped."""
    answer = await api.post("/v1/campaigns", headers=alice.manage, json=_campaign(experiment=TEST))
    campaign_id = answer.json()["id"]
    outcome = {
        "a": {("accepted", ""): 950, ("clicked", ""): 50, ("rejected", "template_error"): 30},
        "b": {("accepted", ""): 900, ("clicked", ""): 100},
        "control": {("skipped", "control"): 100},
    }
    async with heliograph.store.begin() as tx:
        for name, told in outcome.items():
            notification_id = heliograph.ids.new("ntf")
            row = {"id": notification_id, "project_id": alice.id, "kind": "notification", "state": "done"}
            row |= {"content": {"title": Content().title}, "audience": EVERYONE, "ttl_seconds": 60, "urgency": "normal"}
            row |= {name: clock.now() for name in ("created_at", "send_at", "expires_at")}
            await tx.execute(notifications.insert().values(row | {"campaign_id": campaign_id, "variant": name}))
            await counts.add(tx, notification_id, told, 0)
    answer = await api.get(f"/v1/campaigns/{campaign_id}/statistics", headers=alice.only(Scope.READ))
    told = answer.json()
    assert told["comparison"] == {"best": "b", "second": "a", "confidence": 1.0}
    (warning,) = told["warnings"]
    assert (warning["code"], warning["detail"][:15]) == ("template_errors", "For 30 of 2,130")
    of = {one["variant"]: one for one in told["variants"]}
    assert (of["b"]["sent"], of["b"]["click_rate"], of["b"]["click_rate_between"]) == (1000, 0.1, [0.082909, 0.120152])
    assert of["control"]["skipped"] == {"control": 100}
