"""Providers through the Glue API: Spryker's conventions of JSON:API, and the same rows as in `/v1`."""

import pytest
from tests.api.glue.conftest import JSON_API, PROVIDERS, Glue, codes, document, make_account
from tests.support.api import Tenant

from heliograph.actions import accounts, audit
from heliograph.domain.glue import Right
from heliograph.kit.ids import from_uuid, to_uuid


async def test_a_provider_from_its_making_to_its_end(glue: Glue) -> None:
    """Made, read, renamed and removed under one UUID, with camelCase attributes and a link to itself."""
    response = await glue.call("POST", PROVIDERS, document(name="Fulfillment App provider", uuid="ignored"))
    assert (response.status_code, response.headers["content-type"]) == (201, JSON_API)
    made = response.json()["data"]
    uuid = made["id"]
    assert made == {
        "type": "push-notification-providers",
        "id": uuid,
        "attributes": {"uuid": uuid, "name": "Fulfillment App provider"},
        "links": {"self": f"http://localhost:8970{PROVIDERS}/{uuid}"},
    }
    assert (await glue.call("GET", f"{PROVIDERS}/{uuid}")).json() == {"data": made}
    assert (await glue.call("GET", f"{PROVIDERS}/{uuid.upper()}")).json() == {"data": made}

    changed = await glue.call(
        "PATCH", f"{PROVIDERS}/{uuid}", {"data": {"id": "other", "attributes": {"name": "ж" * 255}}}
    )
    assert (changed.status_code, changed.json()["data"]["attributes"]["name"]) == (200, "ж" * 255)
    own_name = await glue.call("PATCH", f"{PROVIDERS}/{uuid}", document(name="ж" * 255))
    assert own_name.status_code == 200

    removed = await glue.call("DELETE", f"{PROVIDERS}/{uuid}")
    assert (removed.status_code, removed.content) == (204, b"")
    for method, body in (("GET", None), ("PATCH", document(name="x")), ("DELETE", None)):
        assert codes(await glue.call(method, f"{PROVIDERS}/{uuid}", body)) == ["5001"]


async def test_the_same_provider_as_in_v1(glue: Glue, alice: Tenant) -> None:
    """What Glue makes is listed in `/v1` under the same 128 bits, and the other way round."""
    uuid = await glue.provider("from glue")
    provider_id = from_uuid("prv", uuid)
    found = await glue.client.get(f"/v1/providers/{provider_id}", headers=alice.manage)
    assert found.json()["name"] == "from glue"
    assert to_uuid(provider_id) == uuid
    made = await glue.client.post("/v1/providers", json={"name": "from v1"}, headers=alice.manage)
    shown = await glue.call("GET", f"{PROVIDERS}/{to_uuid(made.json()['id'])}")
    assert shown.json()["data"]["attributes"]["name"] == "from v1"


async def test_lists_are_sorted_cut_and_thinned(glue: Glue) -> None:
    """Sort by a few fields, cut with offset and limit if both are there, and show only what was asked for."""
    for name in ("b", "a", "c"):
        await glue.provider(name)

    async def names(query: str) -> list[str]:
        response = await glue.call("GET", f"{PROVIDERS}?{query}")
        assert response.status_code == 200, response.text
        return [one["attributes"]["name"] for one in response.json()["data"]]

    assert await names("sort=name") == ["a", "b", "c", "web", "web-push-php"]
    assert await names("sort=-name") == ["web-push-php", "web", "c", "b", "a"]
    assert await names("sort=createdAt,-name") == ["web-push-php", "web", "c", "b", "a"]
    assert await names("sort=uuid") == await names("")
    assert await names("sort=name&page[offset]=1&page[limit]=2") == ["b", "c"]
    assert await names("sort=name&page%5Boffset%5D=4&page%5Blimit%5D=9") == ["web-push-php"]
    assert await names("page[offset]=900&page[limit]=1") == []
    assert len(await names("page[limit]=1")) == len(await names("page[offset]=3")) == 5
    thin = await glue.call(
        "GET", f"{PROVIDERS}?sort=name&fields[push-notification-providers]=name&include=x&filter[a.b]=1"
    )
    assert thin.json()["data"][0]["attributes"] == {"name": "a"}
    assert thin.json()["links"]["self"].endswith("filter[a.b]=1")
    for query in ("sort=password", "sort=", "page[offset]=-1&page[limit]=1", "page[offset]=1&page[limit]=x"):
        response = await glue.call("GET", f"{PROVIDERS}?{query}")
        assert response.status_code == 200 if query == "sort=" else codes(response) == ["5400"]


