"""`POST /token`: an account's name and password for a token (RFC 6749 section 4.3, as Spryker offers it)."""

from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, post

from heliograph.actions import accounts
from heliograph.api.glue.access import OPEN
from heliograph.api.glue.answers import TOKEN_PATH
from heliograph.api.glue.bodies import media_type, read_json
from heliograph.api.public.pace import caller_of
from heliograph.api.wired import Wired
from heliograph.bootstrap import Heliograph
from heliograph.domain import glue_faults as faults
from heliograph.domain.glue_faults import GlueRefused
from heliograph.errors import TooManyRequests
from heliograph.kit.passwords import MAX_PASSWORD, NOBODY, BusyError, fits_aside
from heliograph.names import Metric
from heliograph.storage import accounts as rows
from heliograph.storage.accounts import Account

_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 20


@post(TOKEN_PATH, status_code=200, opt=OPEN)
async def create_token(request: Request[Any, Any, Any], heliograph: Wired) -> Response[Any]:
    """Return a token. The older JSON form is answered with a list of one, as Spryker does."""
    is_form = media_type(request) == _FORM
    fields = _form(await request.body()) if is_form else _older(await read_json(request))
    grant_type = fields.get("grant_type") or fields.get("grantType")
    if grant_type is not None and grant_type != "password":
        raise GlueRefused(faults.UNSUPPORTED_GRANT.because("Only the grant type password is known here."))
    name, password = fields.get("username"), fields.get("password")
    if not (grant_type and isinstance(name, str) and isinstance(password, str)):
        raise GlueRefused(faults.INVALID_TOKEN_REQUEST.because("Send grant_type=password, username and password."))
    account = await _proved(heliograph, name, password, caller_of(request))
    document = {
        "token_type": "Bearer",
        "expires_in": int(accounts.TOKEN_LIFE.total_seconds()),
        "access_token": accounts.issue_token(heliograph.context(), account),
    }
    content: Any = document if is_form else [document]
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"}
    return Response(content, status_code=200, media_type="application/json", headers=headers)


def _form(body: bytes) -> dict[str, Any]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise GlueRefused(faults.INVALID_TOKEN_REQUEST.because("The form cannot be read.")) from error


def _older(body: Any) -> dict[str, Any]:
    data = body.get("data", body) if isinstance(body, dict) else None
    found = data.get("attributes", data) if isinstance(data, dict) else None
    if not isinstance(found, dict):
        raise GlueRefused(faults.INVALID_TOKEN_REQUEST.because("Send a form, or a JSON object."))
    return found


async def _proved(heliograph: Heliograph, name: str, password: str, address: str | None) -> Account:
    name = name[: accounts.MAX_NAME + 1]
    guesses = heliograph.guesses
    wait = guesses.begin(name, address, heliograph.clock.now())
    if wait is not None:
        heliograph.meters.add(Metric.RATE_LIMITED, limit="password")
        raise TooManyRequests("Too many wrong passwords: wait before you try again.", retry_after=wait)
    try:
        account = await _found(heliograph, name, password, is_familiar=guesses.knows(name, address))
    except Exception:
        guesses.undo(name, address, heliograph.clock.now())
        raise
    if account is None:
        raise GlueRefused(faults.INVALID_GRANT)
    guesses.undo(name, address, heliograph.clock.now())
    guesses.remember(name, address)
    return account


async def _found(heliograph: Heliograph, name: str, password: str, *, is_familiar: bool) -> Account | None:
    """Return the account that a name and a password open; None if they are wrong."""
    account = None
    if len(name) <= accounts.MAX_NAME and "\0" not in name and len(password) <= MAX_PASSWORD:
        async with heliograph.store.read() as tx:
            account = await rows.named(tx, name)
    try:
        stored = NOBODY if account is None else account.password_hash
        fits = await fits_aside(password[:MAX_PASSWORD], stored, is_familiar=is_familiar)
    except BusyError as error:
        raise TooManyRequests("Too many passwords are being checked: try again in a second.") from error
    return account if fits and account is not None and account.revoked_at is None else None
