"""The definition of a prompt campaign, checked as a whole when it is written."""

from typing import Any

import msgspec

from heliograph import conditions
from heliograph.domain.prompt import Prompt
from heliograph.domain.prompt_errors import prompt_errors
from heliograph.errors import FieldError, InvalidRequest, NotFound
from heliograph.storage import segments
from heliograph.storage.store import Tx

MAX_TOLD = 20
"""Errors that an answer names."""


async def checked(tx: Tx, *, project_id: str, prompt: Prompt, at: str) -> dict[str, Any]:
    """Return the definition as it is stored; `at` is its JSON Pointer.

    Raises:
        InvalidRequest: it could not be shown as its author means, might freeze a page, or its rule is none.
        NotFound: there is no such segment.
    """
    found = prompt_errors(prompt)
    if found:
        errors = tuple(FieldError(at + one.pointer, one.detail) for one in found[:MAX_TOLD])
        raise InvalidRequest(f"{errors[0].pointer}: {errors[0].detail}", errors)
    if prompt.rule is not None:
        conditions.parse(prompt.rule, f"{at}/rule")
    if prompt.segment is not None and await segments.get(tx, project_id, prompt.segment) is None:
        sentence = "There is no such segment in this project."
        raise NotFound(sentence, (FieldError(f"{at}/segment", sentence),))
    definition: dict[str, Any] = msgspec.to_builtins(prompt)
    return definition
