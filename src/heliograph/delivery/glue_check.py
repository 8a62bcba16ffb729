"""Asking the shop's own server whether a browser may join a group: the payload check of the Glue API as a webhook.

Signed and guarded like every call of a receiver. Who is refused and who cannot be asked about joins nothing.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from heliograph.delivery.receivers import Receivers
from heliograph.domain.subscription import Group
from heliograph.domain.webhook import signed_headers
from heliograph.kit.http import HttpResponse, HttpSender, TransportFault

TIMEOUT = timedelta(seconds=3)
"""Somebody's browser waits meanwhile."""
TYPE = "glue.subscription_check"
_NO_CONTENT = 204
_MAX_REASON = 200
_OWN = ("endpoint", "keys", "publicKey", "authToken", "claim", "applicationServerKey", "expirationTime")
"""Members of a payload that are an address or keys, and nobody else's business."""


@dataclass(frozen=True, slots=True)
class Question:
    """Who wants to join what. `payload` is what the browser sent, of which only the shop's own members are told."""

    url: str = field(repr=False)
    secret: bytes = field(repr=False)
    project_id: str
    account_id: str
    provider_name: str
    group: Group
    locale: str | None
    payload: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not, in a sentence."""

    detail: str


async def ask(
    receivers: Receivers, sender: HttpSender, question: Question, *, message_id: str, at: datetime
) -> Refusal | None:
    """Ask, for three seconds at most; None if the browser may join."""
    body = msgspec.json.encode({"type": TYPE, "timestamp": at, "data": _data(question)})
    headers = signed_headers([question.secret], message_id, body, at=at)
    match await receivers.post(sender, question.url, headers, body, within=TIMEOUT):
        case HttpResponse() as answer:
            return _read(answer)
        case TransportFault(kind):
            return Refusal(f"The shop's check of subscriptions could not be asked ({kind}): try again.")


def _data(question: Question) -> dict[str, Any]:
    return {
        "project_id": question.project_id,
        "account_id": question.account_id,
        "provider_name": question.provider_name,
        "group": {"name": question.group.name, "identifier": question.group.identifier},
        "locale": question.locale,
        "payload": {name: value for name, value in question.payload.items() if name not in _OWN},
    }


def _read(answer: HttpResponse) -> Refusal | None:
    if answer.status == _NO_CONTENT:
        return None
    if not 200 <= answer.status < 300:  # noqa: PLR2004 - RFC 9110 section 15.3
        return Refusal(f"The shop's check of subscriptions answered with status {answer.status}: try again.")
    try:
        found = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    allowed = found.get("allowed") if isinstance(found, dict) else None
    if allowed is True:
        return None
    if allowed is not False:
        return Refusal('The shop\'s check of subscriptions must answer {"allowed": true} or {"allowed": false}.')
    reason = found.get("reason")
    if isinstance(reason, str) and reason.isprintable() and reason:
        return Refusal(reason[:_MAX_REASON])
    return Refusal("The shop does not allow it.")
