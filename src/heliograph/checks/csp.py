"""Whether the site's Content Security Policy lets our script work (CSP Level 3; sections 6.1 and 6.7.2)."""

from collections.abc import Iterator, Mapping
from typing import ClassVar
from urllib.parse import SplitResult, urlsplit

from heliograph.checks.base import Findings
from heliograph.domain.site import Domain, Finding, Site

_SCRIPT = ("script-src-elem", "script-src", "default-src")
_CONNECT = ("connect-src", "default-src")
_FRAME = ("frame-src", "child-src", "default-src")
_WORKER = ("worker-src", "child-src", "script-src", "default-src")
_PORTS = {"https": 443, "http": 80}


class CspCheck:
    """Each page's policies: every one of several must allow."""

    name: ClassVar[str] = "csp"
    question: ClassVar[str] = "Does the Content Security Policy allow our script, its requests, and the worker?"

    def look(self, site: Site) -> Iterator[Finding]:
        """Yield what each page's policies would block."""
        for domain in site.domains:
            say = Findings(self.name, domain.origin)
            if not domain.home.is_found:
                yield say.skipped("The page could not be read.")
                continue
            wrong = list(_blocked(say, domain, site.expected.base_url))
            yield from wrong or [say.ok("No policy is in the way.")]


def _blocked(say: Findings, domain: Domain, base_url: str) -> Iterator[Finding]:
    header = domain.home.headers.get("content-security-policy", "")
    policies = [_directives(policy) for text in (header, *domain.page.policies) for policy in text.split(",")]

    def blocks(names: tuple[str, ...], url: str) -> bool:
        return any(not _allows(_sources(policy, names), url, domain.origin) for policy in policies)

    if blocks(_SCRIPT, f"{base_url}/sdk/v1/heliograph.js"):
        hint = f"Add {base_url} to script-src."
        yield say.error("script_src", f"The policy does not allow scripts of {base_url}.", hint)
    if blocks(_CONNECT, f"{base_url}/v1/public/config"):
        hint = f"Add {base_url} to connect-src."
        yield say.error("connect_src", f"The policy does not allow requests to {base_url}.", hint)
    if blocks(_FRAME, f"{base_url}/sdk/v1/prompts/frame.html"):
        hint = f"Add {base_url} to frame-src if you use prompts of your own HTML."
        yield say.warning("frame_src", "The policy does not allow prompts of your own HTML, which are frames.", hint)
    if blocks(_WORKER, f"{domain.origin}{domain.worker_path}"):
        yield say.error("worker_src", "The policy does not allow the site's own worker.", "Add 'self' to worker-src.")


def _directives(policy: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in policy.split(";"):
        name, *sources = part.split()[:200] or [""]
        # The first of a name counts; CSP Level 3 section 2.2.1.
        found.setdefault(name.lower(), sources)
    return found


def _sources(policy: Mapping[str, list[str]], names: tuple[str, ...]) -> list[str] | None:
    return next((policy[name] for name in names if name in policy), None)


def _allows(sources: list[str] | None, url: str, origin: str) -> bool:
    """Tell whether a source list lets an address through; None: there is no such directive."""
    if sources is None:
        return True
    lowered = [source.lower() for source in sources]
    if "'strict-dynamic'" in lowered or any(source.startswith("'nonce-") for source in lowered):
        # Whether the tag bears the nonce, or a trusted script adds it, is decided anew for every page view.
        return True
    target = urlsplit(url)
    if "'self'" in lowered and url.startswith(f"{origin}/"):
        return True
    return any(source in ("*", f"{target.scheme}:") or _is_host(source, target) for source in lowered)


def _is_host(source: str, target: SplitResult) -> bool:
    """Match one host source such as `https://*.example:8443/path` (CSP Level 3 section 6.7.2.8)."""
    if source.startswith("'"):
        return False
    scheme, separator, rest = source.rpartition("://")
    place, slash, path = rest.partition("/")
    name, _, port = place.partition(":")
    host = target.hostname or ""
    fits_path = not slash or target.path == f"/{path}" or (source.endswith("/") and target.path.startswith(f"/{path}"))
    fits_host = host.endswith(name[1:]) if name.startswith("*.") else host == name
    wanted = _PORTS[target.scheme] if not port.isdecimal() else int(port)
    fits_port = port == "*" or wanted == (target.port or _PORTS[target.scheme])
    return fits_host and fits_port and fits_path and (not separator or scheme == target.scheme)
