"""Rates over HTTP: of a notification, of a project, of its push services; what is refused, and what is told."""

import pytest

from heliograph.domain.rate import SENTENCE
from heliograph.names import Scope

_BODY = {"audience": {"kind": "everyone"}, "content": {"title": "Hello", "url": "https://alice.example/"}}
_NO_RATES = [
    "",
    "0/s",
    "-5/s",
    "1.5/s",
    "1e9/s",
    "100",
    "100/h",
    "100/S",
    "/s",
    "100001/s",
    "6000001/m",
    "9" * 40 + "/s",
]
_NO_TEXTS = [100, 1.5, True, ["1/s"], {"count": 1}]


@pytest.mark.parametrize("rate", [*_NO_RATES, *_NO_TEXTS])
async def test_what_is_no_rate_is_refused(api, alice, rate):
    """A notification, a change of it, a project and its push services refuse what is no rate, with its place."""
    sent = await api.post("/v1/notifications", headers=alice.manage, json=_BODY | {"rate": rate})
    assert (sent.status_code, [error["pointer"] for error in sent.json()["errors"]]) == (400, ["/rate"])
    made = (await api.post("/v1/notifications", headers=alice.manage, json=_BODY)).json()
    changed = await api.post(f"/v1/notifications/{made['id']}/rate", headers=alice.manage, json={"rate": rate})
    assert changed.status_code == 400
    path = f"/v1/projects/{alice.id}"
    for body in ({"rate": rate}, {"push_service_rates": {"fcm": rate}}):
        answer = await api.patch(path, headers=alice.manage, json=body)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"].startswith(f"/{next(iter(body))}")
    told = (await api.get(path, headers=alice.manage)).json()
    assert (told["rate"], told["push_service_rates"]) == (None, {})


@pytest.mark.parametrize("service", ["gcm", "", "FCM", "all", "fcm.googleapis.com"])
async def test_unknown_push_services_are_refused(api, alice, service):
    """A rate for a push service that there is not is refused, and nothing is changed."""
    body = {"rate": "5/s", "push_service_rates": {service: "100/s"}}
    answer = await api.patch(f"/v1/projects/{alice.id}", headers=alice.manage, json=body)
    assert answer.status_code == 400
    assert (await api.get(f"/v1/projects/{alice.id}", headers=alice.manage)).json()["rate"] is None


async def test_a_sentence_says_what_a_rate_is(api, alice):
    """Who asks for too much is told what can be had."""
    answer = await api.post("/v1/notifications", headers=alice.manage, json=_BODY | {"rate": "100001/s"})
    assert answer.json()["errors"] == [{"pointer": "/rate", "detail": SENTENCE}]


async def test_rates_of_a_project_are_set_kept_and_taken_away(api, alice):
    """The rate and those of push services change apart from each other, and other changes leave them."""
    path = f"/v1/projects/{alice.id}"

    async def change(**body):
        told = (await api.patch(path, headers=alice.manage, json=body)).json()
        assert told == (await api.get(path, headers=alice.manage)).json()
        return told["rate"], told["push_service_rates"]

    assert await change(rate="500/s", push_service_rates={"fcm": "6000/m"}) == ("500/s", {"fcm": "6000/m"})
    assert await change(name="Lamps") == ("500/s", {"fcm": "6000/m"})
    assert await change(push_service_rates={"apple": "1/s"}) == ("500/s", {"apple": "1/s"})
    assert await change(rate=None) == (None, {"apple": "1/s"})
    assert await change(push_service_rates={}) == (None, {})


async def test_a_notification_tells_its_rate_and_changes_it(api, alice, bob):
    """What was asked for comes back; it may be changed and taken away until all is sent, by its own project alone."""
    made = (await api.post("/v1/notifications", headers=alice.manage, json=_BODY | {"rate": "6000/m"})).json()
    assert made["rate"] == "6000/m"
    path = f"/v1/notifications/{made['id']}"
    foreign = await api.post(f"{path}/rate", headers=bob.manage, json={"rate": "1/s"})
    assert foreign.status_code == 404
    unread = await api.post(f"{path}/rate", headers=alice.only(Scope.READ), json={"rate": "1/s"})
    assert unread.status_code == 403
    for rate in ("50/s", None):
        changed = await api.post(f"{path}/rate", headers=alice.only(Scope.SEND), json={"rate": rate})
        assert (changed.status_code, changed.json()["rate"]) == (200, rate)
    assert (await api.get(path, headers=alice.manage)).json()["rate"] is None
    await api.post(f"{path}/cancel", headers=alice.manage)
    late = await api.post(f"{path}/rate", headers=alice.manage, json={"rate": "1/s"})
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    missing = await api.post("/v1/notifications/ntf_none/rate", headers=alice.manage, json={"rate": "1/s"})
    assert missing.status_code == 404


async def test_a_dry_run_tells_of_rates(api, alice):
    """The rates in force are named, also when there is nobody to wait."""
    answer = await api.post("/v1/notifications", headers=alice.manage, json=_BODY | {"rate": "2/s", "dry_run": True})
    assert answer.status_code == 200
    duration = answer.json()["duration"]
    assert duration["rates"] == [{"of": "notification", "rate": "2/s", "messages": 0, "seconds": 0}]
    assert duration["expired"] == 0
