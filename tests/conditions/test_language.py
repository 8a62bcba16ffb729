"""The condition on language."""

import pytest
from tests.support.persons import holds


@pytest.mark.parametrize(
    ("own", "answer"), [("de", True), ("de-AT", True), ("DE-at", True), ("den", False), ("en", False), (None, False)]
)
def test_a_language_includes_its_varieties(own: str | None, answer: bool):
    """By whole parts of the tag, in whatever letters."""
    assert holds({"kind": "language", "in": ["pt-BR", "de"]}, language=own) is answer


def test_a_variety_does_not_include_its_language():
    """Who reads any Portuguese need not read Brazil's."""
    assert not holds({"kind": "language", "in": ["pt-BR"]}, language="pt")
