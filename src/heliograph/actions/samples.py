"""What real people would see of a notification of templates, and how many of them nothing good."""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace

from heliograph.domain.notification import Notification, chosen_variant
from heliograph.domain.template import TemplateError
from heliograph.domain.templated import nothing_known
from heliograph.domain.texts import Texts
from heliograph.providers.webpush.payload import DoesNotFit, Preview, preview
from heliograph.storage import template_values
from heliograph.storage.audience import Receiver
from heliograph.storage.store import Tx

FILLED_IN = 500
"""Receivers for whom it is tried."""
PER_LANGUAGE = 3
_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Samples:
    """What some people would see.

    Attributes:
        filled_in: for how many it was tried; 0 for content without templates.
        failed: the subscriptions for which nothing good came out, with the reason that their deliveries would have.
    """

    previews: tuple[Preview, ...]
    filled_in: int = 0
    failed: tuple[tuple[str, str], ...] = ()


async def samples(
    tx: Tx, notification: Notification, receivers: list[Receiver], *, budget: int, site_url: str | None
) -> Samples:
    """Fill in a notification's content for some of its receivers; content without templates is shown as it is."""
    content, kind = notification.content, notification.kind
    if not content.template:
        return Samples(preview(kind, content, budget=budget, site_url=site_url))
    some = receivers[:: -(-len(receivers) // FILLED_IN)] if receivers else []
    texts = await template_values.texts(tx, notification, [one.profile_id for one in some])
    shown: list[Preview] = []
    failed: list[tuple[str, str]] = []
    by_language: Counter[str | None] = Counter()
    for number, receiver in enumerate(some):
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)  # others are served by the same loop
        made = _shown(texts, receiver, budget, site_url)
        if isinstance(made, str):
            failed.append((receiver.id, made))
        elif by_language[made.language] < PER_LANGUAGE:
            by_language[made.language] += 1
            shown.append(made)
    if not some:
        plain = [preview(kind, one, budget=budget, site_url=site_url)[0] for one in nothing_known(content, kind)]
        shown = [replace(one, language=tag) for one, tag in zip(plain, (None, *content.variants), strict=False)]
    shown.sort(key=lambda one: one.language or "")
    return Samples(tuple(shown), len(some), tuple(failed))


def _shown(texts: Texts, receiver: Receiver, budget: int, site_url: str | None) -> Preview | str:
    """Return what a receiver would see, or why nothing."""
    notification = texts.notification
    tag, variant = chosen_variant(notification.content, receiver.language)
    try:
        content = texts.checked(receiver.profile_id, receiver.language)
        made = preview(notification.kind, content, budget=budget, site_url=site_url)[0]
    except TemplateError:
        return "template_error"
    except DoesNotFit:
        return "too_large"
    except UnicodeEncodeError:
        return "content"
    return replace(made, language=None if variant is None else tag, receiver=receiver.id)
