"""Registering, refreshing, replacing and ending a browser's subscription over HTTP."""

from tests.support.pages import Browser, Site, problem


async def test_registering_gives_an_id_and_a_secret(site: Site) -> None:
    """A browser that registers is told its id, its secret and what is known of it."""
    response = await site.call("POST", "/subscriptions", Browser.new("a").body(site))
    assert response.status_code == 201
    answer = response.json()
    assert answer["id"].startswith("sub_")
    assert answer["secret"].startswith("hss_")
    assert answer == {
        "id": answer["id"],
        "secret": answer["secret"],
        "state": "active",
        "vapid_key_id": site.project.vapid_key.id,
        "application_server_key_current": True,
        "groups": [],
        "identified": False,
    }
