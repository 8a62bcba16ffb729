"""What a service worker or a declarative browser gets to read: one JSON for all of them, and whether it fits.

Declarative Web Push as WebKit ships it (`"web_push": 8030`): a wrong type in any known member fails the whole message,
so everything is built from typed values here and nothing is copied from the sender but `data`.
"""

import unicodedata
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from heliograph.domain.endpoint import PushService
from heliograph.domain.notification import Content, NotificationKind, Variant, chosen_variant
from heliograph.errors import ContentTooLarge
from heliograph.protocols.encryption import MAX_PLAINTEXT

DECLARATIVE = 8030
CLICK_PARAMETER = "heliograph_click"
"""On Apple a click runs no code of ours, so it is told to the page in the address."""
ELLIPSIS = "…"

_SAMPLE_TOKEN = "dlv_" + "0" * 32 + "." + "A" * 16
_SAMPLE_ID = "ntf_" + "0" * 26
_JOINERS = frozenset({0x200D, 0xFE0E, 0xFE0F, 0x20E3})
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_TAGS = range(0xE0020, 0xE0080)
_FLAGS = range(0x1F1E6, 0x1F200)

_encode = msgspec.json.Encoder().encode


class DoesNotFit(Exception):  # noqa: N818 - not an error of the program but a fact about a message
    """The payload is larger than the budget and may not or cannot be shortened."""

    def __init__(self, size: int, budget: int) -> None:
        super().__init__(f"The payload has {size} bytes and the budget is {budget}.")
        self.size = size
        self.budget = budget


class PayloadWriter:
    """Writes the payloads of one notification; what is the same for many receivers is made once.

    Args:
        kind: notification or data push.
        notification_id: `ntf_…`.
        content: what is to be said.
        budget: bytes of plaintext, at most 3,993.
        site_url: where relative addresses point, and where a click leads when the content names no place.
    """

    def __init__(
        self,
        kind: NotificationKind,
        notification_id: str,
        content: Content,
        *,
        budget: int,
        site_url: str | None = None,
    ) -> None:
        self._kind = kind
        self._notification_id = notification_id
        self._content = content
        self._budget = min(budget, MAX_PLAINTEXT)
        self._site_url = site_url
        self._members: dict[str | None, dict[str, Any]] = {}

    def of(self, content: Content) -> "PayloadWriter":
        """Return a writer of other content that is the same in everything else."""
        return PayloadWriter(self._kind, self._notification_id, content, budget=self._budget, site_url=self._site_url)

    def write(self, token: str, language: str | None, service: PushService) -> bytes:
        """Return the plaintext for one receiver.

        Args:
            token: `dlv_….<mac>`.
            language: the receiver's, a BCP 47 tag.
            service: whose push service carries it.

        Raises:
            DoesNotFit: it is larger than the budget, and `shorten` was not asked for or is not enough.
        """
        ours = {"d": token, "n": self._notification_id}
        if self._kind is NotificationKind.DATA:
            return self._checked(_encode({"heliograph": ours, "data": self._content.data}))
        members = self._shown(language) | {"mutable": True}
        members.setdefault("tag", token.partition(".")[0])
        if service is PushService.APPLE and "navigate" in members:
            members["navigate"] = with_parameter(members["navigate"], CLICK_PARAMETER, token)
        payload: dict[str, Any] = {"web_push": DECLARATIVE, "notification": members, "heliograph": ours}
        if "app_badge" in members:
            # WebKit reads it inside, the W3C's draft says outside.
            payload["app_badge"] = members["app_badge"]
        plaintext = _encode(payload)
        if len(plaintext) > self._budget and self._content.shorten and members.get("body"):
            members["body"] = shortened(members["body"], len(_encode(members["body"])) - len(plaintext) + self._budget)
            plaintext = _encode(payload)
        return self._checked(plaintext)

    def _checked(self, plaintext: bytes) -> bytes:
        if len(plaintext) > self._budget:
            raise DoesNotFit(len(plaintext), self._budget)
        return plaintext

    def _shown(self, language: str | None) -> dict[str, Any]:
        """Return a fresh copy of the members that are the same for all readers of a language."""
        if language not in self._members:
            self._members[language] = self._made(*chosen_variant(self._content, language))
        return dict(self._members[language])

    def _made(self, language: str | None, variant: Variant | None) -> dict[str, Any]:
        content, variant = self._content, variant or Variant()
        actions = content.actions if variant.actions is None else variant.actions
        members: dict[str, Any] = {
            "title": variant.title or content.title,
            "navigate": self._absolute(variant.url or content.url or "/"),
            "body": content.body if variant.body is None else variant.body,
            "lang": language,
            "dir": content.direction,
            "tag": content.tag or None,
            "silent": content.silent,
            "icon": self._absolute(variant.icon or content.icon),
            "image": self._absolute(variant.image or content.image),
            "badge": self._absolute(content.badge),
            "actions": [
                {name: value for name, value in self._action(each).items() if value is not None} for each in actions
            ]
            or None,
            "requireInteraction": content.require_interaction or None,
            "renotify": content.renotify or None,
            "app_badge": content.app_badge,
            "data": content.data,
        }
        return {name: value for name, value in members.items() if value is not None}

    def _action(self, action: Any) -> dict[str, str | None]:
        return {
            "action": action.action,
            "title": action.title,
            "icon": self._absolute(action.icon),
            "navigate": self._absolute(action.url),
        }

    def _absolute(self, url: str | None) -> str | None:
        """Return an absolute address, or None: WebKit refuses the whole message for a relative one."""
        if url is None:
            return None
        try:
            absolute = urljoin(self._site_url, url) if self._site_url else url
            return absolute if urlsplit(absolute).scheme else None
        except ValueError:
            return None


