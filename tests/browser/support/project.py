"""One project of a Heliograph, as the customer's server uses it through the admin API."""

import hmac
from dataclasses import dataclass
from typing import Any

from tests.browser.support.heliograph import CONTACT, Heliograph
from tests.browser.support.waiting import ARRIVAL, eventually

from heliograph.protocols import base64url

EVERYONE = {"kind": "everyone"}


@dataclass(frozen=True, slots=True)
class Project:
    """A project and the keys that its creation gave."""

    heliograph: Heliograph
    id: str
    publishable_key: str
    secret_key: str

    @classmethod
    async def create(cls, heliograph: Heliograph, origin: str) -> "Project":
        wanted = {"name": "Shop", "origins": [origin], "vapid_subject": CONTACT}
        made = await heliograph.ask("POST", "/v1/projects", wanted)
        return cls(heliograph, made["project"]["id"], made["publishable_key"], made["secret_key"])

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Use the admin API with the project's own secret key."""
        return await self.heliograph.ask(method, path, body, key=self.secret_key)

    async def use_vapid_key(self, private_key: bytes | None = None) -> str:
        """Make pages use another application server key from now on; returns its public half."""
        body = {} if private_key is None else {"private_key": base64url.encode(private_key)}
        return str((await self.ask("POST", "/v1/vapid-keys", body))["public_key"])

    async def new_identity_secret(self) -> bytes:
        """Return the secret that signs external ids."""
        answer = await self.ask("POST", f"/v1/projects/{self.id}/identity-secret")
        return base64url.decode(answer["identity_secret"])

    async def send(self, audience: dict[str, Any] | None = None, kind: str = "notification", **content: Any) -> "Sent":
        """Send a notification, to everyone unless an audience is named."""
        wanted = {"kind": kind, "audience": audience or EVERYONE, "content": content}
        return Sent(self, (await self.ask("POST", "/v1/notifications", wanted))["id"])

    async def subscription(self, subscription_id: str) -> dict[str, Any]:
        return dict(await self.ask("GET", f"/v1/subscriptions/{subscription_id}"))

    async def subscription_becomes(self, subscription_id: str, state: str) -> dict[str, Any]:
        """Wait until a subscription is in this state."""

        async def reached() -> dict[str, Any] | None:
            row = await self.subscription(subscription_id)
            return row if row["state"] == state else None

        return await eventually(reached, f"subscription {subscription_id} to be {state}")


@dataclass(frozen=True, slots=True)
class Sent:
    """A notification that was asked for."""

    project: Project
    id: str

    async def deliveries(self) -> list[dict[str, Any]]:
        answer = await self.project.ask("GET", f"/v1/notifications/{self.id}/deliveries")
        return list(answer["items"])

    async def becomes(self, state: str, within: float = ARRIVAL) -> dict[str, Any]:
        """Wait until there is one delivery and it is in this state."""
        seen: list[Any] = []

        async def reached() -> dict[str, Any] | None:
            seen[:] = await self.deliveries()
            return seen[0] if len(seen) == 1 and seen[0]["state"] == state else None

        return await eventually(reached, lambda: f"one delivery that is {state}; there are {seen}", within)

    async def done(self) -> dict[str, Any]:
        """Wait until everybody in the audience has been served."""

        async def reached() -> dict[str, Any] | None:
            row = dict(await self.project.ask("GET", f"/v1/notifications/{self.id}"))
            return row if row["state"] == "done" else None

        return await eventually(reached, f"notification {self.id} to be done")

    async def reaches_nobody(self) -> None:
        """See that the notification is done and that nothing was sent to anyone."""
        await self.done()
        assert [row for row in await self.deliveries() if row["state"] != "skipped"] == []


def signed(secret: bytes, external_id: str) -> dict[str, str]:
    """Sign an external id, as the customer's server does for the page of a person who is logged in."""
    return {"external_id": external_id, "signature": hmac.new(secret, external_id.encode(), "sha256").hexdigest()}


def profile(external_id: str) -> dict[str, Any]:
    """The audience that is one person."""
    return {"kind": "profiles", "external_ids": [external_id]}
