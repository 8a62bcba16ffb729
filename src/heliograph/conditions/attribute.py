"""What a profile's attributes say: `domain/comparison.py` tells how values are compared."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from sqlalchemy import ColumnElement

from heliograph.conditions.base import Operand, Question, comparison
from heliograph.domain.comparison import Operator
from heliograph.domain.person import Person
from heliograph.storage.json_members import compared
from heliograph.storage.tables import profiles


class Attribute(Question, frozen=True, kw_only=True, tag="attribute"):
    """An attribute of the profile, compared with a value."""

    kind: ClassVar[str] = "attribute"
    example: ClassVar[dict[str, Any]] = {"kind": "attribute", "name": "plan", "is": "in", "value": ["gold", "silver"]}
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64, description="The attribute's name, exactly.")]
    operator: Annotated[
        Operator,
        msgspec.Meta(
            description="`eq`, `ne` (also of people without the attribute), `in` a list; `gt`, `gte`, `lt`, `lte` of "
            "numbers and of days; `contains`: a piece of a text, or an element of a list; `exists`."
        ),
    ] = msgspec.field(name="is")
    value: Annotated[Operand, msgspec.Meta(description="For `exists`: whether it shall.")] = True

    def __post_init__(self) -> None:
        """Refuse an operator and a value that do not fit."""
        comparison(self.operator, self.value)

    def matches(self, person: Person, now: datetime) -> bool:
        """Compare the person's own value."""
        return comparison(self.operator, self.value).holds(person.attributes.get(self.name), now)

    def sql(self, now: datetime) -> ColumnElement[bool]:
        """Look into the column of attributes."""
        return compared(profiles.c.attributes, self.name, comparison(self.operator, self.value), now)

    def seen(self, person: Person, now: datetime) -> Any:
        """Return the person's own value."""
        return {"value": person.attributes.get(self.name), "exists": person.attributes.get(self.name) is not None}
