"""Who calls the Glue API: a token of an account, which decides the project, and what the account may do."""

from typing import Any, TypeAlias

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler

from heliograph.actions import accounts
from heliograph.api.application import request_id_of
from heliograph.api.public.pace import caller_of
from heliograph.bootstrap import Heliograph
from heliograph.domain import glue_faults as faults
from heliograph.domain.glue_faults import GlueRefused
from heliograph.errors import Unauthorized
from heliograph.kit.acting import Actor, ActorKind, act_as
from heliograph.storage.accounts import Account

By: TypeAlias = NamedDependency[Account]
"""Ask for the caller with a parameter `account: By`."""

OPEN = {"is_open": True}
"""What a handler says of itself that needs no token."""


async def authenticate(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Find out who calls and whether they may (a guard, before a body is read)."""
    if handler.opt.get("is_open", False):
        return
    scheme, _, token = (connection.headers.get("authorization") or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise GlueRefused(faults.MISSING_TOKEN.because("Get a token at /token: Authorization: Bearer hat_…."))
    heliograph: Heliograph = connection.app.state.heliograph
    try:
        async with heliograph.store.read() as tx:
            account = await accounts.of_token(tx, heliograph.context(), token=token.strip())
    except Unauthorized as error:
        raise GlueRefused(faults.INVALID_TOKEN.because(error.detail)) from error
    right = handler.opt.get("right")
    if right is not None and right not in account.rights:
        raise GlueRefused(faults.FORBIDDEN.because(f"This account lacks the right {right}."))
    # Whoever holds a token had the password: a restart must not make a stranger of a shop that somebody attacks.
    heliograph.guesses.remember(account.name, caller_of(connection))
    connection.scope["auth"] = account
    act_as(Actor(ActorKind.ACCOUNT, account.id, request_id_of(connection.scope)))


def provide_account(request: Request[Any, Account, Any]) -> Account:
    """Hand the account to a handler that asks for `account`."""
    return request.auth
