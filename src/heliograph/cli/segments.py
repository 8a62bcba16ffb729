"""`heliograph segments`."""

import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from heliograph import conditions
from heliograph.actions import segment_sizes
from heliograph.actions import segments as actions
from heliograph.actions.segment_sizes import Size
from heliograph.actions.segments import Answer, Explanation
from heliograph.cli import opening, screen
from heliograph.cli.choosing import JsonOption, ProjectOption, chosen_project
from heliograph.cli.exits import CommandError, Exit
from heliograph.domain.segment import RuleJson, Segment
from heliograph.kit.paging import MAX_LIMIT
from heliograph.storage.store import Tx

segments = typer.Typer(
    name="segments",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Named rules over people: who bought twice, who has not come for a month, who reads German.",
)

NameArgument = Annotated[str, typer.Argument(help="The segment's name or id, seg_….")]
RuleArgument = Annotated[
    str, typer.Argument(metavar="RULE", help="The rule as JSON; @FILE reads a file, and - standard input.")
]
_MOST_BYTES = 256 * 1024


def read_rule(text: str) -> RuleJson:
    """Return the rule that a person wrote on the command line, or put into a file."""
    try:
        if text == "-":
            text = sys.stdin.read(_MOST_BYTES)
        elif text.startswith("@"):
            text = Path(text[1:]).read_text(encoding="utf-8")
        rule = msgspec.json.decode(text)
    except OSError as error:
        raise CommandError(f"The rule cannot be read: {error.strerror}.", Exit.USAGE) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise CommandError(f"The rule is not JSON: {error}.", Exit.USAGE) from None
    if not isinstance(rule, dict):
        raise CommandError("A rule is a JSON object with a `kind`; `heliograph segments schema` tells all.", Exit.USAGE)
    return rule


async def _owner(tx: Tx, project: str | None) -> str:
    return (await chosen_project(tx, project)).id


def _as_json(segment: Segment) -> dict[str, Any]:
    return {name: getattr(segment, name) for name in Segment.__dataclass_fields__ if name != "project_id"}


