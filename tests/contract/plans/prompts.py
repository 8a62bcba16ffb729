"""Every query of prompt campaigns: what each page view asks, and what is counted."""

from tests.contract.plans.query import Query
from tests.contract.plans.seed import NOW, an_id, endpoint_hash

from heliograph import conditions
from heliograph.storage import prompts

PRJ, CMP = an_id("prj", 0), an_id("cmp", 0)
_RULES = (
    {"kind": "event_count", "name": "order", "from": 2, "within": {"days": 30}},
    {"kind": "attribute", "name": "plan", "is": "eq", "value": "pro"},
    {"kind": "subscription", "has": False},
    {"kind": "cart", "total": {"from": 50}},
)
_QUESTION = prompts.question([conditions.parse(rule).sql(NOW) for rule in _RULES])

PROMPT_QUERIES = [
    Query(prompts.running, (PRJ,), {"limit": 200}),
    Query(prompts.definitions, ([CMP, an_id("cmp", 1)],)),
    Query(prompts.rules, (PRJ, [an_id("seg", 0), an_id("seg", 1)])),
    Query(prompts.of_segment, (PRJ, an_id("seg", 0)), {"limit": 20}),
    Query(prompts.visitor, (_QUESTION, PRJ, endpoint_hash(5))),
    # Half of all events are this person's.
    Query(prompts.visitor, (_QUESTION, PRJ, endpoint_hash(1))),
    Query(prompts.visitor, (_QUESTION, PRJ, b"nobody")),
    Query(prompts.known, (PRJ, [CMP, an_id("cmp", 1)])),
    Query(prompts.mark, ({(CMP, b"new"): None, (CMP, b"another"): NOW},)),
    Query(prompts.add, ({(CMP, "", "show-widget"): 1, (CMP, "a", "own"): 2}, 3)),
    Query(prompts.counts, (CMP,)),
    Query(prompts.sweep_marks, (), {"now": NOW, "limit": 500}),
]
