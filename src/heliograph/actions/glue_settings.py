"""What a project wants of the Glue API: how long subscriptions live, which groups and locales there are, and claims."""

from dataclasses import fields, replace

from heliograph.actions import audit
from heliograph.domain.glue import GlueSettings, is_locale
from heliograph.domain.subscription import check_group
from heliograph.domain.webhook import ReceiverError, read_receiver, shown
from heliograph.errors import Conflict, FieldError, InvalidRequest, ReceiverRefused
from heliograph.kit.context import Context
from heliograph.names import Act
from heliograph.protocols import base64url
from heliograph.storage import glue, projects
from heliograph.storage.glue import KeptSettings
from heliograph.storage.store import Tx

_SECRET_BYTES = 32


async def get(tx: Tx, *, project_id: str) -> KeptSettings:
    """Return a project's settings; the defaults if it never changed them."""
    return await glue.read(tx, project_id)


async def put(
    tx: Tx, ctx: Context, *, project_id: str, settings: GlueSettings, allowed: frozenset[str] = frozenset()
) -> KeptSettings:
    """Replace a project's settings. `allowed` are origins that the operator lets be called.

    Raises:
        InvalidRequest: a group's name or a locale cannot be used.
        ReceiverRefused: the address of the check may not be called.
        Conflict: groups need a claim, or subscriptions a check, and there is no secret yet that could sign it.
    """
    _check(settings)
    if settings.check_url is not None:
        _check_url(settings.check_url, allowed)
    await projects.lock(tx, project_id)
    before = await glue.read(tx, project_id)
    kept = replace(before, settings=settings)
    if settings.claimed_groups and kept.claim_secret is None:
        raise Conflict("Make a claim secret first: nobody could join these groups without one.")
    if settings.check_url is not None and kept.check_secret is None:
        raise Conflict("Make a check secret first: your server could not tell that it is asked by us without one.")
    await glue.write(tx, project_id, kept, now=ctx.now)
    names = [item.name for item in fields(settings)]
    changed = [name for name in names if getattr(settings, name) != getattr(before.settings, name)]
    if changed:
        act = Act.GLUE_SETTINGS_CHANGED
        await audit.note(tx, ctx, act, project_id=project_id, subject_id=project_id, changed=changed)
    return kept


async def rotate_claim_secret(tx: Tx, ctx: Context, *, project_id: str) -> str:
    """Make a new secret for signing claims and return it, once; claims under the old one end at once."""
    await projects.lock(tx, project_id)
    secret = ctx.random_bytes(_SECRET_BYTES)
    kept = replace(await glue.read(tx, project_id), claim_secret=ctx.sealer.seal(secret, _place(project_id)))
    await glue.write(tx, project_id, kept, now=ctx.now)
    await audit.note(tx, ctx, Act.CLAIM_SECRET_RENEWED, project_id=project_id, subject_id=project_id)
    return base64url.encode(secret)


async def rotate_check_secret(tx: Tx, ctx: Context, *, project_id: str) -> str:
    """Make a new secret for signing questions to the shop's check and return it, once; the old one ends at once."""
    await projects.lock(tx, project_id)
    secret = ctx.random_bytes(_SECRET_BYTES)
    sealed = ctx.sealer.seal(secret, _check_place(project_id))
    kept = replace(await glue.read(tx, project_id), check_secret=sealed)
    await glue.write(tx, project_id, kept, now=ctx.now)
    await audit.note(tx, ctx, Act.CHECK_SECRET_RENEWED, project_id=project_id, subject_id=project_id)
    return shown(secret)


def check_key(ctx: Context, project_id: str, kept: KeptSettings) -> bytes:
    """Return the secret that signs questions; there is one wherever there is an address."""
    assert kept.check_secret is not None
    return ctx.sealer.open(kept.check_secret, _check_place(project_id))


def claim_key(ctx: Context, project_id: str, kept: KeptSettings) -> str | None:
    """Return the secret that signs claims, as it was shown; None if there is none."""
    if kept.claim_secret is None:
        return None
    return base64url.encode(ctx.sealer.open(kept.claim_secret, _place(project_id)))


def _place(project_id: str) -> str:
    return f"glue/{project_id}/claim_secret"


def _check_place(project_id: str) -> str:
    return f"glue/{project_id}/check_secret"


def refused(error: ReceiverError) -> ReceiverRefused:
    """Return what a caller is told of an address that may not be called."""
    return ReceiverRefused(str(error), (FieldError("/check_url", str(error)),))


def _check_url(url: str, allowed: frozenset[str]) -> None:
    try:
        read_receiver(url, allowed)
    except ReceiverError as error:
        raise refused(error) from error


def _check(settings: GlueSettings) -> None:
    errors = []
    for member in ("group_names", "claimed_groups"):
        for index, name in enumerate(getattr(settings, member)):
            try:
                check_group(name, None)
            except ValueError as error:
                errors.append(FieldError(f"/{member}/{index}", str(error)))
    for index, name in enumerate(settings.locales):
        if not is_locale(name) or "-" in name:
            errors.append(FieldError(f"/locales/{index}", "Write a locale as en_US."))
    if errors:
        raise InvalidRequest(errors[0].detail, tuple(errors))