@segments.command()
def create(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    rule: RuleArgument,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a rule a name.

    Example: heliograph segments create German '{"kind": "language", "in": ["de"]}'
    """
    wanted = read_rule(rule)

    async def work() -> Segment:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            owner = await _owner(tx, project)
            return await actions.create(tx, heliograph.context(), project_id=owner, name=name, rule=wanted)

    made = opening.run(work())
    if as_json:
        screen.write_json(_as_json(made))
    else:
        typer.echo(f"{made.name} is {made.id}.")


@segments.command("list")
def list_(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """List segments.

    Example: heliograph segments list
    """

    async def work() -> list[Segment]:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.read() as tx:
            owner = await _owner(tx, project)
            found: list[Segment] = []
            cursor: str | None = None
            while True:
                page = await actions.listing(tx, project_id=owner, cursor=cursor, limit=MAX_LIMIT)
                found, cursor = found + page.items, page.next
                if cursor is None:
                    return found

    found = opening.run(work())
    if as_json:
        screen.write_json([_as_json(segment) for segment in found])
        return
    rows = ((one.id, one.name, one.updated_at, msgspec.json.encode(one.rule).decode()) for one in found)
    screen.console().print(screen.table(None, ("id", "name", "changed", "rule"), rows))


@segments.command()
def change(
    segment: NameArgument,
    *,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    rule: Annotated[str | None, typer.Option(help="Another rule: JSON, @FILE or -.")] = None,
    project: ProjectOption = None,
) -> None:
    """Change a segment's name or rule. What is being sent goes on with the rule that it began with.

    Example: heliograph segments change German --rule @german.json
    """
    wanted = None if rule is None else read_rule(rule)

    async def work() -> Segment:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            owner = await _owner(tx, project)
            found = await actions.find(tx, project_id=owner, name_or_id=segment)
            return await actions.change(
                tx, heliograph.context(), project_id=owner, segment_id=found.id, name=name, rule=wanted
            )

    typer.echo(f"{opening.run(work()).name} is changed.")


@segments.command()
def remove(segment: NameArgument, project: ProjectOption = None) -> None:
    """Delete a segment that nothing needs.

    Example: heliograph segments remove German
    """

    async def work() -> Segment:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            owner = await _owner(tx, project)
            found = await actions.find(tx, project_id=owner, name_or_id=segment)
            await actions.remove(tx, heliograph.context(), project_id=owner, segment_id=found.id)
            return found

    typer.echo(f"{opening.run(work()).name} is deleted.")


@segments.command()
def count(
    segment: Annotated[str | None, typer.Argument(help="The segment's name or id; or give --rule.")] = None,
    *,
    rule: Annotated[str | None, typer.Option(help="A rule that is not kept: JSON, @FILE or -.")] = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count who is in a segment, or whom a rule means, and name some of them. It takes a few seconds at most.

    Example: heliograph segments count --rule '{"kind": "order", "count": {"from": 2}}'
    """
    if (segment is None) == (rule is None):
        raise CommandError("Name a segment, or give --rule.", Exit.USAGE)
    given = None if rule is None else read_rule(rule)

    async def work() -> Size:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.read() as tx:
            owner = await _owner(tx, project)
            meant = given or (await actions.find(tx, project_id=owner, name_or_id=segment or "")).rule
            return await segment_sizes.size(tx, heliograph.context(), project_id=owner, rule=meant)

    found = opening.run(work())
    sample = [{"id": one.id, "external_id": one.external_id} for one in found.sample]
    if as_json:
        told = {"count": found.count, "is_exact": found.is_exact, "looked_at": found.looked_at, "sample": sample}
        screen.write_json(told)
        return
    people = f"{found.count:,} people" if found.is_exact else f"At least {found.count:,} people"
    some = ", ".join(one.external_id or one.id for one in found.sample)
    typer.echo(f"{people}, among them {some}." if some else f"{people}.")


@segments.command()
def explain(
    segment: NameArgument,
    person: Annotated[str, typer.Argument(help="Your own id of the person, or the profile's, pro_….")],
    *,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell why somebody is in a segment or is not, condition by condition.

    Example: heliograph segments explain German ada
    """

    async def work() -> Explanation:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.read() as tx:
            owner = await _owner(tx, project)
            found = await actions.find(tx, project_id=owner, name_or_id=segment)
            ctx = heliograph.context()
            return await actions.explain(tx, ctx, project_id=owner, rule=found.rule, profile=person)

    told = opening.run(work())
    if as_json:
        screen.write_json({"profile": told.person.id, "holds": told.answer.holds, "answer": _answer_json(told.answer)})
        return
    out = screen.console()
    out.print(f"{person} is {'' if told.answer.holds else 'not '}in the segment.", markup=False)
    out.print(screen.table(None, ("holds", "condition", "seen"), _rows(told.answer, 0)))


def _answer_json(answer: Answer) -> dict[str, Any]:
    parts = [_answer_json(part) for part in answer.parts]
    return {"rule": answer.rule, "holds": answer.holds, "seen": answer.seen, "of": parts}


def _rows(answer: Answer, level: int) -> list[tuple[Any, ...]]:
    asked = msgspec.json.encode(answer.rule).decode()
    seen = msgspec.json.encode(answer.seen).decode()
    rows: list[tuple[Any, ...]] = [(answer.holds, f"{'  ' * level}{asked}", seen)]
    for part in answer.parts:
        rows += _rows(part, level + 1)
    return rows


@segments.command()
def schema() -> None:
    """Write the JSON Schema of rules: which conditions there are, and what each of them asks.

    Example: heliograph segments schema > rule.schema.json
    """
    screen.write_json(conditions.schema())
