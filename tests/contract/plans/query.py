"""One query, as it is asked."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from heliograph.storage.store import Tx


@dataclass(frozen=True, slots=True)
class Query:
    """A function of `storage/` and how it is called.

    Attributes:
        only_on: the only kind of database that is asked.
    """

    function: Callable[..., Awaitable[Any]]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] | None = None
    only_on: str | None = None

    async def run(self, tx: Tx) -> Any:
        """Ask it."""
        return await self.function(tx, *self.args, **(self.kwargs or {}))

    @property
    def name(self) -> str:
        """`module.function`."""
        return f"{self.function.__module__.rpartition('.')[2]}.{self.function.__name__}"