def with_parameter(url: str, name: str, value: str) -> str:
    """Return an address with one more query parameter, before the fragment; nothing else of it changes."""
    address, hash_sign, fragment = url.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{name}={value}{hash_sign}{fragment}"


def shortened(text: str, size: int) -> str:
    """Return the longest beginning of `text`, with an ellipsis, that takes at most `size` bytes as a JSON string.

    It is cut where a reader sees a boundary between characters, not inside a letter with its accent, an emoji or a
    flag. An empty string if not even one character fits.
    """
    cuts = [position for position in range(1, len(text)) if _may_cut(text, position)]
    low, high = 0, len(cuts)
    while low < high:
        middle = (low + high + 1) // 2
        fits = len(_encode(_cut(text, cuts[middle - 1]))) <= size
        low, high = (middle, high) if fits else (low, middle - 1)
    return _cut(text, cuts[low - 1]) if low else ""


def _cut(text: str, position: int) -> str:
    return text[:position].rstrip() + ELLIPSIS


def _may_cut(text: str, position: int) -> bool:
    """Tell whether a character as a reader sees it ends before `position` (the common rules of UAX 29)."""
    before, after = ord(text[position - 1]), ord(text[position])
    if after in _JOINERS or before == 0x200D or after in _SKIN_TONES or after in _TAGS:  # noqa: PLR2004 - joiner
        return False
    if unicodedata.category(text[position]) in {"Mn", "Mc", "Me"}:
        return False
    if before in _FLAGS and after in _FLAGS:
        start = position
        while start > 0 and ord(text[start - 1]) in _FLAGS:
            start -= 1
        return (position - start) % 2 == 0
    return not (text[position - 1] == "\r" and text[position] == "\n")


def check_fits(kind: NotificationKind, content: Content, *, budget: int, site_url: str | None = None) -> int:
    """Return the bytes of the largest payload that a notification leads to, over all its languages and push services.

    Raises:
        ContentTooLarge: it does not fit into the budget even when shortened, if that was asked for.
    """
    largest = 0
    writer = PayloadWriter(kind, _SAMPLE_ID, content, budget=budget, site_url=site_url)
    for language in (None, *content.variants):
        try:
            largest = max(largest, len(writer.write(_SAMPLE_TOKEN, language, PushService.APPLE)))
        except DoesNotFit as fact:
            where = f"in the variant {language} " if language else ""
            advice = "Say less" if content.shorten else "Say less, or set shorten to let the body be cut"
            raise ContentTooLarge(
                f"The notification takes {fact.size} bytes {where}and at most {fact.budget} reach every browser, "
                f"{fact.size - fact.budget} too many. {advice}."
            ) from None
    return largest


@dataclass(frozen=True, slots=True)
class Preview:
    """What readers of one language see; `language` is None for what all others see.

    Attributes:
        sizes: bytes of plaintext by push service.
        is_shortened: whether the body was cut, for at least one push service.
        receiver: whose it is, a subscription; None for what all of a language see.
    """

    language: str | None
    title: str | None
    body: str | None
    url: str | None
    sizes: dict[PushService, int]
    is_shortened: bool
    receiver: str | None = None


def preview(
    kind: NotificationKind, content: Content, *, budget: int, site_url: str | None = None
) -> tuple[Preview, ...]:
    """Return what is shown, for each language; what `check_fits` lets pass fits here too."""
    writer = PayloadWriter(kind, _SAMPLE_ID, content, budget=budget, site_url=site_url)
    languages = (None, *content.variants) if kind is NotificationKind.NOTIFICATION else (None,)
    return tuple(_previewed(writer, content, language) for language in languages)


def _previewed(writer: PayloadWriter, content: Content, language: str | None) -> Preview:
    payloads = {service: writer.write(_SAMPLE_TOKEN, language, service) for service in PushService}
    shown = {service: msgspec.json.decode(payload).get("notification", {}) for service, payload in payloads.items()}
    plain = shown[PushService.OTHER]
    variant = chosen_variant(content, language)[1] or Variant()
    body = content.body if variant.body is None else variant.body
    return Preview(
        language=language,
        title=plain.get("title"),
        body=plain.get("body"),
        url=plain.get("navigate"),
        sizes={service: len(payload) for service, payload in payloads.items()},
        is_shortened=bool(plain) and any(members.get("body") != body for members in shown.values()),
    )
