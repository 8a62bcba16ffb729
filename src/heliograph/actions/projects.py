"""What an operator does with projects: one tenant each, with keys, origins and a contact of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from heliograph.actions import audit, providers, vapid_keys
from heliograph.actions.contact_limits import check_limits
from heliograph.actions.rates import changed_rates
from heliograph.actions.tokens import Issued, issue_publishable, issue_secret
from heliograph.domain.contact_rules import ContactRules
from heliograph.domain.notification import DEFAULT_BUDGET
from heliograph.domain.origin import canonical_origin
from heliograph.errors import ContactRefused, FieldError, InvalidRequest, NotFound
from heliograph.kit.context import Context
from heliograph.kit.paging import Page, read_page
from heliograph.names import Act, Scope
from heliograph.protocols import base64url, vapid
from heliograph.storage import projects, webhooks
from heliograph.storage.projects import Project
from heliograph.storage.providers import Provider
from heliograph.storage.store import Tx
from heliograph.storage.vapid_keys import VapidKey

MAX_ORIGINS = 100
_SECRET_BYTES = 32
_LEAST_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class CreatedProject:
    """A new project and everything made with it. The secret key's token is not kept."""

    project: Project
    publishable_key: Issued
    secret_key: Issued
    vapid_key: VapidKey
    provider: Provider


