"""The engine behind `domain.template`: python-liquid with a few of its tags, our own filters, and a budget of steps.

Read `docs/decisions/liquid.md` for why. Nothing of the library's own filters, loaders or clock is reachable.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any, TextIO

from liquid import Environment, RenderContext
from liquid.ast import Node
from liquid.builtin import content, illegal, output
from liquid.builtin.expressions.arguments import KeywordArgument, PositionalArgument
from liquid.builtin.expressions.filtered import Filter, FilteredExpression
from liquid.builtin.tags import assign_tag, case_tag, comment_tag, for_tag, if_tag, unless_tag
from liquid.exceptions import BlockNestingError, LiquidError, LoopIterationLimitError, UnknownFilterError
from liquid.expression import Expression
from liquid.template import BoundTemplate
from liquid.token import Token
from liquid.undefined import UNDEFINED
from liquid.utils import ReadOnlyChainMap

from heliograph.domain.liquid_filters import FILTERS, Encoded, arity, text
from heliograph.domain.template import MAX_ITERATIONS, MAX_NESTING, MAX_OUTPUT, MAX_STEPS, TemplateError, place

_TAGS = (
    content.Literal,
    illegal.Illegal,
    assign_tag.AssignTag,
    case_tag.CaseTag,
    comment_tag.CommentTag,
    for_tag.BreakTag,
    for_tag.ContinueTag,
    if_tag.IfTag,
    unless_tag.UnlessTag,
)
_MAX_LOCALS = 64 * 1024
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ufff9-\ufffb]")
"""Control characters, and those that turn the direction of all that follows: a value must not reach beyond itself."""


class _Out(StringIO):
    """Takes what is written and stops at the bounds."""

    def __init__(self, *, is_address: bool) -> None:
        super().__init__()
        self.is_address = is_address
        self.length = 0

    def write(self, piece: str) -> int:
        self.length += len(piece)
        if self.length > MAX_OUTPUT:
            raise TemplateError(f"It comes to more than {MAX_OUTPUT:,} characters.")
        return super().write(piece)


class _Context(RenderContext):
    """Looks names up among the given values alone, and counts steps."""

    __slots__ = ("steps", "turn")

    def __init__(self, template: BoundTemplate, **options: Any) -> None:
        super().__init__(template, **options)
        self.scope = ReadOnlyChainMap(self.locals, self.globals)
        self.steps = 0
        self.turn = 0

    def step(self, weight: int = 1) -> None:
        self.steps += weight
        if self.steps > MAX_STEPS:
            raise TemplateError(f"It takes more than {MAX_STEPS:,} steps.")

    def raise_for_loop_limit(self, length: int = 1) -> None:
        """Count what a loop that begins will do, and refuse what is too much."""
        self.step(length * self.turn)
        super().raise_for_loop_limit(length)

    def get(self, path: list[object], *, token: Token | None, default: object = UNDEFINED) -> object:
        self.step()
        return super().get(path, token=token, default=default)


class _OutputNode(output.OutputNode):
    """Writes a value as text, or as a part of an address."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        if isinstance(context, _Context):
            context.step()
        value = self.expression.evaluate(context)
        made = text(value)
        if isinstance(buffer, _Out) and buffer.is_address:
            # At the very beginning it is an address itself; what comes out is checked as a whole in any case.
            if buffer.length and not isinstance(value, Encoded):
                made = FILTERS["url_encode"](made)
        elif not made.isprintable():
            made = _UNSEEN.sub("", made)
        return buffer.write(made)


