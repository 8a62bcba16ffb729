"""Imports and exports over HTTP: begun, sent, broken off, sent again, told, and out again without loss."""

import gzip
import json
from typing import Any

import httpx
import pytest
from tests.support import files
from tests.support.api import Tenant
from tests.support.files import as_csv, onesignal, plain
from tests.support.pages import Browser, Site, rows

from heliograph.actions import import_file
from heliograph.bootstrap import Heliograph
from heliograph.storage.tables import (
    audit_log,
    groups,
    held_devices,
    memberships,
    profiles,
    subscriptions,
    vapid_keys,
)


async def begin(api: httpx.AsyncClient, tenant: Tenant, **more: Any) -> str:
    """Begin an import with the vendor's key; return its identifier."""
    body = {"vapid_private_key": files.PRIVATE, **more}
    answer = await api.post("/v1/imports", headers=tenant.manage, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def send(api: httpx.AsyncClient, tenant: Tenant, import_id: str, data: bytes) -> httpx.Response:
    return await api.put(f"/v1/imports/{import_id}/file", headers=tenant.manage, content=data)


async def imported(api: httpx.AsyncClient, tenant: Tenant, data: bytes, **more: Any) -> dict[str, Any]:
    answer = await send(api, tenant, await begin(api, tenant, **more), data)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found["state"] == "finished"
    return found


async def test_onesignals_export_comes_in(api: httpx.AsyncClient, heliograph: Heliograph, alice: Tenant):
    """Browsers with people, languages, zones and tags; phones are kept; who left there, mail and SMS are refused."""
    person = {"external_user_id": "ada", "tags": '{"plan": "pro", "n": 3}', "timezone_id": "Europe/Berlin"}
    base = {**onesignal(0), "timezone_id": "", "invalid_identifier": "f", "created_at": "2024-05-06 07:08:09"}
    found = await imported(
        api,
        alice,
        gzip.compress(
            as_csv(
                [
                    base | person,
                    base | onesignal(1, language="not a language!"),
                    base | onesignal(2, identifier="browser-0000002"),  # a bare token of Chrome
                    base | {"identifier": "a1" * 32, "device_type": "0", "web_auth": "", "web_p256": ""} | person,
                    base | {"identifier": "apa91-x", "device_type": "1", "web_auth": "", "web_p256": ""},
                    base | onesignal(3, invalid_identifier="t"),
                    base | {"identifier": "ada@example.com", "device_type": "11", "web_auth": "", "web_p256": ""},
                ]
            )
        ),
        source="users.csv.gz",
    )
    assert found["counts"] == {"created": 3, "held": 2, "refused": 2}
    assert found["dropped"] == {"language": 1}
    refused = (await api.get(f"/v1/imports/{found['id']}/refused", headers=alice.manage)).json()["items"]
    assert [(row["line"], row["reason"]) for row in refused] == [(7, "ended_there"), (8, "not_push")]

    made = {row["endpoint"]: row for row in await rows(heliograph.store, subscriptions)}
    assert set(made) == {files.endpoint(number) for number in range(3)}
    (ada,) = await rows(heliograph.store, profiles)
    assert (ada["external_id"], ada["attributes"]) == ("ada", {"plan": "pro", "n": 3})
    first = made[files.endpoint(0)]
    assert (first["profile_id"], first["language"], first["time_zone"]) == (ada["id"], "en", "Europe/Berlin")
    assert first["created_at"].isoformat() == "2024-05-06T07:08:09+00:00"
    assert {row["channel"]: row["profile_id"] for row in await rows(heliograph.store, held_devices)} == {
        "ios": ada["id"],
        "android": None,
    }


async def test_the_vendors_key_signs_for_them(api: httpx.AsyncClient, heliograph: Heliograph, alice: Tenant):
    """Into a project that nobody uses yet it comes as the active key; beside a living one as a retiring key."""
    found = await imported(api, alice, as_csv([plain(0)]), vapid_public_key=files.PUBLIC)
    keys = {row["id"]: row["state"] for row in await rows(heliograph.store, vapid_keys)}
    assert keys == {alice.made.vapid_key.id: "retiring", found["vapid_key_id"]: "active"}
    (row,) = await rows(heliograph.store, subscriptions)
    assert row["vapid_key_id"] == found["vapid_key_id"]


async def test_beside_browsers_of_its_own_the_vendors_key_is_retiring(
    api: httpx.AsyncClient, heliograph: Heliograph, alice: Tenant
):
    """Pages go on with the project's key; asked for, the vendor's becomes the active one all the same."""
    await Site(alice.made, api, alice.made.project.origins[0]).register(Browser.new("own"))
    found = await imported(api, alice, as_csv([plain(0)]))
    keys = {row["id"]: row["state"] for row in await rows(heliograph.store, vapid_keys)}
    assert keys == {alice.made.vapid_key.id: "active", found["vapid_key_id"]: "retiring"}
    bad = {"vapid_private_key": files.PRIVATE, "vapid_public_key": files.point(0)}
    answer = await api.post("/v1/imports", headers=alice.manage, json=bad)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/public_key")
    assert files.PRIVATE not in answer.text


async def test_without_the_key_nothing_is_taken(api: httpx.AsyncClient, heliograph: Heliograph, alice: Tenant):
    """The refusal says why such subscriptions would be dead; with the id of a key of the project it goes."""
    one = (await api.post("/v1/imports", headers=alice.manage, json={})).json()["id"]
    answer = await send(api, alice, one, as_csv([plain(0)]))
    assert (answer.status_code, answer.json()["code"]) == (422, "import_key_missing")
    assert "403" in answer.json()["detail"]
    assert await rows(heliograph.store, subscriptions) == []
    assert (await api.get(f"/v1/imports/{one}", headers=alice.manage)).json()["state"] == "failed"
    body = {"vapid_key_id": alice.made.vapid_key.id}
    one = (await api.post("/v1/imports", headers=alice.manage, json=body)).json()["id"]
    assert (await send(api, alice, one, as_csv([plain(0)]))).json()["counts"] == {"created": 1}


async def test_rows_are_checked_like_registrations(api: httpx.AsyncClient, alice: Tenant):
    """Addresses of strangers, keys off the curve, short secrets: refused with the line, and nothing of them is told."""
    found = await imported(
        api,
        alice,
        as_csv(
            [
                plain(0),
                plain(1, endpoint="https://127.0.0.1/steal"),
                plain(2, endpoint="http://fcm.googleapis.com/fcm/send/x"),
                plain(3, p256dh=files.point(3)[:-4] + "AAAA"),
                plain(4, p256dh=""),
                plain(5, auth="AAAA"),
                plain(6, auth="!"),
            ]
        ),
    )
    assert found["counts"] == {"created": 1, "refused": 6}
    told = (await api.get(f"/v1/imports/{found['id']}/refused", headers=alice.manage)).text
    reasons = [row["reason"] for row in json.loads(told)["items"]]
    assert reasons == [
        *["endpoint_refused"] * 2, "receiver_keys_refused", "missing_field", *["receiver_keys_refused"] * 2,
    ]  # fmt: skip
    assert not any(secret in told for secret in ("127.0.0.1", files.auth(1), files.point(3)[:20]))


async def test_what_is_known_here_wins(api: httpx.AsyncClient, heliograph: Heliograph, alice: Tenant):
    """Who left stays away, other keys are refused unless wished, missing facts are added, nothing is doubled."""
    await imported(api, alice, as_csv([plain(number, language="en", external_id="") for number in range(4)]))
    made = {row["endpoint"]: row["id"] for row in await rows(heliograph.store, subscriptions)}
    await api.delete(f"/v1/subscriptions/{made[files.endpoint(0)]}", headers=alice.manage)
    again = [
        plain(0, language="en", external_id=""),
        plain(1, language="de", external_id="ada"),
        plain(2, language="en", external_id=""),
        plain(3, language="en", external_id="", auth=files.auth(99)),
        plain(2, language="en", external_id=""),
    ]
    found = await imported(api, alice, as_csv(again))
    assert found["counts"] == {"updated": 1, "unchanged": 1, "duplicate": 1, "refused": 2}
    refused = (await api.get(f"/v1/imports/{found['id']}/refused", headers=alice.manage)).json()["items"]
    assert [(row["line"], row["reason"]) for row in refused] == [(2, "unsubscribed_here"), (5, "conflict")]
    now = {row["endpoint"]: row for row in await rows(heliograph.store, subscriptions)}
    assert len(now) == 4
    assert (now[files.endpoint(1)]["language"], now[files.endpoint(0)]["state"]) == ("en", "unsubscribed")
    replaced = await imported(api, alice, as_csv(again[3:4]), replace=True)
    assert replaced["counts"] == {"updated": 1}
    assert (await imported(api, alice, as_csv(again[3:4])))["counts"] == {"unchanged": 1}


async def test_an_import_goes_on_where_it_broke_off(
    api: httpx.AsyncClient, heliograph: Heliograph, alice: Tenant, monkeypatch: pytest.MonkeyPatch
):
    """The same file sent again continues; once finished it changes nothing; another file is refused."""
    monkeypatch.setattr(import_file, "PORTION", 10)
    data = as_csv([plain(number, external_id=f"person {number}") for number in range(400)])
    one = await begin(api, alice)

    async def breaking():
        yield data[: len(data) // 2]
        raise ConnectionResetError

    answer = await api.put(f"/v1/imports/{one}/file", headers=alice.manage, content=breaking())
    assert answer.status_code == 500
    half = (await api.get(f"/v1/imports/{one}", headers=alice.manage)).json()
    assert half["state"] == "running"
    assert 0 < half["rows_read"] < 400
    assert len(await rows(heliograph.store, subscriptions)) == half["rows_read"] == half["counts"]["created"]

    other = data.replace(b"person 1", b"person 2")
    answer = await send(api, alice, one, other)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    done = (await send(api, alice, one, data)).json()
    assert (done["state"], done["counts"], done["rows_read"]) == ("finished", {"created": 400}, 400)
    assert len(await rows(heliograph.store, subscriptions)) == 400
    assert (await send(api, alice, one, data)).json() == done
    assert (await send(api, alice, one, data + b"x")).status_code == 409
    assert (await imported(api, alice, data))["counts"] == {"unchanged": 400}


async def test_a_cut_file_goes_on_with_the_whole_one(
    api: httpx.AsyncClient, heliograph: Heliograph, alice: Tenant, monkeypatch: pytest.MonkeyPatch
):
    """What came before the cut is kept, and the row in the cut is not lost."""
    monkeypatch.setattr(import_file, "PORTION", 50)
    packed = gzip.compress(as_csv([plain(number) for number in range(1_000)]))
    one = await begin(api, alice)
    answer = await send(api, alice, one, packed[: len(packed) // 2])
    assert (answer.status_code, answer.json()["code"]) == (422, "import_file_refused")
    assert 0 < len(await rows(heliograph.store, subscriptions)) < 1_000
    done = (await send(api, alice, one, packed)).json()
    assert done["counts"] == {"created": 1_000}
    assert len(await rows(heliograph.store, subscriptions)) == 1_000


@pytest.mark.parametrize(
    ("data", "word"),
    [(b"", "empty"), (b"\x00\x01" * 500, "text"), (b"a,b\n1,2\n", "columns"), (b'[{"a":1}]', "JSON Lines")],
)
async def test_what_is_no_file_of_subscriptions_is_refused(
    api: httpx.AsyncClient, alice: Tenant, data: bytes, word: str
):
    """With one sentence, which the import keeps; the right file may follow."""
    one = await begin(api, alice)
    answer = await send(api, alice, one, data)
    assert (answer.status_code, answer.json()["code"]) == (422, "import_file_refused")
    assert word in answer.json()["detail"]
    kept = (await api.get(f"/v1/imports/{one}", headers=alice.manage)).json()
    assert (kept["state"], kept["failure"]) == ("failed", answer.json()["detail"])
    assert (await send(api, alice, one, as_csv([plain(0)]))).json()["state"] == "finished"


@pytest.mark.parametrize("form", ["csv", "jsonl"])
async def test_an_export_comes_back_without_loss(
    api: httpx.AsyncClient, heliograph: Heliograph, alice: Tenant, bob: Tenant, form: str
):
    """Groups, people, attributes, languages, zones and dates, phones too; formulas are disarmed and armed again."""
    lines = [
        {**plain(0), "group": "warehouse", "identifier": "42", "external_id": "=1+1", "language": "en-GB"},
        {**plain(1), "group": "news", "time_zone": "Asia/Tokyo", "created_at": "2024-01-02T03:04:05Z"},
        plain(2),
    ]
    await imported(api, alice, b"\n".join(json.dumps(line).encode() for line in lines))
    phone = {
        "channel": "ios",
        "token": "ab12",
        "endpoint": "",
        "application_server_key": "",
        "groups": [["news", None]],
    }
    await imported(api, alice, json.dumps(phone | {"external_id": "'=1", "attributes": {"a": "ü"}}).encode())
    answer = await api.get("/v1/export", headers=alice.manage | {"Accept": "text/csv, application/x-ndjson"},
                           params={"format": form})  # fmt: skip
    assert answer.status_code == 200
    assert not any(line.startswith((b"=", b"+", b"-", b"@")) for line in answer.content.replace(b",", b"\n").split())
    await imported(api, bob, answer.content)
    back = await api.get("/v1/export", headers=bob.manage, params={"format": form})

    def without_order(content: bytes) -> list[bytes]:
        return sorted(content.splitlines())

    assert without_order(back.content) == without_order(answer.content)
    assert len(without_order(back.content)) == 4 + (form == "csv")
    names = {row["external_id"] for row in await rows(heliograph.store, profiles) if row["project_id"] == bob.id}
    assert names == {"=1+1", "'=1"}
    for table in (groups, memberships):
        found = await rows(heliograph.store, table)
        assert len([row for row in found if row["project_id"] == bob.id]) == 2
    acts = [row["act"] for row in await rows(heliograph.store, audit_log)]
    assert {"import_started", "import_finished", "subscriptions_exported"} <= set(acts)


async def test_a_person_takes_their_phone_along(api: httpx.AsyncClient, heliograph: Heliograph, alice: Tenant):
    """The export of one person names the phone without its token; erasing the person deletes it."""
    phone = {"identifier": "a1" * 32, "device_type": "0", "external_user_id": "ada", "web_auth": "", "web_p256": ""}
    await imported(api, alice, as_csv([onesignal(0, **phone), onesignal(1, device_type="1", identifier="b2")]))
    listed = (await api.get("/v1/profiles", headers=alice.manage, params={"external_id": "ada"})).json()
    person = listed["items"][0]["id"]
    told = (await api.get(f"/v1/profiles/{person}/export", headers=alice.manage)).json()
    assert [device["channel"] for device in told["devices"]] == ["ios"]
    assert "a1a1" not in json.dumps(told)
    await api.delete(f"/v1/profiles/{person}", headers=alice.manage, params={"everything": "true"})
    assert [row["channel"] for row in await rows(heliograph.store, held_devices)] == ["android"]
