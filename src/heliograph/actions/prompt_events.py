"""What happened to prompt campaigns, as pages tell it: counted by campaign, variant and event.

Nobody signs these events: a publishable key stands in every page. So they are bounded and told apart, by visitor and
by the page's own id, and they decide nothing but statistics.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from heliograph.domain.campaign import Campaign, CampaignKind
from heliograph.domain.prompt import Prompt
from heliograph.kit.context import Context
from heliograph.storage import prompts
from heliograph.storage.store import Tx

MAX_EVENTS = 100
MAX_AGE = timedelta(days=7)
"""What is told later than this is refused; so long it is remembered what was told."""
MAX_NAMES = 100
"""Different events of one campaign: a stranger must not fill the table."""
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_MARK_BYTES = 16

STANDARD = (
    "show-widget",
    "test-passed",
    "push-subscribed",
    "push-denied",
    "push-already-subscribed",
    "push-already-denied",
    "push-unsupported",
    "click-later",
    "click-close",
)
"""Events that the page script tells of every prompt; custom HTML adds its own."""
ONCE = frozenset({"push-subscribed", "push-denied", "test-passed"})
"""Events that count once per visitor and campaign, however often they happen."""


class PromptEventFault(StrEnum):
    """Why one event of a call was not counted."""

    MALFORMED = "event_malformed"
    """It is not of the documented form."""
    TOO_OLD = "event_too_old"
    """It happened more than seven days ago."""
    CAMPAIGN_UNKNOWN = "campaign_unknown"
    """The project has no prompt campaign of this id."""
    VARIANT_UNKNOWN = "variant_unknown"
    """The campaign has no variant of this name, or has some and none was named."""
    TOO_MANY_NAMES = "event_names_too_many"
    """The campaign has as many different events as are counted."""


@dataclass(frozen=True, slots=True)
class PromptEvent:
    """Something that happened to a prompt. `id` is the page's own; the same one again is the same event."""

    id: str
    campaign_id: str
    variant: str | None
    event: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Statistics:
    """How often each event happened, by variant ("" for a campaign without); standard events always have a number."""

    by_variant: Mapping[str, Mapping[str, int]]

    @property
    def total(self) -> dict[str, int]:
        """All variants together."""
        found: Counter[str] = Counter()
        for events in self.by_variant.values():
            found.update(events)
        return dict(found)


async def record(
    tx: Tx, ctx: Context, *, project_id: str, visitor_hash: bytes, events: Sequence[PromptEvent]
) -> list[PromptEventFault | None]:
    """Count events, each once; return what was wrong with each, None where nothing was."""
    definitions = await _definitions(tx, project_id, events)
    faults = [_fault(one, definitions, ctx.now) for one in events]
    taken = [one for one, fault in zip(events, faults, strict=True) if fault is None]
    crowded = await _crowded(tx, taken)
    faults = [
        PromptEventFault.TOO_MANY_NAMES if fault is None and (one.campaign_id, one.event) in crowded else fault
        for one, fault in zip(events, faults, strict=True)
    ]
    good = [one for one, fault in zip(events, faults, strict=True) if fault is None]
    await _count(tx, ctx, visitor_hash, good)
    return faults


async def _definitions(tx: Tx, project_id: str, events: Sequence[PromptEvent]) -> dict[str, frozenset[str]]:
    """Return the variants' names of those campaigns that are the project's."""
    asked = sorted({one.campaign_id for one in events})
    found = await prompts.known(tx, project_id, asked) if asked else {}
    return {campaign_id: variants_of(definition) for campaign_id, definition in found.items()}


def variants_of(definition: dict[str, Any]) -> frozenset[str]:
    """Return the names of a campaign's variants; `""` alone for one without."""
    try:
        names = frozenset(variant.name for variant in msgspec.convert(definition, Prompt).variants)
    except msgspec.ValidationError:
        names = frozenset()
    return names or frozenset({""})


def _fault(one: PromptEvent, variants: Mapping[str, frozenset[str]], now: datetime) -> PromptEventFault | None:
    if not _NAME.fullmatch(one.event):
        return PromptEventFault.MALFORMED
    if one.at < now - MAX_AGE:
        return PromptEventFault.TOO_OLD
    if one.campaign_id not in variants:
        return PromptEventFault.CAMPAIGN_UNKNOWN
    return None if (one.variant or "") in variants[one.campaign_id] else PromptEventFault.VARIANT_UNKNOWN


async def _crowded(tx: Tx, events: Sequence[PromptEvent]) -> set[tuple[str, str]]:
    """Return which campaigns' events are of names that would be too many."""
    new: dict[str, dict[str, None]] = {}
    for one in events:
        if one.event not in STANDARD:
            new.setdefault(one.campaign_id, {})[one.event] = None
    crowded: set[tuple[str, str]] = set()
    for campaign_id, names in new.items():
        known = {event for _, event in await prompts.counts(tx, campaign_id)} | set(STANDARD)
        unknown = [name for name in names if name not in known]
        crowded.update((campaign_id, name) for name in unknown[max(0, MAX_NAMES - len(known)) :])
    return crowded


async def _count(tx: Tx, ctx: Context, visitor_hash: bytes, events: Iterable[PromptEvent]) -> None:
    by_mark = {(one.campaign_id, _mark(one, visitor_hash)): one for one in events}
    if not by_mark:
        return
    lasting = {key: None if one.event in ONCE else ctx.now + MAX_AGE * 2 for key, one in by_mark.items()}
    new = await prompts.mark(tx, lasting)
    deltas = Counter((by_mark[key].campaign_id, by_mark[key].variant or "", by_mark[key].event) for key in new)
    await prompts.add(tx, deltas, ctx.random_bytes(1)[0])


def _mark(one: PromptEvent, visitor_hash: bytes) -> bytes:
    """Return what makes that an event is counted once; nobody can tell the visitor from it."""
    name = f"once\0{one.event}" if one.event in ONCE else f"id\0{one.event}\0{one.id}"
    return hashlib.sha256(visitor_hash + name.encode()).digest()[:_MARK_BYTES]


async def statistics(tx: Tx, *, campaign_id: str, definition: dict[str, Any]) -> Statistics:
    """Return what was counted. Variants that are no longer there stay, with what happened to them."""
    counts = await prompts.counts(tx, campaign_id)
    names = sorted(variants_of(definition) | {variant for variant, _ in counts})
    found = {name: dict.fromkeys(STANDARD, 0) for name in names}
    for (variant, event), total in sorted(counts.items()):
        found[variant][event] = total
    return Statistics(found)


async def told_of(tx: Tx, campaign: Campaign) -> Statistics | None:
    """Return what pages told of a campaign; None of a message."""
    if campaign.kind is not CampaignKind.PROMPT:
        return None
    return await statistics(tx, campaign_id=campaign.id, definition=campaign.definition)
