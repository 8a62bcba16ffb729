"""A customer's set-up: looking at it as a browser will."""

import asyncio
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from heliograph.actions import projects, site_checks, site_kit, windows
from heliograph.actions.site_facts import MOST_DOMAINS, Reach
from heliograph.api.auth import By
from heliograph.api.forms import View
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.domain.site import Finding, Severity
from heliograph.errors import Conflict
from heliograph.names import Scope

PushHost = Annotated[
    str | None,
    QueryParameter(
        min_length=1, max_length=253, pattern=r"^[A-Za-z0-9.-]+$", description="The site's own name for Heliograph."
    ),
]
_AT_ONCE = asyncio.Semaphore(2)
"""Each asks a site some fifteen times: many at once would make this server a tool against others."""


class FindingView(View, frozen=True, kw_only=True):
    """One result. `id` is for a program, `sentence` for a person; `hint` says what to do about it."""

    id: str
    severity: Severity
    subject: str
    sentence: str
    hint: str | None


class SiteCheckView(View, frozen=True, kw_only=True):
    """Every finding, in the order of the checks. `ok`: none of them is an error."""

    ok: bool
    findings: list[FindingView]


def finding_view(finding: Finding) -> FindingView:
    """Return a finding as callers see it."""
    return FindingView(
        id=finding.id,
        severity=finding.severity,
        subject=finding.subject,
        sentence=finding.sentence,
        hint=finding.hint or None,
    )


_EXAMPLE = SiteCheckView(
    ok=False,
    findings=[
        FindingView(
            id="service.ok",
            severity=Severity.OK,
            subject="https://push.example",
            sentence="The page script and the public API answer.",
            hint=None,
        ),
        FindingView(
            id="script_tag.missing",
            severity=Severity.WARNING,
            subject="https://shop.example",
            sentence="The page has no script tag of ours.",
            hint="Add the tag that `heliograph site kit` writes.",
        ),
    ],
)


@get(
    "/site/check",
    summary="Check a site's set-up",
    tags=["Site"],
    opt=operation(scope=Scope.MANAGE, answer=_EXAMPLE),
)
async def check_site(
    caller: By,
    heliograph: Wired,
    page: Annotated[
        list[str] | None,
        QueryParameter(
            max_items=MOST_DOMAINS,
            description="The address of a page, once for each of the site's domains; the project's origins if none.",
        ),
    ] = None,
    push_host: PushHost = None,
) -> SiteCheckView:
    """Look at a site from here: its pages, files, certificate and name, and say what would hinder push, and what to do.

    Only public addresses are looked at. It takes as long as the site does, half a minute at most.
    """
    async with heliograph.store.read() as tx:
        project = await projects.get(tx, project_id=caller.project())
        pages = site_checks.pages_of(project, page or [])
        host = push_host or await windows.known_host(tx, project_id=project.id)
        expected, key = await site_checks.expect(
            tx, heliograph.context(), project=project, base_url=heliograph.base_url, push_host=host
        )
    async with _AT_ONCE:
        findings = await site_checks.check(Reach(heliograph.sender), expected, pages, key)
    return SiteCheckView(ok=site_checks.is_in_order(findings), findings=[finding_view(one) for one in findings])


class KitFileView(View, frozen=True, kw_only=True):
    """A file for the root of every domain: its path, the Content-Type to serve it with, its text."""

    path: str
    media_type: str
    text: str


class RecordView(View, frozen=True, kw_only=True):
    """A DNS record: `name CNAME target`."""

    name: str
    target: str


class SiteKitView(View, frozen=True, kw_only=True):
    """What a site needs. `policy` is for sites that have a Content Security Policy: sources by directive."""

    files: list[KitFileView]
    script_tag: str
    head_link: str
    policy: dict[str, str]
    record: RecordView | None


_KIT = SiteKitView(
    files=[
        KitFileView(
            path="/push/heliograph-worker.js",
            media_type="text/javascript",
            text='importScripts("https://push.example/sdk/v1/worker.js");\n',
        )
    ],
    script_tag='<script async src="https://push.example/sdk/v1/heliograph.js" data-key="hpk_…"></script>',
    head_link='<link rel="manifest" href="/manifest.json">',
    policy={"script-src": "https://push.example", "connect-src": "https://push.example", "worker-src": "'self'"},
    record=None,
)


@get(
    "/site/kit",
    summary="Get what to put on a site",
    tags=["Site"],
    opt=operation(scope=Scope.READ, answer=_KIT, problems=(Conflict,)),
)
async def read_kit(caller: By, heliograph: Wired, push_host: PushHost = None) -> SiteKitView:
    """Return the files, the tag and the lines that a site needs, for exactly this project."""
    async with heliograph.store.read() as tx:
        project = await projects.get(tx, project_id=caller.project())
        host = push_host or await windows.known_host(tx, project_id=project.id)
        made = await site_kit.kit(
            tx, heliograph.context(), project=project, base_url=heliograph.base_url, push_host=host
        )
    return SiteKitView(
        files=[KitFileView(path=one.path, media_type=one.media_type, text=one.text) for one in made.files],
        script_tag=made.script_tag,
        head_link=made.head_link,
        policy=made.policy,
        record=None if made.record is None else RecordView(name=made.record.name, target=made.record.target),
    )


ROUTES = (check_site, read_kit)
