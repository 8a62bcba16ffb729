"""Which prompt campaigns a page is given: asked on every page view of every shop, so nearly everything is at hand.

A process keeps what a project's running campaigns are (`Standing`) and looks every few seconds whether they still are
the same. What is left for a page view is one query by the visitor's key: who the visitor is, and which of the rules
hold. Nothing is written, and nothing depends on how many people there are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from heliograph import conditions
from heliograph.domain.prompt import Prompt, merged, variant_of
from heliograph.domain.prompt_page import (
    Browser,
    Circumstances,
    is_here,
    is_in_time,
    is_meant,
    language_of,
    page_view,
)
from heliograph.errors import Problem
from heliograph.kit.log import get_logger
from heliograph.storage import prompts
from heliograph.storage.prompts import Question, Rule, RunningRow, VisitorFacts
from heliograph.storage.store import Tx

MAX_RUNNING = 200
"""Prompt campaigns that are looked at in one project: those of the highest priority."""
MAX_ANSWER = 262_144
"""Bytes of campaigns in one answer; the ones of lower priority are left out."""
_MOST_PAGES = 32
"""Texts of one campaign that are kept as JSON: with many languages and variants the rest is made each time."""
_MOST_BROWSERS = 500
_QUESTION_LIFE = timedelta(minutes=1)
"""Rules count back from an instant; so much it may be off."""
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ready:
    """A running campaign, read and put together.

    Attributes:
        variants: by name, each merged with the campaign; `""` is the campaign itself.
        rule: a rule of its own, as JSON.
        pages: what pages are told, by variant and language, as JSON; made when it is first asked for.
    """

    row: RunningRow
    prompt: Prompt
    variants: Mapping[str, Prompt]
    rule: str | None
    pages: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def page(self, visitor_hash: bytes, language: str | None) -> bytes:
        """Return what the visitor's page is told: always of the same variant, in the language that fits best."""
        variant = variant_of(self.row.id, self.prompt.variants, visitor_hash)
        name = "" if variant is None else variant.name
        prompt = self.variants[name]
        tag = language_of(language, prompt.texts, prompt.default_language)
        found = self.pages.get((name, tag))
        if found is None:
            found = self._encoded(prompt, name, tag)
            if len(self.pages) < _MOST_PAGES:
                self.pages[name, tag] = found
        return found

    def _encoded(self, prompt: Prompt, variant: str, language: str) -> bytes:
        view = {
            "id": self.row.id,
            "variant": variant or None,
            "exclusion_group": self.row.exclusion_group,
            "priority": self.row.priority,
            **page_view(prompt, language),
        }
        return msgspec.json.encode(view)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a project's prompt campaigns are at the moment.

    Attributes:
        ready: the highest priority first.
        asks: the rule of each campaign that is not for everybody, as JSON; `""` holds for nobody.
        rules: the different rules of all of them, in the order of the question's answers.
        question: what is asked of the database for one visitor.
        asked_from: the instant that its rules count back from.
        by_browser: those that are for a kind of browser; found when the first one comes.
    """

    ready: tuple[Ready, ...]
    asks: Mapping[str, str]
    rules: tuple[str, ...]
    question: Question
    asked_from: datetime
    by_browser: dict[Browser, tuple[Ready, ...]] = field(default_factory=dict)

    def meant_for(self, browser: Browser) -> tuple[Ready, ...]:
        """Return the campaigns for a kind of browser."""
        found = self.by_browser.get(browser)
        if found is None:
            found = tuple(one for one in self.ready if is_meant(one.prompt, browser))
            if len(self.by_browser) < _MOST_BROWSERS:
                self.by_browser[browser] = found
        return found


async def look(tx: Tx, project_id: str, known: Standing | None, *, now: datetime) -> Standing:
    """Return what is running, by one small query if nothing has changed since `known`."""
    rows = await prompts.running(tx, project_id, limit=MAX_RUNNING)
    old = {one.row: one for one in known.ready} if known is not None else {}
    new = [row.id for row in rows if row not in old]
    definitions = await prompts.definitions(tx, new) if new else {}
    ready = tuple(one for row in rows if (one := old.get(row) or _read(row, definitions.get(row.id))) is not None)
    asks = await _asks(tx, project_id, ready)
    rules = tuple(dict.fromkeys(rule for rule in asks.values() if rule))
    if known is not None and rules == known.rules and now - known.asked_from < _QUESTION_LIFE:
        by_browser = known.by_browser if ready == known.ready else {}
        return Standing(ready, asks, rules, known.question, known.asked_from, by_browser)
    question = prompts.question([_expression(rule, now) for rule in rules])
    return Standing(ready, asks, rules, question, now)


async def _asks(tx: Tx, project_id: str, ready: Iterable[Ready]) -> dict[str, str]:
    """Return the campaigns' rules: their own, or their segment's as it is now."""
    named = {one.row.id: one.prompt.segment for one in ready if one.prompt.segment is not None}
    found = await prompts.rules(tx, project_id, sorted(set(named.values()))) if named else {}
    by_segment = {segment_id: _text(rule) for segment_id, rule in found.items()}
    asks = {one.row.id: one.rule for one in ready if one.rule is not None}
    return asks | {campaign_id: by_segment.get(segment_id, "") for campaign_id, segment_id in named.items()}


def _read(row: RunningRow, definition: Any) -> Ready | None:
    try:
        prompt = msgspec.convert(definition, Prompt)
    except msgspec.ValidationError:
        _log.warning("prompt_unreadable", campaign_id=row.id)
        return None
    variants = {variant.name: merged(prompt, variant) for variant in prompt.variants} or {"": merged(prompt, None)}
    return Ready(row, prompt, variants, None if prompt.rule is None else _text(prompt.rule))


def _text(rule: dict[str, Any]) -> str:
    return msgspec.json.encode(rule, order="deterministic").decode()


def _expression(rule: str, now: datetime) -> Rule:
    try:
        return conditions.parse(msgspec.json.decode(rule)).sql(now)
    except Problem:
        _log.warning("prompt_rule_unreadable")
        return None


def chosen(
    standing: Standing, facts: VisitorFacts | None, page: Circumstances, visitor_hash: bytes, *, now: datetime
) -> list[bytes]:
    """Return the campaigns for a page, each as JSON, the highest priority first. Of unknown visitors no rule holds."""
    holds = dict(zip(standing.rules, facts.holds if facts is not None else (), strict=False))
    return list(_fitting(_meant(standing, holds, page, now), visitor_hash, page.language))


def _meant(standing: Standing, holds: Mapping[str, bool], page: Circumstances, now: datetime) -> Iterable[Ready]:
    for one in standing.meant_for(page.browser):
        rule = standing.asks.get(one.row.id)
        is_for_them = rule is None or holds.get(rule, False)
        if is_for_them and is_here(one.prompt, page) and is_in_time(one.row.starts_at, one.row.ends_at, now):
            yield one


def _fitting(meant: Iterable[Ready], visitor_hash: bytes, language: str | None) -> Iterable[bytes]:
    room = MAX_ANSWER
    for one in meant:
        told = one.page(visitor_hash, language)
        room -= len(told)
        if room >= 0:
            yield told
