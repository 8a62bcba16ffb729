"""Who wants something done, from the edge that knows it to the log that keeps it.

An edge says it once for everything that follows in the same task; verbs read it from their `Context`, never from here.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """What kind of caller acts."""

    KEY = "key"
    ACCOUNT = "account"
    CLI = "cli"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts.

    Attributes:
        id: an API key's identifier, an account's of the Glue API, or the login name of who runs a command.
        request_id: of the request that asks for it.
    """

    kind: ActorKind
    id: str | None = None
    request_id: str | None = None


UNKNOWN = Actor(ActorKind.MACHINE)
"""Nobody in particular: the machine itself."""

_current: ContextVar[Actor] = ContextVar("actor", default=UNKNOWN)


def current_actor() -> Actor:
    """Return who acts in this task."""
    return _current.get()


def act_as(actor: Actor) -> None:
    """Say who acts in this task from now on."""
    _current.set(actor)
