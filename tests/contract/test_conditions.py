"""What every condition owes: for any people and any rule, the audience is those for whom the rule holds."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from tests.support.people import ANY_QUESTION, NOW, PEOPLE, PROJECT, QUESTIONS, RULES, Rows, make_projects, write

from heliograph.conditions import CONDITIONS, narrowed, parse, schema
from heliograph.conditions.base import Question
from heliograph.domain.segment import MAX_DEPTH, MAX_NODES, MAX_VALUES
from heliograph.errors import InvalidRequest
from heliograph.storage.people import load
from heliograph.storage.store import Store, Tx
from heliograph.storage.tables import profiles

KINDS = [member.kind for member in CONDITIONS]
_CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
SETTINGS = settings(deadline=None, max_examples=60, suppress_health_check=_CHECKS, database=None)


class Crowd:
    """A database that can be asked about a crowd of people, each time another one."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._store = self._runner.run(Store.open(url))
        self._runner.run(self._prepare())

    async def _prepare(self) -> None:
        async with self._store.begin() as tx:
            await make_projects(tx)

    def disagreements(self, people: list[Rows], rules: list[dict[str, Any]]) -> list[tuple[dict[str, Any], Any, Any]]:
        """Return the rules whose faces disagree, with whom each names."""
        return self._runner.run(self._compare(people, rules))

    async def _compare(self, people: list[Rows], rules: list[dict[str, Any]]) -> list[Any]:
        async with self._store.begin() as tx:
            await write(tx, people)
            found = []
            for rule in rules:
                audience, persons = await audience_of(tx, rule), await persons_of(tx, rule, len(people))
                if audience != persons:
                    found.append((rule, audience, persons))
            await tx.rollback()
        return found

    def close(self) -> None:
        """Leave."""
        self._runner.run(self._store.close())
        self._runner.close()


async def audience_of(tx: Tx, rule: dict[str, Any]) -> set[str]:
    """Return whom the expression names. It is never null: negated, it names all others. Indexes find them all, too."""
    expression = parse(rule).sql(NOW)
    own = select(profiles.c.id).where(profiles.c.project_id == PROJECT)
    named = set((await tx.execute(own.where(expression))).scalars())
    others = set((await tx.execute(own.where(~expression))).scalars())
    everybody = set((await tx.execute(own)).scalars())
    assert (named | others, named & others) == (everybody, set())
    for candidates in narrowed(parse(rule), PROJECT, NOW):
        assert named <= set((await tx.execute(candidates)).scalars())
    return named


async def persons_of(tx: Tx, rule: dict[str, Any], count: int) -> set[str]:
    """Return for whom the rule holds, one by one."""
    condition = parse(rule)
    everybody = await load(tx, [f"pro_{number:04}" for number in range(count)], condition.needs)
    return {person.id for person in everybody if condition.matches(person, NOW)}


@pytest.fixture
def crowd(database_url: str) -> Iterator[Crowd]:
    """The crowd on a fresh database; the test runs once on each kind."""
    made = Crowd(database_url)
    yield made
    made.close()


@pytest.mark.parametrize("kind", sorted(QUESTIONS))
def test_both_faces_of_a_condition_agree(crowd: Crowd, kind: str):
    """The audience in the database is those people for whom it holds one by one."""

    @SETTINGS
    @given(people=st.lists(PEOPLE, min_size=1, max_size=4), rules=st.lists(QUESTIONS[kind], min_size=1, max_size=6))
    def check(people: list[Rows], rules: list[dict[str, Any]]) -> None:
        assert crowd.disagreements(people, rules) == []

    check()


def test_both_faces_of_any_rule_agree(crowd: Crowd):
    """However conditions are combined."""

    @SETTINGS
    @given(people=st.lists(PEOPLE, min_size=1, max_size=4), rules=st.lists(RULES, min_size=1, max_size=3))
    def check(people: list[Rows], rules: list[dict[str, Any]]) -> None:
        assert crowd.disagreements(people, rules) == []

    check()


_MANY = [f"{letter}{other}" for letter in "abcdefghij" for other in "abcdefghij"]
_WORST: list[dict[str, Any]] = [
    {"kind": "attribute", "name": "x" * 64, "is": "in", "value": [*_MANY[:50], *range(48), True, False]},
    {"kind": "attribute", "name": "x", "is": "contains", "value": "y" * 1_000},
    {"kind": "language", "in": [*_MANY[:90], *("ab-" + "c" * length for length in range(1, 9))]},
    {"kind": "time_zone", "in": [*("A" * length + "/" for length in range(1, 64)), *_MANY[:30]]},
    {"kind": "event_count", "name": "x", "from": 1, "to": 5, "property": {"name": "x", "is": "in", "value": _MANY}},
    {
        "kind": "order",
        "count": {"from": 1},
        "total": {"from": 1},
        "last_within": {"days": 1},
        "last_not_within": {"days": 1},
    },
    {"kind": "cart", "count": {"from": 1}, "total": {"from": 1}, "item": "x", "idle_for": {"days": 1}},
    {"kind": "device", "browser": "x", "os": "x", "mobile": True},
    {"kind": "group", "name": "x", "identifier": "y"},
    {"kind": "engagement", "ignored_last": 50},
]


