"""A segment: a named rule over profiles. The rule is JSON as its author wrote it; `conditions` gives it its meaning."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

MAX_DEPTH = 8
"""Levels of a rule, the outermost condition included."""
MAX_NODES = 64
"""Conditions in one rule: each may cost a look at another table for every profile."""
MAX_TEXT = 1_000
"""Characters of one text in a rule."""
MAX_LIST = 100
"""Alternatives in one condition."""
MAX_VALUES = 1_000
"""Alternatives in all conditions of one rule: statements with many thousands take seconds to be put together."""

RuleJson = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Segment:
    """A rule with a name, as it is stored."""

    id: str
    project_id: str
    name: str
    rule: RuleJson
    created_at: datetime
    updated_at: datetime
