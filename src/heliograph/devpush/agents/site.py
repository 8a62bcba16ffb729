"""The page and the service worker of a customer's site, as far as Heliograph's public API sees them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import httpx

from heliograph.devpush.agents.agent import Agent
from heliograph.protocols import base64url

_TRIES = 6
_FIRST_WAIT_SECONDS = 0.2
_TIMEOUT_SECONDS = 30.0
_BUSY = {429, 500, 502, 503, 504}
MAX_RECEIPTS = 50
"""Receipts that one request may hold."""


class SiteError(Exception):
    """Heliograph refused, or did not answer."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt as it goes over the wire."""

    delivery: str
    event: str
    at: str


class HeliographSite:
    """A customer's site with its publishable key. Open as an asynchronous context manager, or `close` it.

    Args:
        api_url: origin of Heliograph, such as `http://127.0.0.1:8970`.
        publishable_key: the project's `hpk_…`.
        origin: one of the project's origins, exactly.
        concurrency: requests at a time.
        transport: another way to reach Heliograph, such as an ASGI application.
    """

    def __init__(
        self,
        api_url: str,
        publishable_key: str,
        origin: str,
        *,
        concurrency: int = 20,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._client = httpx.AsyncClient(
            base_url=f"{api_url.rstrip('/')}/v1/public",
            headers={"Heliograph-Key": publishable_key, "Origin": origin},
            timeout=_TIMEOUT_SECONDS,
            trust_env=False,
            transport=transport,
            limits=httpx.Limits(max_connections=concurrency),
        )
        self._turns = asyncio.Semaphore(concurrency)
        self.application_server_key = b""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def load_config(self) -> bytes:
        """Return the project's current application server key, 65 bytes."""
        answer = await self._call("GET", "/config")
        self.application_server_key = base64url.decode(str(answer["application_server_key"]))
        return self.application_server_key

    async def subscribe(self, agent: Agent, groups: Sequence[dict[str, Any]] = ()) -> None:
        """Hand an agent's subscription over and keep its identifier and secret."""
        answer = await self._call("POST", "/subscriptions", json=self._body(agent, groups))
        agent.subscription_id, agent.subscription_secret = str(answer["id"]), str(answer["secret"])

    async def replace(self, agent: Agent) -> None:
        """Hand over the new subscription of an agent that lost its old one (`pushsubscriptionchange`)."""
        headers = {"Authorization": f"Bearer {agent.subscription_secret}"}
        path = f"/subscriptions/{agent.subscription_id}"
        await self._call("PUT", path, json=self._body(agent, ()), headers=headers)

    async def unsubscribe(self, agent: Agent) -> None:
        """Take an agent's subscription back."""
        headers = {"Authorization": f"Bearer {agent.subscription_secret}"}
        await self._call("DELETE", f"/subscriptions/{agent.subscription_id}", headers=headers)

    async def report(self, receipts: Sequence[Receipt]) -> tuple[int, list[str]]:
        """Send up to 50 receipts. Returns how many were accepted, and the codes of those that were not."""
        body = {"receipts": [{"delivery": r.delivery, "event": r.event, "at": r.at} for r in receipts]}
        answer = await self._call("POST", "/receipts", json=body)
        return int(answer["accepted"]), [str(one["code"]) for one in answer.get("refused", [])]

    async def tell(self, visitor: str, events: Sequence[dict[str, Any]]) -> int:
        """Tell what a visitor did on the page. Returns how many events were accepted."""
        answer = await self._call("POST", "/events", json={"visitor": visitor, "events": list(events)})
        return int(answer["accepted"])

    async def prompts(self, visitor: str, *, url: str) -> list[dict[str, Any]]:
        """Ask which prompt campaigns there are for a visitor who has not been asked yet."""
        asked = {"visitor": visitor, "permission": "default", "url": url}
        answer = await self._call("POST", "/campaigns", json=asked)
        return list(answer["campaigns"])

    async def tell_of_prompts(self, visitor: str, events: Sequence[dict[str, Any]]) -> int:
        """Tell what became of prompts. Returns how many events were accepted."""
        answer = await self._call("POST", "/campaign-events", json={"visitor": visitor, "events": list(events)})
        return int(answer["accepted"])

    def _body(self, agent: Agent, groups: Sequence[dict[str, Any]]) -> dict[str, Any]:
        body: dict[str, Any] = {
            "endpoint": agent.endpoint,
            "keys": {"p256dh": base64url.encode(agent.p256dh), "auth": base64url.encode(agent.auth)},
            "application_server_key": base64url.encode(self.application_server_key),
        }
        if groups:
            body["groups"] = list(groups)
        if agent.visitor:
            body["visitor"] = agent.visitor
        return body

    async def _call(self, method: str, path: str, **rest: Any) -> dict[str, Any]:
        wait = _FIRST_WAIT_SECONDS
        problem = ""
        for _ in range(_TRIES):
            try:
                async with self._turns:
                    response = await self._client.request(method, path, **rest)
            except httpx.TransportError as error:
                problem = type(error).__name__
            else:
                if response.is_success:
                    return dict(response.json()) if response.content else {}
                problem = f"{response.status_code}: {response.text[:300]}"
                if response.status_code not in _BUSY:
                    break
            await asyncio.sleep(wait)
            wait *= 2
        raise SiteError(f"{method} {path.split('/sub_', maxsplit=1)[0]} failed, {problem}")
