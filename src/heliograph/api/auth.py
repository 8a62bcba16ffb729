"""Who calls the admin API: a secret key (RFC 6750), what it may do, and for which project.

Guards run before a body is read, so a stranger learns nothing about the form of requests.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler

from heliograph.actions import keys, projects
from heliograph.api.application import request_id_of
from heliograph.bootstrap import Heliograph
from heliograph.errors import FieldError, InvalidRequest, NotFound, ScopeMissing, Unauthorized, Unavailable
from heliograph.kit.acting import Actor, ActorKind, act_as
from heliograph.kit.context import Context
from heliograph.kit.ids import is_id
from heliograph.names import Scope
from heliograph.storage.api_keys import ApiKey

PROJECT_HEADER = "Heliograph-Project"


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated caller.

    Attributes:
        project_id: the project that the call is about; None for an installation key that names none.
        is_installation: whether the key is the installation's and not one project's.
    """

    key_id: str
    project_id: str | None
    scopes: frozenset[Scope]
    is_installation: bool

    def project(self) -> str:
        """Return the project that the call is about, or raise `InvalidRequest`."""
        if self.project_id is None:
            sentence = f"This is the installation's key: name the project with the header {PROJECT_HEADER}."
            raise InvalidRequest(sentence, (FieldError(f"header/{PROJECT_HEADER}", sentence),))
        return self.project_id

    def may(self, scope: Scope) -> bool:
        """Tell whether the key has a scope; `manage` includes the others."""
        return scope in self.scopes or Scope.MANAGE in self.scopes

    def check_reach(self, project_id: str) -> None:
        """Refuse a project that is not the caller's, as if there were none."""
        if not self.is_installation and project_id != self.project_id:
            raise NotFound("There is no such project.")


By: TypeAlias = NamedDependency[Caller]
"""Ask for the caller with a parameter `caller: By`."""


async def authenticate(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Find out who calls and whether they may (a guard of the admin router)."""
    heliograph: Heliograph = connection.app.state.heliograph
    ctx = heliograph.context()
    token = _bearer(connection.headers.get("authorization"))
    async with heliograph.store.read() as tx:
        key = await keys.authenticate(tx, ctx, token=token)
        caller = Caller(
            key_id=key.id,
            project_id=key.project_id,
            scopes=frozenset(key.scopes),
            is_installation=key.project_id is None,
        )
        named = connection.headers.get(PROJECT_HEADER)
        if named is not None:
            caller.check_reach(named)
            if not is_id("prj", named):  # U+0000 in a header would be the database's trouble
                raise NotFound("There is no such project.")
            caller = Caller(
                key.id, (await projects.get(tx, project_id=named)).id, caller.scopes, caller.is_installation
            )
    _check_scope(caller, handler)
    connection.scope["auth"] = caller
    act_as(Actor(ActorKind.KEY, caller.key_id, request_id_of(connection.scope)))
    await _note_use(heliograph, ctx, key)


def _bearer(header: str | None) -> str:
    if header is None:
        raise Unauthorized("Send a secret key: Authorization: Bearer hsk_….")
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("Write the header as Authorization: Bearer hsk_….")
    return token.strip()


def _check_scope(caller: Caller, handler: BaseRouteHandler) -> None:
    # A route that says nothing needs the most.
    scope = handler.opt.get("scope", Scope.MANAGE)
    if handler.opt.get("is_installation_only", False) and not caller.is_installation:
        raise ScopeMissing("Only a key of the installation may do this, not one of a project.")
    if not caller.may(scope):
        raise ScopeMissing(f"This needs a key with the scope {scope}.")


async def _note_use(heliograph: Heliograph, ctx: Context, key: ApiKey) -> None:
    if not keys.is_use_worth_noting(key, ctx.now):
        return
    try:
        async with heliograph.store.begin() as tx:
            await keys.note_use(tx, ctx, key_id=key.id)
    except Unavailable:
        # Knowing when a key was used is not worth refusing the call.
        return


def provide_caller(request: Request[Any, Caller, Any]) -> Caller:
    """Hand the caller to a handler that asks for `caller`."""
    return request.auth