@pytest.mark.parametrize("match", ["all", "any", "none"])
@pytest.mark.parametrize("worst", _WORST, ids=lambda rule: rule["kind"])
async def test_the_largest_rules_are_answered(store: Store, worst: dict[str, Any], match: str):
    """Whatever may be asked, a database takes it: no statement is too long, or nested too deeply."""
    members = [*worst.values(), *worst.get("property", {}).values()]
    values = sum(len(member) for member in members if isinstance(member, list))
    half = [worst] * min(30, MAX_VALUES // max(1, values) // 2)
    halves = [{"kind": "combine", "match": match, "of": half} for _ in range(2)]
    rule = {"kind": "combine", "match": match, "of": halves}
    async with store.begin() as tx:
        await make_projects(tx)
        await write(tx, [Rows({"attributes": {"x": ["y"]}, "language": "de", "time_zone": "UTC"})])
        assert await audience_of(tx, rule) == await persons_of(tx, rule, 1)


def test_every_kind_is_asked_at_random():
    """A new condition has its random questions, so that its faces are compared."""
    assert {*QUESTIONS, "combine"} == set(KINDS)


@given(rule=RULES)
@settings(max_examples=50)
def test_a_rule_can_be_told_from_and_as_json(rule: dict[str, Any]):
    """What is stored and read again is the same rule."""
    assert parse(json.loads(json.dumps(rule))) == parse(rule)


def _pointer(rule: dict[str, Any]) -> str:
    try:
        parse(rule)
    except InvalidRequest as problem:
        return problem.errors[0].pointer
    return "/rule"


@given(rule=ANY_QUESTION, junk=st.sampled_from([None, [], {}, "x", -1, 1.5, True]), data=st.data())
@settings(max_examples=300)
def test_a_broken_question_is_refused_with_its_place(rule: dict[str, Any], junk: Any, data: st.DataObject):
    """Whatever is put in the place of a member, the rule is read or refused with a pointer; nothing else happens."""
    member = data.draw(st.sampled_from(sorted(rule)))
    assert _pointer({**rule, member: junk}).startswith("/rule")


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_member_is_refused(kind: str):
    """A misspelt member would else be a condition that nobody sees missing."""
    with pytest.raises(InvalidRequest, match="/rule/"):
        parse({"kind": kind, "hello": 1})


def test_a_tree_has_bounds():
    """Deep and wide rules are refused before they are expensive."""
    leaf: dict[str, Any] = {"kind": "language", "in": ["de"]}
    deep = leaf
    for _ in range(MAX_DEPTH - 1):
        deep = {"kind": "combine", "match": "all", "of": [deep]}
    parse(deep)
    with pytest.raises(InvalidRequest, match="levels deep"):
        parse({"kind": "combine", "match": "all", "of": [deep]})

    wide = [leaf] * (MAX_NODES - 1)
    parse({"kind": "combine", "match": "any", "of": wide})
    half = {"kind": "combine", "match": "any", "of": wide[: MAX_NODES // 2]}
    with pytest.raises(InvalidRequest, match="conditions"):
        parse({"kind": "combine", "match": "any", "of": [half, half]})

    long: dict[str, Any] = {"kind": "attribute", "name": "x", "is": "in", "value": ["y"] * 100}
    parse({"kind": "combine", "match": "any", "of": [long] * (MAX_VALUES // 100)})
    with pytest.raises(InvalidRequest, match="values together"):
        parse({"kind": "combine", "match": "any", "of": [long] * (MAX_VALUES // 100 + 1)})


def test_a_cycle_cannot_be_written():
    """No condition refers to a segment, so that none can refer to itself."""
    assert "segment" not in KINDS


@pytest.mark.parametrize("member", CONDITIONS, ids=KINDS)
def test_every_condition_has_a_name_and_an_example(member: type[Question]):
    """The name is the one that rules say, and the example is read."""
    assert member.__struct_config__.tag == member.kind
    assert isinstance(parse(member.example), member)


def test_the_schema_is_the_one_that_rules_follow():
    """It names every kind, and JSON can hold it."""
    document = schema()
    assert sorted(document["$defs"]["Condition"]["discriminator"]["mapping"]) == sorted(KINDS)
    assert msgspec.json.decode(msgspec.json.encode(document)) == document
