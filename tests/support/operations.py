"""The admin API's operations as its route table has them, and requests for them that would go well."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from tests.support.api import Tenant, bare_app

from heliograph.api.examples import example_of
from heliograph.api.routes import Operation, operations
from heliograph.bootstrap import Heliograph
from heliograph.names import Scope
from heliograph.storage.tables import metadata

ADMIN = tuple(operation for operation in operations(bare_app()) if "scope" in operation.handler.opt)
"""Every operation that needs a secret key. A new route is here without being named anywhere."""


def name_of(operation: Operation) -> str:
    """Return a name for a test's parameter."""
    return f"{operation.method} {operation.path}"


def scope_of(operation: Operation) -> Scope:
    """Return the scope that an operation needs."""
    scope: Scope = operation.handler.opt["scope"]
    return scope


def is_installation_only(operation: Operation) -> bool:
    """Tell whether a project's key may not do it."""
    return bool(operation.handler.opt["is_installation_only"])


def body_of(operation: Operation) -> Any:
    """Return the documented example of a body, or None for an operation that takes none."""
    if operation.body is None:
        return None
    example = operation.handler.opt["example"]
    return example if example is not None else example_of(operation.body)


@dataclass(frozen=True, slots=True)
class Things:
    """Identifiers of a tenant's things, by the parameter that asks for them."""

    tenant: Tenant
    more: dict[str, str] = field(default_factory=dict)

    def path(self, operation: Operation) -> str:
        """Return the operation's path about this tenant's things."""
        made = self.tenant.made
        key_id = made.vapid_key.id if "/vapid-keys/" in operation.path else self.tenant.key_ids[Scope.READ]
        known = {
            "project_id": self.tenant.id,
            "key_id": key_id,
            "provider_id": made.provider.id,
            **self.more,
        }
        path = operation.path
        for parameter in operation.parameters:
            if parameter.place == "path":
                path = path.replace(f"{{{parameter.name}}}", known[parameter.name])
        return path

    def query(self, operation: Operation) -> dict[str, str]:
        """Return the parameters that the operation cannot do without."""
        needed = [item.name for item in operation.parameters if item.place == "query" and item.is_required]
        return {name: self.more.get(name, "x") for name in needed}


async def row_counts(heliograph: Heliograph) -> dict[str, int]:
    """Return how many rows each table has."""
    async with heliograph.store.read() as tx:
        return {
            table.name: (await tx.execute(select(func.count()).select_from(table))).scalar_one()
            for table in metadata.sorted_tables
        }


def bad_bodies(example: Any) -> Iterator[tuple[str, bytes, int]]:
    """Yield bodies that no operation takes: a name, the bytes, and the status that refuses them."""
    good = json.dumps(example).encode()
    yield "empty", b"", 400
    yield "space", b" ", 400
    yield "not JSON", b"{", 400
    yield "two values", good + good, 400
    yield "null", b"null", 400
    yield "a text", b'"x"', 400
    yield "a list", b"[]", 400
    yield "a number", b"1", 400
    yield "invalid UTF-8", b'{"x\xff": 1}', 400
    yield "UTF-16", good.decode().encode("utf-16"), 400
    yield "a lone surrogate", b'{"\\ud800": 1}', 400
    yield "U+0000", b'{"x": "\\u0000"}', 400
    yield "deep lists", b"[" * 100_000, 400
    yield "deep objects", b'{"a":' * 40_000 + b"1" + b"}" * 40_000, 400
    yield "deep within", json.dumps({**example, "more": _nested(200)}).encode(), 400
    yield "an unknown field", json.dumps({**example, "hel\u00eed": 1}).encode(), 400
    yield "too large", b'{"x": "' + b"x" * 300_000 + b'"}', 413


def wrong_types(example: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the example with one member of a wrong type: the member's pointer, and the body."""
    for name, value in example.items():
        wrong: Any = 1.5 if isinstance(value, list | dict | str) else {"a": []}
        yield f"/{name}", {**example, name: wrong}


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


async def webhook_things(api: Any, tenant: Tenant) -> dict[str, str]:
    """Make a webhook with a message, and return their identifiers by parameter. The address is a literal one."""
    body = {"url": "https://93.184.215.14/heliograph"}
    made = (await api.post("/v1/webhooks", headers=tenant.manage, json=body)).json()
    message = (await api.post(f"/v1/webhooks/{made['id']}/test", headers=tenant.manage)).json()
    return {"webhook_id": made["id"], "message_id": message["id"]}


async def campaign_things(api: Any, tenant: Tenant) -> dict[str, str]:
    """Write a campaign, and return its identifier by parameter."""
    message = {"trigger": {"kind": "api"}, "audience": {"kind": "everyone"}, "content": {"title": "x"}}
    body = {"name": "x", "message": message}
    made = (await api.post("/v1/campaigns", headers=tenant.manage, json=body)).json()
    return {"campaign_id": made["id"]}
