"""Projects over HTTP: `/v1/projects`. A key of the installation sees all, a key of a project its own."""

from typing import Annotated

import msgspec
from litestar import delete, get, patch
from litestar.params import FromPath, JSONBody

from heliograph.actions import projects
from heliograph.api.admin.limit_forms import ProjectLimitsForm, project_limits_view
from heliograph.api.auth import By
from heliograph.api.forms import PAGE, Cursor, Form, Limit, Moment, Name, PageView, RateText, View
from heliograph.api.idempotency import post
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.domain.contact_rules import ContactRules
from heliograph.domain.endpoint import PushService
from heliograph.domain.notification import DEFAULT_BUDGET
from heliograph.domain.origin import MAX_ORIGIN_LENGTH
from heliograph.domain.rate import ALL
from heliograph.errors import ContactRefused, NotFound
from heliograph.names import Scope
from heliograph.protocols import base64url
from heliograph.protocols.encryption import MAX_PLAINTEXT
from heliograph.storage.projects import Project

_TAGS = ["Projects"]
_LEAST_BUDGET = 200

Origins = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ORIGIN_LENGTH)]],
    msgspec.Meta(
        max_length=projects.MAX_ORIGINS,
        description="Pages that may subscribe, as scheme, host and port: https, or http for localhost.",
    ),
]
Contact = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=300, description="Contact for push services: `mailto:name@domain` or `https://…`."
    ),
]
Budget = Annotated[
    int,
    msgspec.Meta(
        ge=_LEAST_BUDGET,
        le=MAX_PLAINTEXT,
        description="Bytes that a notification may have before encryption. 2600 reach every browser, 3993 most.",
    ),
]
Pem = Annotated[
    str,
    msgspec.Meta(
        min_length=1, max_length=8000, description="PEM of the P-256 or RSA key that verifies identity tokens."
    ),
]


ServiceRates = Annotated[
    dict[PushService, RateText],
    msgspec.Meta(description="Rates of messages to single push services; replaces those that there are."),
]


class NewProject(Form, frozen=True, kw_only=True):
    """A project to be made."""

    name: Name
    origins: Origins
    vapid_subject: Contact
    plaintext_budget: Budget = DEFAULT_BUDGET
    identity_public_key: Pem | None = None


class ProjectChange(Form, frozen=True, kw_only=True):
    """What shall be different; what is left out stays."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    origins: Origins | msgspec.UnsetType = msgspec.UNSET
    vapid_subject: Contact | msgspec.UnsetType = msgspec.UNSET
    plaintext_budget: Budget | msgspec.UnsetType = msgspec.UNSET
    identity_public_key: Pem | msgspec.UnsetType | None = msgspec.UNSET
    rate: RateText | msgspec.UnsetType | None = msgspec.UNSET
    push_service_rates: ServiceRates | msgspec.UnsetType = msgspec.UNSET
    limits: ProjectLimitsForm | msgspec.UnsetType | None = msgspec.UNSET


class ProjectView(View, frozen=True, kw_only=True):
    """A project."""

    id: str
    name: str
    origins: list[str]
    vapid_subject: str
    plaintext_budget: int
    identity_public_key: str | None
    rate: str | None
    push_service_rates: dict[str, str]
    limits: ProjectLimitsForm | None
    created_at: Moment
    updated_at: Moment


class CreatedProjectView(View, frozen=True, kw_only=True):
    """A new project with the keys that were made for it. `secret_key` is shown here and never again."""

    project: ProjectView
    publishable_key: str
    secret_key: str
    vapid_key_id: str
    application_server_key: str
    provider_id: str


class IdentitySecretView(View, frozen=True, kw_only=True):
    """The secret that signs external ids (HMAC-SHA256), shown here and never again."""

    identity_secret: str


def project_view(project: Project) -> ProjectView:
    """Return what callers see of a project."""
    return ProjectView(
        id=project.id,
        name=project.name,
        origins=list(project.origins),
        vapid_subject=project.vapid_subject,
        plaintext_budget=project.plaintext_budget,
        identity_public_key=project.identity_public_key,
        rate=project.rates.get(ALL),
        push_service_rates={name: rate for name, rate in project.rates.items() if name != ALL},
        limits=project_limits_view(ContactRules.of(project.limits)) if project.limits else None,
        created_at=project.created_at,
        updated_at=project.updated_at,
    )


@post(
    "/projects",
    summary="Create a project",
    tags=_TAGS,
    opt=operation(
        scope=Scope.MANAGE,
        installation_only=True,
        problems=(ContactRefused,),
        example={"name": "Shop", "origins": ["https://shop.example"], "vapid_subject": "mailto:push@example.com"},
    ),
)
async def create_project(data: JSONBody[NewProject], heliograph: Wired) -> CreatedProjectView:
    """Make a project that can take subscriptions at once: with a key for pages, a key for servers, and a VAPID key.

    The secret key is in this answer and nowhere else.
    """
    async with heliograph.store.begin() as tx:
        made = await projects.create(
            tx,
            heliograph.context(),
            name=data.name,
            origins=data.origins,
            vapid_subject=data.vapid_subject,
            plaintext_budget=data.plaintext_budget,
            identity_public_key=data.identity_public_key,
        )
    return CreatedProjectView(
        project=project_view(made.project),
        publishable_key=made.publishable_key.token,
        secret_key=made.secret_key.token,
        vapid_key_id=made.vapid_key.id,
        application_server_key=base64url.encode(made.vapid_key.public_key),
        provider_id=made.provider.id,
    )


@get("/projects", summary="List projects", tags=_TAGS, opt=operation(scope=Scope.READ, installation_only=True))
async def list_projects(heliograph: Wired, limit: Limit = PAGE, cursor: Cursor = None) -> PageView[ProjectView]:
    """Return the installation's projects, oldest first."""
    async with heliograph.store.read() as tx:
        page = await projects.listing(tx, cursor=cursor, limit=limit)
    return PageView(items=[project_view(project) for project in page.items], next=page.next)


