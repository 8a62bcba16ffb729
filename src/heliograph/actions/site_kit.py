"""The integration kit: exactly what a site puts into its root, its pages and its DNS, for one project."""

import json
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from heliograph.actions.site_facts import WORKER_PATH
from heliograph.errors import Conflict
from heliograph.kit.context import Context
from heliograph.storage import api_keys
from heliograph.storage.api_keys import KeyKind
from heliograph.storage.projects import Project
from heliograph.storage.store import Tx

MANIFEST_PATH = "/manifest.json"
_PAGE = 200
_ICONS = (192, 512)
"""Sides in pixels that home screens ask for."""


@dataclass(frozen=True, slots=True)
class KitFile:
    """A file for the root of every domain of a site.

    Attributes:
        path: from the root, with a slash first.
    """

    path: str
    media_type: str
    text: str


@dataclass(frozen=True, slots=True)
class Record:
    """A DNS record: `name IN CNAME target`."""

    name: str
    target: str


@dataclass(frozen=True, slots=True)
class Kit:
    """What a site needs.

    Attributes:
        script_tag: for every page, best in its head.
        head_link: for the head of every page; iPhones need it.
        policy: sources to add to a Content Security Policy, by directive; a site without one needs none.
        record: where the site gives Heliograph a name of its own; None if it does not.
    """

    files: tuple[KitFile, ...]
    script_tag: str
    head_link: str
    policy: dict[str, str]
    record: Record | None


def worker_file(base_url: str) -> KitFile:
    """Return the worker file: one line, so that it never has to be uploaded again."""
    return KitFile(WORKER_PATH, "text/javascript", f'importScripts("{base_url}/sdk/v1/worker.js");\n')


def manifest_file(name: str) -> KitFile:
    """Return a manifest that lets iPhones put the site on the home screen (W3C Web App Manifest)."""
    manifest = {
        "name": name,
        "short_name": name[:12].strip(),
        "start_url": "/",
        "display": "standalone",
        "icons": [
            {"src": f"/icon-{side}.png", "sizes": f"{side}x{side}", "type": "image/png"}  # the site's own pictures
            for side in _ICONS
        ],
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    return KitFile(MANIFEST_PATH, "application/manifest+json", text)


async def publishable_keys(tx: Tx, ctx: Context, project_id: str) -> list[str]:
    """Return the publishable keys that are valid now, oldest first."""
    keys = await api_keys.page(tx, project_id, after=None, limit=_PAGE)
    return [key.token for key in keys if key.kind is KeyKind.PUBLISHABLE and key.is_valid(ctx.now) and key.token]


async def kit(tx: Tx, ctx: Context, *, project: Project, base_url: str, push_host: str | None) -> Kit:
    """Return the kit of a project.

    Raises:
        Conflict: it has no valid publishable key.
    """
    keys = await publishable_keys(tx, ctx, project.id)
    if not keys:
        raise Conflict("The project has no valid publishable key: make one first.")
    ours = f"https://{push_host}" if push_host else base_url
    return Kit(
        files=(worker_file(ours), manifest_file(project.name)),
        script_tag=f'<script async src="{escape(ours)}/sdk/v1/heliograph.js" data-key="{escape(keys[-1])}"></script>',
        head_link=f'<link rel="manifest" href="{MANIFEST_PATH}">',
        policy={"script-src": ours, "connect-src": ours, "frame-src": ours, "worker-src": "'self'"},
        record=Record(push_host, urlsplit(base_url).hostname or "") if push_host else None,
    )
