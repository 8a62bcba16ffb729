"""`/v1/providers`: a project's ways of sending."""

from tests.support.operations import row_counts

_PATH = "/v1/providers"


async def test_a_provider_lives_from_making_to_removal(api, alice):
    """It can be added, renamed, switched off and removed."""
    made = (await api.post(_PATH, headers=alice.manage, json={"name": "web-2"})).json()
    assert made["is_enabled"] is True
    path = f"{_PATH}/{made['id']}"
    changed = (await api.patch(path, headers=alice.manage, json={"name": "web-3", "is_enabled": False})).json()
    assert (changed["name"], changed["is_enabled"]) == ("web-3", False)
    assert (await api.patch(path, headers=alice.manage, json={})).json() == changed
    assert (await api.delete(path, headers=alice.manage)).status_code == 204
    assert (await api.get(path, headers=alice.manage)).status_code == 404


async def test_a_name_is_taken_once(api, heliograph, alice, bob):
    """Two providers of a project have different names; another project's do not matter."""
    before = await row_counts(heliograph)
    assert (await api.post(_PATH, headers=alice.manage, json={"name": "web"})).status_code == 409
    assert await row_counts(heliograph) == before
    made = (await api.post(_PATH, headers=alice.manage, json={"name": "mine"})).json()
    assert (await api.post(_PATH, headers=bob.manage, json={"name": "mine"})).status_code == 201
    renamed = await api.patch(f"{_PATH}/{made['id']}", headers=alice.manage, json={"name": "web"})
    assert renamed.status_code == 409
    same = await api.patch(f"{_PATH}/{made['id']}", headers=alice.manage, json={"name": "mine"})
    assert same.status_code == 200


async def test_the_last_provider_of_a_channel_stays(api, alice):
    """Without one no page could subscribe; it can be switched off."""
    path = f"{_PATH}/{alice.made.provider.id}"
    assert (await api.delete(path, headers=alice.manage)).status_code == 409
    assert (await api.patch(path, headers=alice.manage, json={"is_enabled": False})).json()["is_enabled"] is False
