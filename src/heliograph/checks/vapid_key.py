"""Whether the keys in use are those that subscriptions were made with (RFC 8292 section 4.2: a push service checks)."""

from collections.abc import Iterator
from typing import ClassVar

import msgspec

from heliograph.checks.base import Findings
from heliograph.domain.site import Fetched, Finding, Site


class VapidKeyCheck:
    """The project's application server keys, and the one that pages are told."""

    name: ClassVar[str] = "vapid_key"
    question: ClassVar[str] = "Do pages get the active VAPID key, and can every live subscription's key sign?"

    def look(self, site: Site) -> Iterator[Finding]:
        """Yield what is wrong with the project's keys."""
        say = Findings(self.name, site.expected.project_id)
        wrong = list(_wrong(say, site))
        live = sum(key.subscriptions for key in site.expected.keys)
        yield from wrong or [say.ok(f"All {live} live subscriptions can be signed for.")]


def _wrong(say: Findings, site: Site) -> Iterator[Finding]:
    for key in site.expected.keys:
        count = f"{key.subscriptions} live subscriptions"
        if key.state == "retired" and key.subscriptions:
            hint = "They come back with the active key when their visitors do; nothing can be sent to them until then."
            yield say.error("retired", f"{count} were made with {key.id}, whose private half is destroyed.", hint)
        elif key.is_paused and key.subscriptions:
            hint = "See `heliograph keys status`: a push service refused this key's signature."
            yield say.warning("paused", f"{count} wait, because {key.id} is paused.", hint)
    if site.config.is_found and _told(site.config) != site.expected.active_key:
        hint = "Does the public address lead to another installation, or to an old copy in a cache?"
        yield say.error("other_key", "Pages are told another key than the project's active one.", hint)


def _told(config: Fetched) -> str | None:
    try:
        return msgspec.json.decode(config.body, type=dict[str, object]).get("application_server_key")  # type: ignore[return-value]
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
