"""Checking a customer's set-up: what the documents ask a person to do by hand, done by us."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from heliograph.actions.site_facts import MOST_DOMAINS, Reach, gather
from heliograph.actions.site_kit import publishable_keys
from heliograph.checks import CHECKS
from heliograph.domain.origin import canonical_origin
from heliograph.domain.site import Expected, Finding, KeyUse, Severity, Site
from heliograph.errors import FieldError, InvalidRequest
from heliograph.kit.context import Context
from heliograph.protocols import base64url
from heliograph.storage import key_retirement, vapid_keys
from heliograph.storage.projects import Project
from heliograph.storage.store import Tx
from heliograph.storage.vapid_keys import VapidKeyState

MOST_USES = 100_000
"""Live subscriptions of a key are counted so far: more is more than enough."""


def pages_of(project: Project, pages: Sequence[str]) -> list[str]:
    """Return the pages to look at: those that were named, or the front page of each of the project's origins.

    Raises:
        InvalidRequest: an address is no http(s) address of a host, or there are too many.
    """
    wanted = [page if urlsplit(page).path else f"{page}/" for page in pages]
    wanted = wanted or [f"{origin}/" for origin in project.origins]
    errors = [
        FieldError(f"/pages/{index}", "Write the page's whole address, such as https://shop.example/.")
        for index, page in enumerate(wanted)
        if not _is_page(page)
    ]
    if len(wanted) > MOST_DOMAINS:
        errors.append(FieldError("/pages", f"At most {MOST_DOMAINS} pages are looked at in one go."))
    if not wanted:
        errors.append(FieldError("/pages", "Name a page: the project lists no origin."))
    if errors:
        raise InvalidRequest("The pages cannot be looked at.", tuple(errors))
    return list(dict.fromkeys(wanted))


def _is_page(page: str) -> bool:
    try:
        parts = urlsplit(page)
        # An origin's own rules, but http is looked at too: the finding says why it will not do.
        canonical_origin(f"https://{parts.netloc}")
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and page.isascii() and page.isprintable() and not set(' \\"<>') & set(page)


async def expect(
    tx: Tx, ctx: Context, *, project: Project, base_url: str, push_host: str | None
) -> tuple[Expected, str | None]:
    """Return what a project says that should be found, and a publishable key to ask the public API with."""
    keys = await vapid_keys.of_project(tx, project.id)
    publishable = await publishable_keys(tx, ctx, project.id)
    active = next((key for key in keys if key.state is VapidKeyState.ACTIVE), None)
    expected = Expected(
        project_id=project.id,
        base_url=base_url,
        origins=tuple(project.origins),
        publishable_keys=frozenset(publishable),
        active_key="" if active is None else base64url.encode(active.public_key),
        keys=tuple(
            [
                KeyUse(
                    id=key.id,
                    state=key.state,
                    subscriptions=await key_retirement.count_uses(tx, key.id, limit=MOST_USES),
                    is_paused=key.is_paused(ctx.now),
                )
                for key in keys
            ]
        ),
        push_host=push_host,
        now=ctx.now,
    )
    return expected, publishable[-1] if publishable else None


def judge(site: Site) -> list[Finding]:
    """Return what every check found, in the order of the checks."""
    return [finding for check in CHECKS for finding in check.look(site)]


def is_in_order(findings: Sequence[Finding]) -> bool:
    """Tell whether nothing hinders visitors; warnings do not count."""
    return all(finding.severity is not Severity.ERROR for finding in findings)


async def check(reach: Reach, expected: Expected, pages: Sequence[str], publishable_key: str | None) -> list[Finding]:
    """Look at a customer's site, outside of any transaction, and return every finding."""
    return judge(await gather(reach, expected, pages, publishable_key))
