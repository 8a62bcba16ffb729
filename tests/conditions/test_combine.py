"""The condition that combines others."""

import pytest
from tests.support.persons import NOW, a_person, holds

from heliograph.conditions import parse
from heliograph.domain.person import Part

GERMAN, FRENCH = {"kind": "language", "in": ["de"]}, {"kind": "language", "in": ["fr"]}


@pytest.mark.parametrize(
    ("match", "of", "answer"),
    [
        ("all", [GERMAN, FRENCH], False),
        ("all", [GERMAN, GERMAN], True),
        ("any", [FRENCH, GERMAN], True),
        ("any", [FRENCH], False),
        ("none", [FRENCH], True),
        ("none", [FRENCH, GERMAN], False),
    ],
)
def test_all_any_or_none_hold(match: str, of: list[dict[str, object]], answer: bool):
    """None of one is its negation."""
    assert holds({"kind": "combine", "match": match, "of": of}, language="de") is answer


def test_it_needs_what_its_parts_need():
    """Nothing is looked up for nothing, and nothing is forgotten."""
    rule = parse(
        {
            "kind": "combine",
            "match": "all",
            "of": [GERMAN, {"kind": "group", "name": "news"}, {"kind": "event_count", "name": "order"}],
        }
    )
    assert (rule.needs.parts, rule.needs.events) == ({Part.GROUPS}, {"order"})
    assert rule.seen(a_person(language="de"), NOW) == {"hold": 1, "of": 3}
