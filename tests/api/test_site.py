"""The checks over HTTP."""

import httpx
from tests.support.api import Tenant


async def test_a_check_looks_at_public_addresses_alone(api: httpx.AsyncClient, alice: Tenant) -> None:
    """Whoever holds a key cannot use this server to look around inside."""
    answer = await api.get("/v1/site/check?page=https://127.0.0.1:1/", headers=alice.manage)
    assert answer.status_code == 200
    found = {finding["id"]: finding for finding in answer.json()["findings"]}
    assert answer.json()["ok"] is False
    assert "reachable.inside" in found
    assert "origin.unlisted" in found


async def test_the_kit_has_the_projects_own_key(api: httpx.AsyncClient, alice: Tenant) -> None:
    """It is made for one project."""
    kit = (await api.get("/v1/site/kit?push_host=push.shop.example", headers=alice.manage)).json()
    assert alice.made.publishable_key.token in kit["script_tag"]
    assert "https://push.shop.example/" in kit["script_tag"]
    assert kit["record"]["name"] == "push.shop.example"
