"""Content whose texts are templates: what is wrong with them, and what one person gets to see."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from heliograph.domain import template
from heliograph.domain.content_rules import content_errors
from heliograph.domain.notification import Action, Content, NotificationKind, Variant, chosen_variant
from heliograph.domain.template import MAX_TEMPLATE, TemplateError
from heliograph.errors import FieldError

Values = Mapping[str, Any]
MAX_WHOLE = 32_768
"""Characters of all templates of a content, in all languages: reading them takes a tenth of a second."""
_SHOWN = ("title", "body")
_ADDRESSES = ("url", "icon", "image")
_ADDRESS = re.compile(r"https?://|\s*\{[{%]|$")
_NO_VARIANT = Variant()
_Part = TypeVar("_Part", Content, Variant)


@dataclass(frozen=True, slots=True)
class _Field:
    """One template of a content, at a JSON Pointer."""

    pointer: str
    source: str
    is_address: bool = False
    is_data: bool = False


def errors(content: Content, kind: NotificationKind) -> tuple[FieldError, ...]:
    """Return everything that is wrong with a content, its templates included; nothing for what can be kept."""
    if not content.template:
        return content_errors(content, kind)
    found = list(content_errors(_fixed(content), kind))
    size = whole = 0
    for field in _fields(content):
        size += len(field.source) * field.is_data
        whole += len(field.source) * template.has_marks(field.source)
        if whole > MAX_WHOLE:
            break
        try:
            template.check(field.source, is_address=field.is_address or field.is_data)
        except TemplateError as error:
            found.append(FieldError(field.pointer, error.sentence))
        if field.is_address and not _ADDRESS.match(field.source):
            found.append(FieldError(field.pointer, "An address begins with https:// or with a variable."))
    if size > MAX_TEMPLATE:
        found.append(FieldError("/content/data", f"The texts in data have at most {MAX_TEMPLATE:,} characters in all."))
    if whole > MAX_WHOLE:
        found.append(FieldError("/content", f"All templates have at most {MAX_WHOLE:,} characters together."))
    return tuple(found)


def names(content: Content) -> frozenset[str]:
    """Return the outer names that the templates of a content ask for; none for content that is none."""
    if not content.template:
        return frozenset()
    found: set[str] = set()
    for field in _fields(content):
        with suppress(TemplateError):  # whoever it is for will be told
            found |= template.check(field.source, is_address=True).names
    return frozenset(found)


def personal(content: Content, kind: NotificationKind, language: str | None, values: Values) -> Content:
    """Return what one person gets to see: content without variants, that holds no template any more.

    What comes out as nothing is left out, so that a missing picture is no error; but a title there must be.

    Args:
        content: a content of templates.
        kind: notification or data push.
        language: the receiver's, which chooses among the variants.
        values: by the names of `template.NAMES`.

    Raises:
        TemplateError: this person cannot be shown anything good; `detail` tells the field.
    """
    if kind is NotificationKind.DATA:
        return replace(content, data=_data(content.data, values), template=False)
    tag, variant = chosen_variant(content, language)
    variant = variant or _NO_VARIANT
    shown = {name: value for name, value in values.items() if name != template.ADDRESS_ONLY}
    actions = content.actions if variant.actions is None else variant.actions
    made = replace(
        content,
        title=_filled("title", variant.title or content.title, shown) or "",
        body=_filled("body", content.body if variant.body is None else variant.body, shown),
        url=_address("url", variant.url or content.url, values),
        icon=_address("icon", variant.icon or content.icon, values),
        image=_address("image", variant.image or content.image, values),
        actions=tuple(_action(action, values, shown) for action in actions),
        language=tag,
        data=_data(content.data, values),
        variants={},
        template=False,
    )
    for error in content_errors(made, kind):
        raise TemplateError(f"{error.pointer.removeprefix('/content/')}: {error.detail}")
    return made


def nothing_known(content: Content, kind: NotificationKind) -> Iterator[Content]:
    """Yield what a person of each language gets to see of whom nothing is known, where that is anything."""
    for tag in (None, *content.variants):
        with suppress(TemplateError):
            yield personal(content, kind, tag, {})


def _fields(content: Content) -> Iterator[_Field]:
    for pointer, part in _parts(content):
        for name in _SHOWN:
            yield _Field(f"{pointer}/{name}", getattr(part, name) or "")
        for name in _ADDRESSES:
            yield _Field(f"{pointer}/{name}", getattr(part, name) or "", is_address=True)
        for index, action in enumerate(part.actions or ()):
            yield _Field(f"{pointer}/actions/{index}/title", action.title)
            yield _Field(f"{pointer}/actions/{index}/url", action.url or "", is_address=True)
            yield _Field(f"{pointer}/actions/{index}/icon", action.icon or "", is_address=True)
    yield from _data_fields("/content/data", content.data)


def _parts(content: Content) -> Iterator[tuple[str, Content | Variant]]:
    yield "/content", content
    for tag, variant in content.variants.items():
        yield f"/content/variants/{_escaped(tag)}", variant


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _data_fields(pointer: str, data: Any) -> Iterator[_Field]:
    match data:
        case str():
            yield _Field(pointer, data, is_data=True)
        case dict():
            for name, member in data.items():
                yield from _data_fields(f"{pointer}/{_escaped(name)}", member)
        case list():
            for index, member in enumerate(data):
                yield from _data_fields(f"{pointer}/{index}", member)


def _fixed(content: Content) -> Content:
    """Return content without the addresses that differ from person to person: those are checked one by one."""
    variants = {tag: _without_marks(variant) for tag, variant in content.variants.items()}
    return replace(_without_marks(content), variants=variants)


def _without_marks(part: _Part) -> _Part:
    actions = part.actions and tuple(
        replace(action, url=_plain(action.url), icon=_plain(action.icon)) for action in part.actions
    )
    return replace(part, actions=actions, url=_plain(part.url), icon=_plain(part.icon), image=_plain(part.image))


def _plain(url: str | None) -> str | None:
    return None if template.has_marks(url or "") else url


def _filled(name: str, source: str | None, values: Values) -> str | None:
    if not source:
        return source
    return _named(name, lambda: template.render(source, values).strip() or None)


def _address(name: str, source: str | None, values: Values) -> str | None:
    if not source:
        return source
    return _named(name, lambda: template.render(source, values, is_address=True).strip() or None)


def _action(action: Action, values: Values, shown: Values) -> Action:
    where = f"actions/{action.action}"
    return Action(
        action=action.action,
        title=_filled(f"{where}/title", action.title, shown) or "",
        icon=_address(f"{where}/icon", action.icon, values),
        url=_address(f"{where}/url", action.url, values),
    )


def _data(data: Any, values: Values) -> Any:
    match data:
        case str():
            return _named("data", lambda: template.render(data, values))
        case dict():
            return {name: _data(member, values) for name, member in data.items()}
        case list():
            return [_data(member, values) for member in data]
        case _:
            return data


def _named(name: str, work: Callable[[], str | None]) -> str | None:
    try:
        return work()
    except TemplateError as error:
        raise TemplateError(f"{name}: {error.sentence}") from None