class _ForNode(for_tag.ForNode):
    """Tells how much each turn of it is, also where that is nothing but constants."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        if isinstance(context, _Context):
            context.turn = _size(self.block, context)
        return super().render_to_output(context, buffer)


def _size(node: Node, context: RenderContext) -> int:
    """Count the nodes of a block, but not those of the loops in it."""
    inside = node.children(context, include_partials=False)
    return sum(1 if isinstance(one, for_tag.ForNode) else 1 + _size(one, context) for one in inside)


class _For(for_tag.ForTag):
    node_class = _ForNode


class _Output(output.Output):
    node_class = _OutputNode


class _Template(BoundTemplate):
    context_class = _Context


class _Liquid(Environment):
    block_nesting_limit = MAX_NESTING
    loop_iteration_limit = MAX_ITERATIONS
    local_namespace_limit = _MAX_LOCALS
    template_class = _Template

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002 - there is nothing extra here
        for tag in (*_TAGS, _Output, _For):
            self.add_tag(tag)
        for name, function in FILTERS.items():
            self.add_filter(name, _Checked(name, function))


class _Checked:
    """A filter whose number of values is checked when a template is read; what works on much takes more steps."""

    with_context = True

    def __init__(self, name: str, function: Any) -> None:
        self._function = function
        self._least, self._most = arity(name)

    def __call__(self, value: Any, *values: Any, context: _Context, **named: Any) -> Any:
        much = len(value) if isinstance(value, str | list | tuple) else 0
        context.step(1 + (much // 1000 if isinstance(value, str) else much // 10))
        return self._function(value, *values, **named)

    def validate(
        self, _env: Environment, token: Token, name: str, given: list[KeywordArgument | PositionalArgument]
    ) -> None:
        count = sum(isinstance(one, PositionalArgument) for one in given)
        named = {one.name for one in given if isinstance(one, KeywordArgument)}
        if named - ({"allow_false"} if name == "default" else set()):
            raise _at(token, f"The filter {name} takes no value of that name.")
        if not self._least <= count <= self._most:
            wanted = f"{self._least}" if self._least == self._most else f"{self._least} to {self._most}"
            raise _at(token, f"The filter {name} takes {wanted} value(s), not {count}.")


_LIQUID = _Liquid()


@dataclass(frozen=True, slots=True)
class Compiled:
    """A template that was read. `names` are the outer names that it asks for, with line and column of their first."""

    template: BoundTemplate
    names: Mapping[str, tuple[int, int]]

    def render(self, values: Mapping[str, Any], *, is_address: bool) -> str:
        """Fill it in, or raise `TemplateError`."""
        out = _Out(is_address=is_address)
        try:
            context = _Context(self.template, globals=values)
            for node in self.template.nodes:  # without the library's own scopes around them, which take as long again
                node.render(context, out)
        except TemplateError:
            raise
        except LiquidError as error:
            raise _told(error) from None
        except Exception as error:
            raise TemplateError(f"It cannot be filled in ({type(error).__name__}).") from error
        return out.getvalue()


def compiled(source: str) -> Compiled:
    """Read a template, or raise `TemplateError` with the place of the mistake."""
    try:
        template = _LIQUID.from_string(source)
        analysis = template.analyze(include_partials=False)
        for one in _filters(template.nodes, _Context(template)):
            one.validate_filter_arguments(_LIQUID)
    except TemplateError:
        raise
    except LiquidError as error:
        raise _told(error) from None
    except Exception as error:
        raise TemplateError("It cannot be read.") from error
    names = {name: place(source, found[0].span.index) for name, found in analysis.globals.items() if name != "forloop"}
    return Compiled(template, names)


def _filters(nodes: Iterable[Node], context: RenderContext) -> Iterator[Filter]:
    for node in nodes:
        for expression in node.expressions():
            yield from _filters_of(expression)
        yield from _filters(node.children(context, include_partials=False), context)


def _filters_of(expression: Expression) -> Iterator[Filter]:
    if isinstance(expression, FilteredExpression):
        yield from expression.filters or ()
    for child in expression.children():
        yield from _filters_of(child)


def _told(error: LiquidError) -> TemplateError:
    match error:
        case BlockNestingError():
            sentence = f"Blocks are nested more than {MAX_NESTING} deep."
        case LoopIterationLimitError():
            sentence = f"It loops more than {MAX_ITERATIONS} times."
        case UnknownFilterError():
            sentence = f"There is no such filter. There are {', '.join(sorted(FILTERS))}."
        case _:
            said = str(error.message or "it cannot be read").strip().rstrip(".")
            sentence = f"{said[:1].upper()}{said[1:200]}."
    return TemplateError(sentence) if error.token is None else _at(error.token, sentence)


def _at(token: Token, sentence: str) -> TemplateError:
    if token.start_index < 0:  # at the end
        return TemplateError(sentence)
    line, column = place(token.source, token.start_index)
    return TemplateError(sentence, line=line, column=column)
