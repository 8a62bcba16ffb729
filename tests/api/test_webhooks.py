"""`/v1/webhooks`: made, changed, turned, tested, replayed, removed; and addresses that are refused."""

import msgspec
import pytest
from tests.support.operations import row_counts

from heliograph.delivery.receivers import Receivers
from heliograph.names import EventType

_PATH = "/v1/webhooks"
_URL = "https://93.184.215.14/heliograph"


async def _made(api, tenant, **more):
    return (await api.post(_PATH, headers=tenant.manage, json={"url": _URL} | more)).json()


async def test_a_webhook_lives_from_making_to_removal(api, alice):
    """It can be made, read, changed, switched off and removed; its secret is shown once."""
    made = await _made(api, alice, event_types=["delivery.clicked"], description="CRM")
    assert made["secret"].startswith("whsec_")
    path = f"{_PATH}/{made['id']}"
    shown = (await api.get(path, headers=alice.manage)).json()
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    change = {"event_types": [], "is_enabled": False, "description": ""}
    changed = (await api.patch(path, headers=alice.manage, json=change)).json()
    assert (changed["event_types"], changed["is_enabled"], changed["disabled_reason"]) == ([], False, "operator")
    assert (await api.patch(path, headers=alice.manage, json={})).json() == changed
    assert (await api.delete(path, headers=alice.manage)).status_code == 204
    assert (await api.get(path, headers=alice.manage)).status_code == 404
    assert (await api.get(_PATH, headers=alice.manage)).json()["items"] == []


async def test_only_its_project_sees_it(api, alice, bob):
    """Another project's key finds nothing, whatever it asks for."""
    made = await _made(api, alice)
    path = f"{_PATH}/{made['id']}"
    assert (await api.get(path, headers=bob.manage)).status_code == 404
    assert (await api.post(f"{path}/test", headers=bob.manage)).status_code == 404
    assert (await api.get(f"{path}/messages", headers=bob.manage)).status_code == 404
    assert (await api.post(f"{path}/replay", headers=bob.manage, json={"message_ids": ["x"]})).status_code == 404
    assert (await api.delete(path, headers=bob.manage)).status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/hook",
        "ftp://shop.example/hook",
        "https://localhost/hook",
        "https://api.localhost/hook",
        "https://printer.local/hook",
        "https://intranet/hook",
        "https://127.0.0.1/hook",
        "https://127.1/hook",
        "https://2130706433/hook",
        "https://0x7f000001/hook",
        "https://10.0.0.8/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://[fd00::1]/hook",
        "https://user:password@shop.example/hook",
        "https://shop.example/hook#part",
        "https://shop.example\\@127.0.0.1/hook",
        "https://shop.example:99999/hook",
        "https://evil[shop.example]/hook",
        "https:///hook",
        "/hook",
        "https://shop.example/a b",
    ],
)
async def test_an_address_that_leads_inside_is_refused(api, heliograph, alice, url):
    """Only https on the public internet may be called; nothing is stored."""
    before = await row_counts(heliograph)
    answer = await api.post(_PATH, headers=alice.manage, json={"url": url})
    assert (answer.status_code, answer.json()["code"]) == (422, "receiver_refused"), url
    assert await row_counts(heliograph) == before


async def test_a_name_that_leads_inside_is_refused(api, app, heliograph, alice):
    """The name is looked up before anything is stored, when it is made and when it is changed."""

    async def inside(_host: str, _port: int) -> list[str]:
        return ["93.184.215.14", "10.0.0.1"]

    made = await _made(api, alice)
    values = {name: getattr(heliograph, name) for name in type(heliograph).__dataclass_fields__}
    app.state.heliograph = type(heliograph)(**values | {"receivers": Receivers(resolver=inside)})
    body = {"url": "https://rebinds.example/hook"}
    headers = alice.manage | {"Idempotency-Key": "k"}
    for answer in (
        await api.post(_PATH, headers=headers, json=body),
        await api.patch(f"{_PATH}/{made['id']}", headers=alice.manage, json=body),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "receiver_refused")


async def test_a_test_is_a_message(api, alice):
    """It waits at once, tells its event, and cannot be asked for while the webhook is off."""
    made = await _made(api, alice)
    path = f"{_PATH}/{made['id']}"
    asked = await api.post(f"{path}/test", headers=alice.manage)
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    told = (await api.get(f"{path}/messages/{asked.json()['id']}", headers=alice.manage)).json()
    assert [event["type"] for event in told["events"]] == ["webhook.test"]
    assert told["history"] == []
    await api.patch(path, headers=alice.manage, json={"is_enabled": False})
    assert (await api.post(f"{path}/test", headers=alice.manage)).status_code == 409


async def test_replay_wants_one_way_of_choosing(api, alice):
    """Named messages or all since an instant, not both and not neither; it refuses a webhook that is off."""
    made = await _made(api, alice)
    path = f"{_PATH}/{made['id']}/replay"
    both = {"message_ids": ["msg_x"], "since": "2026-03-14T09:26:53Z"}
    assert (await api.post(path, headers=alice.manage, json=both)).status_code == 400
    assert (await api.post(path, headers=alice.manage, json={})).status_code == 400
    long_ago = await api.post(path, headers=alice.manage, json={"since": "0001-01-01T00:00:00Z"})
    assert (long_ago.status_code, long_ago.json()) == (202, {"replayed": 0, "has_more": False})
    none = await api.post(path, headers=alice.manage, json={"message_ids": ["msg_x"]})
    assert (none.status_code, none.json()) == (202, {"replayed": 0, "has_more": False})
    await api.patch(f"{_PATH}/{made['id']}", headers=alice.manage, json={"is_enabled": False})
    assert (await api.post(path, headers=alice.manage, json={"message_ids": ["msg_x"]})).status_code == 409


async def test_a_project_has_so_many(api, alice, bob):
    """The twenty-first is refused; another project's do not count."""
    for _ in range(20):
        assert (await api.post(_PATH, headers=alice.manage, json={"url": _URL})).status_code == 201
    assert (await api.post(_PATH, headers=alice.manage, json={"url": _URL})).status_code == 409
    assert (await api.post(_PATH, headers=bob.manage, json={"url": _URL})).status_code == 201


async def test_unknown_types_are_refused(api, alice):
    """A misspelt type would never be told of."""
    answer = await api.post(_PATH, headers=alice.manage, json={"url": _URL, "event_types": ["delivery.klicked"]})
    assert answer.status_code == 400
    every = await _made(api, alice, event_types=[str(kind) for kind in EventType])
    assert msgspec.json.encode(every["event_types"]) == msgspec.json.encode(list(EventType))


async def test_acts_are_logged(api, alice):
    """Making, changing, turning and removing are in the log of acts, without address and secret."""
    made = await _made(api, alice)
    path = f"{_PATH}/{made['id']}"
    await api.patch(path, headers=alice.manage, json={"url": "https://93.184.215.14/other"})
    await api.post(f"{path}/rotate", headers=alice.manage, json={})
    await api.delete(path, headers=alice.manage)
    acts = (await api.get("/v1/audit", headers=alice.manage)).json()["items"]
    named = [act for act in acts if act["subject_id"] == made["id"]]
    names = ["webhook_removed", "webhook_secret_renewed", "webhook_changed", "webhook_made"]
    # The clock stands still here, so the log has no order.
    assert sorted(act["act"] for act in named) == sorted(names)
    assert "93.184" not in str(named)
