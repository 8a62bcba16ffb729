"""What vendors call things: one row of each comes to the same candidate."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.support import files

from heliograph.domain.importing import FORMATS
from heliograph.domain.importing.base import Candidate, ImportFormat, Refusal, RowRefused
from heliograph.domain.importing.heliograph import disarmed

_KEYS = {"p256dh": files.point(0), "auth": files.auth(0)}
_ADDRESS = files.endpoint(0)


def read(row: dict[str, Any]) -> tuple[ImportFormat, Candidate]:
    """Read a row as the first format does that takes its columns."""
    found = next(each for each in FORMATS if each.fits(frozenset(row)))
    return found.name, found.read(row)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("plain", {"endpoint": _ADDRESS, **_KEYS}),
        ("plain", {"endpoint": _ADDRESS, "keys": _KEYS, "expirationtime": None}),
        ("plain", {"id": 1, "subscription": {"endpoint": _ADDRESS, "keys": _KEYS}}),
        ("plain", {"id": "1", "subscription": json.dumps({"endpoint": _ADDRESS, "keys": _KEYS})}),
        ("onesignal", files.onesignal(0)),
        ("onesignal", files.onesignal(0, identifier="browser-0000000")),
        ("pushpad", {"endpoint": _ADDRESS, **_KEYS, "uid": "", "tags": ""}),
        (
            "perfecty",
            {"endpoint": _ADDRESS, "key_auth": _KEYS["auth"], "key_p256dh": _KEYS["p256dh"], "is_active": "1"},
        ),
        ("spryker", {"payload": json.dumps({"endpoint": _ADDRESS, "keys": _KEYS}), "group_name": ""}),
        (
            "spryker",
            {
                "payload": {"endpoint": _ADDRESS, "publicKey": _KEYS["p256dh"], "authToken": _KEYS["auth"]},
                "expired_at": "",
            },
        ),
        (
            "heliograph",
            {"channel": "web", "endpoint": _ADDRESS, **_KEYS, "application_server_key": "'-x", "groups": "[]"},
        ),
    ],
)
def test_each_vendors_row_is_known_by_its_columns(name: str, row: dict[str, Any]):
    """Address and keys are found, whatever they are called and however they are nested."""
    found, candidate = read(row)
    assert found == name
    assert (candidate.address, candidate.p256dh, candidate.auth) == (_ADDRESS, _KEYS["p256dh"], _KEYS["auth"])


def test_sprykers_group_locale_and_end_are_taken():
    """The names are those of the query in the guide."""
    payload = json.dumps({"endpoint": _ADDRESS, "keys": _KEYS})
    row = {"payload": payload, "group_name": "warehouse", "group_identifier": "42", "provider_name": "web-push-php"}
    _, found = read(row | {"locale_name": "de_AT", "expired_at": "2026-03-14 10:11:12"})
    assert (found.groups, found.language, found.provider) == ((("warehouse", "42"),), "de-AT", "web-push-php")
    assert found.expires_at == datetime(2026, 3, 14, 10, 11, 12, tzinfo=UTC)


@pytest.mark.parametrize("tags", ["a,b", '["a", "b"]', ["a", "b"], "a|b"])
def test_pushpads_tags_are_groups(tags: Any):
    """A list, a list as text, or words between commas."""
    _, found = read({"endpoint": _ADDRESS, **_KEYS, "uid": "ada", "tags": tags})
    assert (found.external_id, found.groups) == ("ada", (("a", None), ("b", None)))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (files.onesignal(0, notification_types="-2"), Refusal.ENDED_THERE),
        (files.onesignal(0, device_type="14", identifier="+4366012345", web_auth=""), Refusal.NOT_PUSH),
        ({"endpoint": _ADDRESS, "key_auth": "x", "key_p256dh": "y", "is_active": "0"}, Refusal.ENDED_THERE),
        ({"endpoint": _ADDRESS, "key_auth": "x", "key_p256dh": "y", "disabled": "1"}, Refusal.ENDED_THERE),
        ({"payload": "{", "group_name": "x"}, Refusal.MISSING_FIELD),
        ({"payload": '{"endpoint": "endpoint"}', "group_name": "x"}, Refusal.MISSING_FIELD),
        ({"endpoint": "", **_KEYS}, Refusal.MISSING_FIELD),
    ],
)
def test_what_is_no_living_subscription_is_refused(row: dict[str, Any], reason: Refusal):
    """Who left there, mail and SMS, and payloads without keys."""
    with pytest.raises(RowRefused) as told:
        read(row)
    assert told.value.reason is reason


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@x", "'quoted", "\tx"])
def test_formulas_are_disarmed_and_armed_again(value: str):
    """A spreadsheet sees a text; the import sees what it was."""
    assert disarmed(value) == "'" + value
    row = {"channel": "ios", "token": "t", "endpoint": "", "application_server_key": "", "groups": "[]"}
    assert read({**row, "external_id": disarmed(value)})[1].external_id == value
