"""Every row of Spryker's error table, by its code."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.api.glue.conftest import PROVIDERS, SUBSCRIPTIONS, Glue, codes, document, make_account, wish
from tests.support.pages import Browser

from heliograph.actions import accounts, glue_settings, notifications
from heliograph.actions.notifications import Draft
from heliograph.domain.glue import GlueSettings
from heliograph.domain.notification import Audience, AudienceKind, Content

Case = Callable[[Glue], Awaitable[httpx.Response]]
NOWHERE = "2a304ddf-d51b-514f-bd11-6e818a27fe23"


async def _schedule(glue: Glue) -> None:
    heliograph, ctx = glue.heliograph, glue.heliograph.context()
    draft = Draft(
        content=Content(title="Later"),
        audience=Audience(AudienceKind.EVERYONE),
        send_at=ctx.now + timedelta(hours=1),
    )
    async with heliograph.store.begin() as tx:
        await notifications.create(tx, ctx, heliograph.queue, project_id=glue.tenant.id, draft=draft)


async def _used(glue: Glue) -> str:
    await glue.subscribe(Browser.new("a"))
    listed = (await glue.call("GET", PROVIDERS)).json()["data"]
    found: str = next(one["id"] for one in listed if one["attributes"]["name"] == "web-push-php")
    return found


async def _invalid_token(glue: Glue) -> httpx.Response:
    return await glue.call("GET", PROVIDERS, token="garbage")


async def _missing_token(glue: Glue) -> httpx.Response:
    return await glue.client.get(PROVIDERS)


async def _forbidden(glue: Glue) -> httpx.Response:
    reader = await make_account(glue.heliograph, glue.tenant, "reader")
    token = accounts.issue_token(glue.heliograph.context(), reader.account)
    return await glue.call("POST", PROVIDERS, document(name="x"), token=token)


async def _not_found(glue: Glue) -> httpx.Response:
    return await glue.call("GET", f"{PROVIDERS}/{NOWHERE}/more")


async def _no_method(glue: Glue) -> httpx.Response:
    return await glue.call("GET", SUBSCRIPTIONS)


async def _filter(glue: Glue) -> httpx.Response:
    return await glue.call("GET", f"{PROVIDERS}?filter[name]=x")


async def _no_provider(glue: Glue) -> httpx.Response:
    return await glue.call("GET", f"{PROVIDERS}/{NOWHERE}")


async def _no_provider_of_a_subscription(glue: Glue) -> httpx.Response:
    return await glue.subscribe(Browser.new("a"), providerName="nobody")


async def _wrong_group(glue: Glue) -> httpx.Response:
    await glue.want(group_names=("warehouse",))
    return await glue.subscribe(Browser.new("a"), group={"name": "news"})


async def _subscribed_already(glue: Glue) -> httpx.Response:
    await glue.subscribe(Browser.new("a"))
    return await glue.subscribe(Browser.new("a"))


async def _has_subscriptions(glue: Glue) -> httpx.Response:
    return await glue.call("DELETE", f"{PROVIDERS}/{await _used(glue)}")


async def _has_notifications(glue: Glue) -> httpx.Response:
    unused = await glue.provider("unused")
    await _schedule(glue)
    return await glue.call("DELETE", f"{PROVIDERS}/{unused}")


async def _has_both(glue: Glue) -> httpx.Response:
    used = await _used(glue)
    await _schedule(glue)
    return await glue.call("DELETE", f"{PROVIDERS}/{used}")


async def _name_twice(glue: Glue) -> httpx.Response:
    body = {"data": [{"attributes": {"name": "x"}}, {"attributes": {"name": "x"}}]}
    return await glue.call("POST", PROVIDERS, body)


async def _name_length(glue: Glue) -> httpx.Response:
    return await glue.call("POST", PROVIDERS, document(name="ж" * 256))


async def _name_exists(glue: Glue) -> httpx.Response:
    return await glue.call("POST", PROVIDERS, document(name="web-push-php"))


async def _no_locale(glue: Glue) -> httpx.Response:
    await glue.want(locales=("en_US",))
    return await glue.subscribe(Browser.new("a"), localeName="de_DE")


async def _wrong_body(glue: Glue) -> httpx.Response:
    return await glue.call("POST", PROVIDERS, {"data": {"attributes": {}}})


async def _wrong_payload(glue: Glue) -> httpx.Response:
    return await glue.subscribe(Browser.new("a"), payload={"endpoint": "endpoint"})


async def _no_warehouse(glue: Glue) -> httpx.Response:
    async with glue.heliograph.store.begin() as tx:
        ctx = glue.heliograph.context()
        await glue_settings.rotate_claim_secret(tx, ctx, project_id=glue.tenant.id)
        settings = GlueSettings(claimed_groups=("warehouse",))
        await glue_settings.put(tx, ctx, project_id=glue.tenant.id, settings=settings)
    return await glue.subscribe(Browser.new("a"))


async def _invalid_grant(glue: Glue) -> httpx.Response:
    form = {"grant_type": "password", "username": glue.made.account.name, "password": "wrong"}
    return await glue.client.post("/token", data=form)


async def _unsupported_grant(glue: Glue) -> httpx.Response:
    return await glue.client.post("/token", data={"grant_type": "client_credentials"})


async def _everything_at_once(glue: Glue) -> httpx.Response:
    await glue.want(group_names=("warehouse",), locales=("en_US",))
    body = wish(Browser.new("a")) | {
        "providerName": "nobody",
        "group": {"name": "news"},
        "localeName": "xx",
        "payload": {},
    }
    return await glue.call("POST", SUBSCRIPTIONS, document(**body))


TABLE: dict[str, tuple[Case, list[tuple[str | None, int, str]]]] = {
    "001": (_invalid_token, [("001", 401, "Invalid access token.")]),
    "002": (_missing_token, [("002", 401, "Missing access token.")]),
    "403": (_forbidden, [(None, 403, "Unauthorized request.")]),
    "007": (_not_found, [("007", 404, "Not found")]),
    "008": (_no_method, [("008", 404, "Method does not exist")]),
    "011": (
        _filter,
        [("011", 400, "Unsupported `Filter` format is used. Please use `filter[resource.property]`")],
    ),
    "5001": (_no_provider, [("5001", 404, "The push notification provider was not found.")]),
    "5001-subscription": (
        _no_provider_of_a_subscription,
        [("5001", 404, "The push notification provider was not found.")],
    ),
    "5002": (_wrong_group, [("5002", 400, "Wrong group name.")]),
    "5003": (_subscribed_already, [("5003", 400, "Push notification subscription already exists.")]),
    "5004": (
        _has_subscriptions,
        [("5004", 400, "Unable to delete push notification provider while push notification subscription exists.")],
    ),
    "5005": (
        _has_notifications,
        [("5005", 400, "Unable to delete push notification provider while push notification exists.")],
    ),
    "5004-5005": (
        _has_both,
        [
            ("5005", 400, "Unable to delete push notification provider while push notification exists."),
            (
                "5004",
                400,
                "Unable to delete push notification provider while push notification subscription exists.",
            ),
        ],
    ),
    "5006": (
        _name_twice,
        [("5006", 400, "A push notification provider with the same name already exists in request.")],
    ),
    "5007": (
        _name_length,
        [("5007", 400, "A push notification provider name must have length from 1 to 255 characters.")],
    ),
    "5008": (_name_exists, [("5008", 400, "A push notification provider with the same name already exists.")]),
    "5009": (_no_locale, [("5009", 400, "Provided locale not found.")]),
    "5400-body": (_wrong_body, [("5400", 400, "Wrong request body.")]),
    "5400-payload": (_wrong_payload, [("5400", 400, "Invalid payload structure.")]),
    "5400-warehouse": (_no_warehouse, [("5400", 400, "Warehouse not found.")]),
    "invalid_grant": (_invalid_grant, [("invalid_grant", 400, "The user credentials were incorrect.")]),
    "unsupported_grant_type": (
        _unsupported_grant,
        [
            (
                "unsupported_grant_type",
                400,
                "The authorization grant type is not supported by the authorization server.",
            )
        ],
    ),
    "207": (
        _everything_at_once,
        [
            ("5001", 404, "The push notification provider was not found."),
            ("5002", 400, "Wrong group name."),
            ("5009", 400, "Provided locale not found."),
            ("5400", 400, "Invalid payload structure."),
        ],
    ),
}


@pytest.mark.parametrize("row", TABLE)
async def test_every_error_of_the_table(row: str, glue: Glue) -> None:
    """Each row is answered with its code as a string, its status as a number and Spryker's text; several with 207."""
    case, expected = TABLE[row]
    response = await case(glue)
    assert codes(response) == [code for code, _, _ in expected]
    errors: list[dict[str, Any]] = response.json()["errors"]
    assert [(error.get("code"), error["status"], error["message"]) for error in errors] == expected
