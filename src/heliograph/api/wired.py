"""How a handler asks for the wired installation: `heliograph: Wired`."""

from typing import Any, TypeAlias

from litestar import Request
from litestar.di import NamedDependency

from heliograph.bootstrap import Heliograph

Wired: TypeAlias = NamedDependency[Heliograph]


def provide_heliograph(request: Request[Any, Any, Any]) -> Heliograph:
    """Hand the installation to a handler that asks for `heliograph`."""
    found: Heliograph = request.app.state.heliograph
    return found
