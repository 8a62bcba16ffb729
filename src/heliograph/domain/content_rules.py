"""What is wrong with a notification's content, by the Notifications API and by what push services take."""

import ipaddress
import re
from urllib.parse import urlsplit

from heliograph.domain.notification import Action, Content, NotificationKind, Variant
from heliograph.errors import FieldError

MAX_URL = 2048
DIRECTIONS = ("auto", "ltr", "rtl")
_PRINTABLE = re.compile(r"[^\x00-\x20\x7f\\]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
"""The shape of a BCP 47 tag; which subtags exist is the browser's business."""
_DATA_ONLY = Content()


def content_errors(content: Content, kind: NotificationKind) -> tuple[FieldError, ...]:
    """Return everything that is wrong, with pointers below `/content`; nothing for content that can be sent."""
    match kind:
        case NotificationKind.DATA:
            return tuple(_data_errors(content))
        case NotificationKind.NOTIFICATION:
            return tuple(_notification_errors(content))


def _data_errors(content: Content) -> list[FieldError]:
    errors = [
        FieldError(f"/content/{name}", "A data push shows nothing: send `data` alone, or use the kind notification.")
        for name in Content.__dataclass_fields__
        if name not in ("data", "template") and getattr(content, name) != getattr(_DATA_ONLY, name)
    ]
    if content.data is None:
        errors.append(FieldError("/content/data", "A data push needs data."))
    return errors


def _notification_errors(content: Content) -> list[FieldError]:
    errors: list[FieldError] = []
    if not content.title.strip():
        errors.append(FieldError("/content/title", "A notification needs a title."))
    if content.renotify and content.tag is None:
        errors.append(FieldError("/content/renotify", "Only a notification with a tag can renotify: add a tag."))
    if content.direction not in (None, *DIRECTIONS):
        errors.append(FieldError("/content/direction", "Write auto, ltr or rtl."))
    errors += _language_errors("/content/language", content.language)
    errors += _address_errors("/content", content)
    seen: set[str] = set()
    for tag, variant in content.variants.items():
        here = f"/content/variants/{tag.replace('~', '~0').replace('/', '~1')}"
        errors += _language_errors(here, tag)
        if tag.lower() in seen:
            errors.append(FieldError(here, "This language is given twice: letter case makes no difference."))
        seen.add(tag.lower())
        if variant.title is not None and not variant.title.strip():
            errors.append(FieldError(f"{here}/title", "A title must not be empty: leave it out to keep the first one."))
        errors += _address_errors(here, variant)
    return errors


def _language_errors(pointer: str, tag: str | None) -> list[FieldError]:
    if tag is None or _LANGUAGE.fullmatch(tag):
        return []
    return [FieldError(pointer, "Write a language tag such as de or pt-BR (BCP 47).")]


def _address_errors(here: str, content: Content | Variant) -> list[FieldError]:
    errors = _url_errors(f"{here}/url", content.url, is_loaded=False)
    errors += _url_errors(f"{here}/icon", content.icon)
    errors += _url_errors(f"{here}/image", content.image)
    if isinstance(content, Content):
        errors += _url_errors(f"{here}/badge", content.badge)
    errors += _action_errors(here, content.actions or ())
    return errors


def _action_errors(here: str, actions: tuple[Action, ...]) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, action in enumerate(actions):
        place = f"{here}/actions/{index}"
        if action.action in {other.action for other in actions[:index]}:
            errors.append(FieldError(f"{place}/action", "Give each action a name of its own."))
        if not action.title.strip():
            errors.append(FieldError(f"{place}/title", "An action needs a title."))
        errors += _url_errors(f"{place}/url", action.url, is_loaded=False)
        errors += _url_errors(f"{place}/icon", action.icon)
    return errors


def _url_errors(pointer: str, url: str | None, *, is_loaded: bool = True) -> list[FieldError]:
    """Check an absolute address: the page it would be relative to differs from browser to browser."""
    if url is None:
        return []
    if len(url) > MAX_URL:
        return [FieldError(pointer, f"An address has at most {MAX_URL} characters.")]
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or not _PRINTABLE.fullmatch(url) or parts.scheme not in {"https", "http"}:
        return [FieldError(pointer, "Write a whole address, beginning with https:// and without spaces.")]
    if parts.username is not None:
        return [FieldError(pointer, "An address must not hold a user name.")]
    if parts.scheme == "http" and is_loaded and not _is_local(host):
        return [FieldError(pointer, "Browsers do not load pictures over http here: use https://.")]
    return []


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