async def create(
    tx: Tx,
    ctx: Context,
    *,
    name: str,
    origins: Sequence[str],
    vapid_subject: str,
    plaintext_budget: int = DEFAULT_BUDGET,
    identity_public_key: str | None = None,
) -> CreatedProject:
    """Make a project that can take subscriptions at once: with keys, a VAPID key and a provider for the web.

    `origins` are the pages that may subscribe, such as `https://shop.example`; `vapid_subject` is the contact for push
    services, `mailto:` or `https:`; `plaintext_budget` are bytes that a notification may have; `identity_public_key` is
    the PEM of a P-256 or RSA key that verifies identity tokens.

    Raises:
        InvalidRequest: an origin or the public key cannot be used.
        ContactRefused: push services would refuse the contact.
    """
    project_id = ctx.ids.new("prj")
    project = Project(
        id=project_id,
        name=name,
        origins=_origins(origins),
        vapid_subject=_subject(vapid_subject),
        receipt_key=ctx.sealer.seal(ctx.random_bytes(_SECRET_BYTES), _place(project_id, "receipt_key")),
        identity_secret=ctx.sealer.seal(ctx.random_bytes(_SECRET_BYTES), _place(project_id, "identity_secret")),
        identity_public_key=_public_key(identity_public_key),
        plaintext_budget=plaintext_budget,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    await projects.add(tx, project)
    await audit.note(tx, ctx, Act.PROJECT_MADE, project_id=project_id, subject_id=project_id, name=name)
    return CreatedProject(
        project=project,
        publishable_key=await issue_publishable(tx, ctx, project_id=project_id, name="Page"),
        secret_key=await issue_secret(tx, ctx, project_id=project_id, name="First key", scopes={Scope.MANAGE}),
        vapid_key=await vapid_keys.create(tx, ctx, project_id=project_id),
        provider=await providers.create(tx, ctx, project_id=project_id, name="web"),
    )


async def listing(tx: Tx, *, cursor: str | None, limit: int) -> Page[Project]:
    """Return a page of all projects, oldest first."""
    return await read_page(
        lambda after, count: projects.page(tx, after=after, limit=count),
        lambda project: project.id,
        listing="projects",
        cursor=cursor,
        limit=limit,
    )


async def get(tx: Tx, *, project_id: str) -> Project:
    """Return one project, or raise `NotFound`."""
    project = await projects.get(tx, project_id)
    if project is None:
        raise NotFound("There is no such project.")
    return project


async def change(
    tx: Tx,
    ctx: Context,
    *,
    project_id: str,
    name: str | None = None,
    origins: Sequence[str] | None = None,
    vapid_subject: str | None = None,
    plaintext_budget: int | None = None,
    identity_public_key: str | None = None,
    clear_identity_public_key: bool = False,
    rate: str | None = None,
    clear_rate: bool = False,
    push_service_rates: Mapping[str, str] | None = None,
    limits: ContactRules | None = None,
) -> Project:
    """Change a project; None leaves a member as it is, and limits that say nothing are none."""
    # Locked, because the rates are one value: two changes at once must not undo each other.
    is_rated = rate is not None or clear_rate or push_service_rates is not None
    project = await projects.lock(tx, project_id) if is_rated else await projects.get(tx, project_id)
    if project is None:
        raise NotFound("There is no such project.")
    values: dict[str, Any] = {}
    if name is not None:
        values["name"] = name
    if origins is not None:
        values["origins"] = list(_origins(origins))
    if vapid_subject is not None:
        values["vapid_subject"] = _subject(vapid_subject)
    if plaintext_budget is not None:
        values["plaintext_budget"] = plaintext_budget
    if identity_public_key is not None or clear_identity_public_key:
        values["identity_public_key"] = _public_key(identity_public_key)
    if is_rated:
        values["rates"] = changed_rates(project.rates, rate=rate, by_service=push_service_rates, clear_rate=clear_rate)
    if limits is not None:
        check_limits(limits, "/limits")
        values["limits"] = limits.stored() or None
    if values:
        await projects.change(tx, project_id, values | {"updated_at": ctx.now})
        changed = sorted(values)
        await audit.note(tx, ctx, Act.PROJECT_CHANGED, project_id=project_id, subject_id=project_id, changed=changed)
    return await get(tx, project_id=project_id)


async def rotate_identity_secret(tx: Tx, ctx: Context, *, project_id: str) -> str:
    """Make a new secret for signing external ids and return it, once; signatures under the old one end at once."""
    secret = ctx.random_bytes(_SECRET_BYTES)
    sealed = ctx.sealer.seal(secret, _place(project_id, "identity_secret"))
    if not await projects.change(tx, project_id, {"identity_secret": sealed, "updated_at": ctx.now}):
        raise NotFound("There is no such project.")
    await audit.note(tx, ctx, Act.IDENTITY_SECRET_RENEWED, project_id=project_id, subject_id=project_id)
    return base64url.encode(secret)


async def remove(tx: Tx, ctx: Context, *, project_id: str) -> None:
    """Delete a project: its keys open nothing from now on, and nothing of it is found any more."""
    if not await projects.change(tx, project_id, {"deleted_at": ctx.now}):
        raise NotFound("There is no such project.")
    await webhooks.switch_off(tx, project_id)
    await audit.note(tx, ctx, Act.PROJECT_REMOVED, project_id=project_id, subject_id=project_id)


def _place(project_id: str, secret: str) -> str:
    return f"project/{project_id}/{secret}"


def _origins(given: Sequence[str]) -> tuple[str, ...]:
    errors = []
    origins: dict[str, None] = {}
    for index, text in enumerate(given):
        try:
            origins[canonical_origin(text)] = None
        except ValueError as error:
            errors.append(FieldError(f"/origins/{index}", str(error)))
    if errors:
        raise InvalidRequest("An origin is not usable.", tuple(errors))
    return tuple(origins)


def _subject(given: str) -> str:
    try:
        return vapid.check_subject(given)
    except ValueError as error:
        raise ContactRefused(str(error), (FieldError("/vapid_subject", str(error)),)) from error


def _public_key(pem: str | None) -> str | None:
    """Check a PEM public key and return it in one spelling."""
    if pem is None:
        return None
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise _no_key("Give the public key as PEM, beginning with -----BEGIN PUBLIC KEY-----.") from None
    match key:
        case ec.EllipticCurvePublicKey() if isinstance(key.curve, ec.SECP256R1):
            pass
        case rsa.RSAPublicKey() if key.key_size >= _LEAST_RSA_BITS:
            pass
        case _:
            raise _no_key(
                "Tokens are verified with ES256 or RS256: give a P-256 key or an RSA key of 2048 bits or more."
            )
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _no_key(sentence: str) -> InvalidRequest:
    return InvalidRequest(sentence, (FieldError("/identity_public_key", sentence),))
