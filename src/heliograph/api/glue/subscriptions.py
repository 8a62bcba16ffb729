"""`POST /push-notification-subscriptions`: a browser joins a group."""

from typing import Any

from litestar import Request, Response, post

from heliograph.actions import glue_settings
from heliograph.actions import glue_subscriptions as actions
from heliograph.actions.glue_subscriptions import Address, Wish
from heliograph.api.glue.access import By
from heliograph.api.glue.answers import answer, refusal
from heliograph.api.glue.bodies import read_attributes, text
from heliograph.api.wired import Wired
from heliograph.bootstrap import Heliograph
from heliograph.delivery.glue_check import Question, ask
from heliograph.domain import glue_faults as faults
from heliograph.domain.glue import Right
from heliograph.domain.glue_faults import Fault, GlueRefused
from heliograph.kit.ids import to_uuid

KIND = "push-notification-subscriptions"
_SECRETS = ("authToken", "claim")


@post(f"/{KIND}", opt={"right": Right.SUBSCRIBE})
async def glue_subscribe(request: Request[Any, Any, Any], account: By, heliograph: Wired) -> Response[Any]:
    """Let a browser join a group. Who is in it already gets more time, and 5003 unless the project wants no error."""
    attributes, *more = await read_attributes(request)
    if more:
        raise GlueRefused(faults.WRONG_BODY.because("Subscribe one browser at a time."))
    wish = _wish(attributes)
    address = actions.read_payload(wish.payload, heliograph.policy)
    against = await _asked(heliograph, account.project_id, account.id, wish, address)
    async with heliograph.store.begin() as tx:
        done = await actions.subscribe(
            tx, heliograph.context(), project_id=account.project_id, wish=wish, address=address, refusal=against
        )
    if done.faults:
        return refusal(*done.faults)
    uuid = to_uuid(done.subscription_id)
    shown = {
        "providerName": wish.provider_name,
        "payload": _without_secrets(wish.payload),
        "localeName": wish.locale,
        "group": {"name": wish.group_name, "identifier": wish.identifier},
    }
    links = {"self": f"{heliograph.base_url}/{KIND}/{uuid}"}
    return answer({"data": {"type": KIND, "id": uuid, "attributes": shown, "links": links}}, 201)


async def _asked(
    heliograph: Heliograph, project_id: str, account_id: str, wish: Wish, address: Address | Fault
) -> str | None:
    """Ask the shop's own check, if there is one, outside of any transaction; return what it has against it."""
    group = actions.group_of(wish)
    if group is None or isinstance(address, Fault):
        return None  # refused anyway
    async with heliograph.store.read() as tx:
        kept = await glue_settings.get(tx, project_id=project_id)
    if kept.settings.check_url is None:
        return None
    ctx = heliograph.context()
    question = Question(
        url=kept.settings.check_url,
        secret=glue_settings.check_key(ctx, project_id, kept),
        project_id=project_id,
        account_id=account_id,
        provider_name=wish.provider_name,
        group=group,
        locale=wish.locale if isinstance(wish.locale, str) else None,
        payload=wish.payload,
    )
    message_id = ctx.ids.new("msg")
    found = await ask(heliograph.receivers, heliograph.sender, question, message_id=message_id, at=ctx.now)
    return None if found is None else found.detail


def _wish(attributes: dict[str, Any]) -> Wish:
    group = attributes.get("group")
    if not isinstance(group, dict):
        raise GlueRefused(faults.WRONG_BODY.because("/data/attributes/group must be an object with a name."))
    payload = attributes.get("payload")
    claim = attributes.get("claim")
    if claim is None and isinstance(payload, dict):
        claim = payload.get("claim")
    return Wish(
        provider_name=text(attributes, "providerName"),
        group_name=text(group, "name", "/data/attributes/group"),
        identifier=_identifier(group.get("identifier")),
        payload=payload,
        locale=attributes.get("localeName") or None,
        claim=claim if isinstance(claim, str) else None,
    )


def _identifier(given: Any) -> str | None:
    """Take whole numbers too, as Spryker's demo page sends them; an empty text is no identifier."""
    match given:
        case bool():
            pass
        case int():
            return str(given)
        case None | "":
            return None
        case str():
            return given
    raise GlueRefused(faults.WRONG_BODY.because("/data/attributes/group/identifier must be a text or a whole number."))


def _without_secrets(payload: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in payload.items() if name not in _SECRETS}
    keys = shown.get("keys")
    if isinstance(keys, dict):
        shown["keys"] = {name: value for name, value in keys.items() if name != "auth"}
    return shown


ROUTES = (glue_subscribe,)