@pytest.mark.parametrize("name", ["non-existent-id", "invalid", "0", "%F0%9F%90%98", "%00", "a" * 3000, "..;", "prv_"])
async def test_a_malformed_id_is_just_not_found(name: str, glue: Glue) -> None:
    """Whatever stands there is no provider; a body that is wrong is told first."""
    for method, body in (("GET", None), ("PATCH", document(name="x")), ("DELETE", None)):
        response = await glue.call(method, f"{PROVIDERS}/{name}", body)
        assert codes(response) in (["5001"], ["007"])
        assert response.status_code == 404
    assert codes(await glue.call("PATCH", f"{PROVIDERS}/invalid", document(name=""))) == ["5400"]


async def test_the_order_of_rules_for_a_new_name(glue: Glue) -> None:
    """Nothing, or what PHP takes for nothing, stops everything; a name that is taken and one that is long add up."""
    for name in ("", "0", None, 0, False, [], {}, 5):
        assert codes(await glue.call("POST", PROVIDERS, document(name=name))) == ["5400"]
    body = {"data": [{"attributes": {"name": "web"}}, {"attributes": {"name": "x" * 256}}]}
    assert codes(await glue.call("POST", PROVIDERS, body)) == ["5008", "5007"]
    several = {"data": [{"attributes": {"name": "one"}}, {"attributes": {"name": "two"}}]}
    assert [one["attributes"]["name"] for one in (await glue.call("POST", PROVIDERS, several)).json()["data"]] == [
        "one",
        "two",
    ]


async def test_the_last_provider_stays(glue: Glue) -> None:
    """A project without any way of sending could not take subscriptions."""
    listed = (await glue.call("GET", PROVIDERS)).json()["data"]
    statuses = [(await glue.call("DELETE", f"{PROVIDERS}/{one['id']}")).status_code for one in listed]
    assert statuses == [204, 400]


async def test_other_projects_providers(glue: Glue, bob: Tenant) -> None:
    """The account decides the project; what is another one's is not there."""
    theirs = f"{PROVIDERS}/{to_uuid(bob.made.provider.id)}"
    for method, body in (("GET", None), ("PATCH", document(name="x")), ("DELETE", None)):
        assert codes(await glue.call(method, theirs, body)) == ["5001"]
    stranger = await make_account(glue.heliograph, bob, "stranger", Right.PROVIDERS)
    token = accounts.issue_token(glue.heliograph.context(), stranger.account)
    listed = (await glue.call("GET", PROVIDERS, token=token)).json()["data"]
    assert to_uuid(bob.made.provider.id) in {one["id"] for one in listed}
    assert codes(await glue.call("POST", PROVIDERS, document(name="web"), token=token)) == ["5008"]


async def test_what_an_account_does_is_written_down(glue: Glue) -> None:
    """An act that came through the Glue API names the account and the request."""
    response = await glue.call("POST", PROVIDERS, document(name="second"))
    async with glue.heliograph.store.read() as tx:
        log = (await audit.listing(tx, project_id=glue.tenant.id, cursor=None, limit=50)).items
    (entry,) = [one for one in log if one.actor_kind == "account"]
    assert (entry.act, entry.actor_id) == ("provider_made", glue.made.account.id)
    assert entry.request_id == response.headers["x-request-id"]
