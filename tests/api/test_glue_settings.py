"""What a project wants of the Glue API, over `/v1`."""

import httpx
from tests.support.api import Tenant

DEFAULTS = {
    "subscription_ttl_seconds": 604_800,
    "repeat_is_error": True,
    "group_names": [],
    "locales": [],
    "claimed_groups": [],
    "has_claim_secret": False,
    "check_url": None,
    "has_check_secret": False,
}


async def test_settings_are_read_and_replaced(api: httpx.AsyncClient, alice: Tenant, bob: Tenant) -> None:
    """Spryker's behaviour by default; what is left out returns to it; another project has its own."""
    assert (await api.get("/v1/glue-settings", headers=alice.manage)).json() == DEFAULTS
    body = {"subscription_ttl_seconds": None, "repeat_is_error": False, "locales": ["en_US"], "group_names": ["news"]}
    answered = await api.put("/v1/glue-settings", json=body, headers=alice.manage)
    assert answered.json() == DEFAULTS | body
    assert (await api.get("/v1/glue-settings", headers=alice.manage)).json() == DEFAULTS | body
    assert (await api.get("/v1/glue-settings", headers=bob.manage)).json() == DEFAULTS
    assert (await api.put("/v1/glue-settings", json={}, headers=alice.manage)).json() == DEFAULTS


async def test_claims_need_a_secret(api: httpx.AsyncClient, alice: Tenant) -> None:
    """Groups that nobody could join are refused; the secret is shown once and survives a change of settings."""
    body = {"claimed_groups": ["warehouse"]}
    assert (await api.put("/v1/glue-settings", json=body, headers=alice.manage)).status_code == 409
    secrets = {
        (await api.post("/v1/glue-settings/claim-secret", headers=alice.manage)).json()["claim_secret"]
        for _ in range(2)
    }
    assert len(secrets) == 2
    answered = await api.put("/v1/glue-settings", json=body, headers=alice.manage)
    assert answered.json() == DEFAULTS | body | {"has_claim_secret": True, "check_url": None, "has_check_secret": False}
    assert not any(secret in answered.text for secret in secrets)


async def test_odd_settings(api: httpx.AsyncClient, alice: Tenant) -> None:
    """Names that no group can have, and locales that none is, are pointed at."""
    for body, pointer in (
        ({"group_names": ["news", "News"]}, "/group_names/1"),
        ({"claimed_groups": ["é"]}, "/claimed_groups/0"),
        ({"locales": ["en_US", "en-US"]}, "/locales/1"),
        ({"locales": ["english"]}, "/locales/0"),
        ({"subscription_ttl_seconds": 1}, "/subscription_ttl_seconds"),
    ):
        answered = await api.put("/v1/glue-settings", json=body, headers=alice.manage)
        assert answered.status_code == 400
        assert answered.json()["errors"][0]["pointer"] == pointer


async def test_what_is_changed_is_written_down(api: httpx.AsyncClient, alice: Tenant) -> None:
    """Which settings changed, and that the claim secret did; what changes nothing is no act, and no secret is told."""
    settings = {"claimed_groups": ["warehouse"], "repeat_is_error": False}
    secret = (await api.post("/v1/glue-settings/claim-secret", headers=alice.manage)).json()["claim_secret"]
    for _ in range(2):
        assert (await api.put("/v1/glue-settings", json=settings, headers=alice.manage)).status_code == 200
    log = await api.get("/v1/audit", headers=alice.manage)
    found = [(entry["act"], entry["details"]) for entry in log.json()["items"] if not entry["act"].endswith("_made")]
    assert sorted(found) == [
        ("claim_secret_renewed", {}),
        ("glue_settings_changed", {"changed": ["repeat_is_error", "claimed_groups"]}),
    ]
    assert secret not in log.text