@get(
    "/projects/{project_id:str}",
    summary="Get a project",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def get_project(project_id: FromPath[str], caller: By, heliograph: Wired) -> ProjectView:
    """Return one project."""
    caller.check_reach(project_id)
    async with heliograph.store.read() as tx:
        return project_view(await projects.get(tx, project_id=project_id))


@patch(
    "/projects/{project_id:str}",
    summary="Change a project",
    tags=_TAGS,
    opt=operation(
        scope=Scope.MANAGE,
        problems=(NotFound, ContactRefused),
        example={"origins": ["https://shop.example", "https://www.shop.example"]},
    ),
)
async def change_project(
    project_id: FromPath[str], data: JSONBody[ProjectChange], caller: By, heliograph: Wired
) -> ProjectView:
    """Change what is given and keep the rest. `null` removes an `identity_public_key`, a `rate`, `limits`."""
    caller.check_reach(project_id)
    async with heliograph.store.begin() as tx:
        changed = await projects.change(
            tx,
            heliograph.context(),
            project_id=project_id,
            name=data.name or None,
            origins=None if data.origins is msgspec.UNSET else data.origins,
            vapid_subject=data.vapid_subject or None,
            plaintext_budget=data.plaintext_budget or None,
            identity_public_key=data.identity_public_key or None,
            clear_identity_public_key=data.identity_public_key is None,
            rate=data.rate or None,
            clear_rate=data.rate is None,
            push_service_rates=_service_rates(data.push_service_rates),
            limits=_limits(data.limits),
        )
    return project_view(changed)


@post(
    "/projects/{project_id:str}/identity-secret",
    summary="Make a new identity secret",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, problems=(NotFound,)),
)
async def rotate_identity_secret(project_id: FromPath[str], caller: By, heliograph: Wired) -> IdentitySecretView:
    """Return a new secret for signing external ids. Signatures made with the one before are refused from now on."""
    caller.check_reach(project_id)
    async with heliograph.store.begin() as tx:
        secret = await projects.rotate_identity_secret(tx, heliograph.context(), project_id=project_id)
    return IdentitySecretView(identity_secret=secret)


@delete(
    "/projects/{project_id:str}",
    summary="Delete a project",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, installation_only=True, problems=(NotFound,)),
)
async def delete_project(project_id: FromPath[str], heliograph: Wired) -> None:
    """End a project: its keys open nothing from now on, and nothing of it is found or sent to any more."""
    async with heliograph.store.begin() as tx:
        await projects.remove(tx, heliograph.context(), project_id=project_id)


def _service_rates(given: dict[PushService, str] | msgspec.UnsetType) -> dict[str, str] | None:
    return None if given is msgspec.UNSET else {str(service): rate for service, rate in given.items()}


ROUTES = (create_project, list_projects, get_project, change_project, rotate_identity_secret, delete_project)


def _limits(given: ProjectLimitsForm | msgspec.UnsetType | None) -> ContactRules | None:
    """Return limits that say nothing for null, and None for what was left out."""
    if given is msgspec.UNSET:
        return None
    return ContactRules() if given is None else given.rules()
