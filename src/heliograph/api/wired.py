"""How a handler asks for the wired installation: `heliograph: Wired`."""

from typing import TypeAlias

from litestar.di import NamedDependency

from heliograph.bootstrap import Heliograph

Wired: TypeAlias = NamedDependency[Heliograph]
