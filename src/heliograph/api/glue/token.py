"""`POST /token`: an account's name and password for a token (RFC 6749 section 4.3, as Spryker offers it)."""

from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, post

from heliograph.actions import accounts
from heliograph.api.glue.access import OPEN
from heliograph.api.glue.answers import TOKEN_PATH
from heliograph.api.glue.bodies import media_type, read_json
from heliograph.api.wired import Wired
from heliograph.bootstrap import Heliograph
from heliograph.domain import glue_faults as faults
from heliograph.domain.glue_faults import GlueRefused
from heliograph.errors import TooManyRequests
from heliograph.kit.passwords import MAX_PASSWORD, NOBODY, BusyError, fits_aside
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
    account = await _proved(heliograph, name, password)
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


async def _proved(heliograph: Heliograph, name: str, password: str) -> Account:
    account = None
    if len(name) <= accounts.MAX_NAME and "\0" not in name and len(password) <= MAX_PASSWORD:
        async with heliograph.store.read() as tx:
            account = await rows.named(tx, name)
    try:
        fits = await fits_aside(password[:MAX_PASSWORD], NOBODY if account is None else account.password_hash)
    except BusyError as error:
        raise TooManyRequests("Too many passwords are being checked: try again in a second.") from error
    if account is None or account.revoked_at is not None or not fits:
        raise GlueRefused(faults.INVALID_GRANT)
    return account
