"""What is wrong with the definition of a prompt campaign beyond its form."""

from collections.abc import Iterable, Iterator

from heliograph.domain.page_trigger import trigger_errors
from heliograph.domain.prompt import MAX_HTML, Prompt, PromptKind, merged
from heliograph.domain.subscription import check_group
from heliograph.errors import FieldError

_WITH_YES = (PromptKind.SLIDE, PromptKind.DIALOG, PromptKind.CATEGORIES)


def prompt_errors(prompt: Prompt) -> tuple[FieldError, ...]:
    """Return everything that is wrong with a definition beyond its form, with pointers into it."""
    return tuple(_errors(prompt))


def _errors(prompt: Prompt) -> Iterator[FieldError]:
    if prompt.default_language not in prompt.texts:
        yield FieldError("/default_language", "There are no texts in this language.")
    yield from _twice(prompt.texts, "/texts")
    for index, group in enumerate(prompt.triggers):
        for place, trigger in enumerate(group):
            yield from trigger_errors(trigger, f"/triggers/{index}/{place}")
    if prompt.segment is not None and prompt.rule is not None:
        yield FieldError("/rule", "Give either a segment or a rule of its own.")
    yield from _group_errors(prompt.groups, "/groups")
    yield from _category_errors(prompt)
    yield from _html_errors(prompt)
    yield from _shown_errors(merged(prompt, None), "")
    yield from _variant_errors(prompt)


def _twice(languages: Iterable[str], here: str) -> Iterator[FieldError]:
    seen: set[str] = set()
    for tag in languages:
        if tag.lower() in seen:
            yield FieldError(f"{here}/{tag}", "This language is given twice: letter case makes no difference.")
        seen.add(tag.lower())


def _group_errors(groups: Iterable[str | None], here: str, end: str = "") -> Iterator[FieldError]:
    for index, name in enumerate(groups):
        try:
            if name is not None:
                check_group(name, None)
        except ValueError as error:
            yield FieldError(f"{here}/{index}{end}", str(error))


def _category_errors(prompt: Prompt) -> Iterator[FieldError]:
    categories = prompt.categories or []
    yield from _group_errors((one.group for one in categories), "/categories", "/group")
    for index, one in enumerate(categories):
        here = f"/categories/{index}"
        if (one.group is None) is (one.attribute is None):
            yield FieldError(here, "Give either a group or an attribute.")
        for name, words in (("title", one.title), ("description", one.description)):
            if words is not None and prompt.default_language not in words:
                yield FieldError(f"{here}/{name}", f"The default language, {prompt.default_language}, is needed.")


def _html_errors(prompt: Prompt) -> Iterator[FieldError]:
    documents = [prompt.html or {}, *(variant.html or {} for variant in prompt.variants)]
    if sum(len(text.encode()) for document in documents for text in document.values()) > MAX_HTML:
        yield FieldError("/html", f"All documents together have at most {MAX_HTML} bytes.")


def _shown_errors(prompt: Prompt, here: str) -> Iterator[FieldError]:
    """Yield what keeps a prompt, or a variant merged with it, from being shown."""
    kind = prompt.prompt
    for language, texts in prompt.texts.items():
        if kind is not PromptKind.HOME_SCREEN and texts.title is None:
            yield FieldError(f"{here}/texts/{language}/title", "A title is needed.")
        if kind in _WITH_YES and texts.accept is None:
            yield FieldError(f"{here}/texts/{language}/accept", "The button that says yes needs a text.")
    if kind is PromptKind.HTML and prompt.default_language not in (prompt.html or {}):
        sentence = f"The prompt `html` needs a document in the default language, {prompt.default_language}."
        yield FieldError(f"{here}/html", sentence)
    if kind is PromptKind.CATEGORIES and not prompt.categories:
        yield FieldError(f"{here}/categories", "The prompt `categories` needs some.")
    if kind is PromptKind.INLINE and prompt.spot is None:
        yield FieldError(f"{here}/spot", "The prompt `inline` needs the name of its place on the page.")


def _variant_errors(prompt: Prompt) -> Iterator[FieldError]:
    if len(prompt.variants) == 1:
        yield FieldError("/variants", "One variant is no test: give two or more, or none.")
    names = [variant.name for variant in prompt.variants]
    for index, variant in enumerate(prompt.variants):
        here = f"/variants/{index}"
        if variant.name in names[:index]:
            yield FieldError(f"{here}/name", "Another variant has this name.")
        yield from _twice(variant.texts or {}, f"{here}/texts")
        if (variant.prompt, variant.texts, variant.html) != (None, None, None):
            yield from _shown_errors(merged(prompt, variant), here)
