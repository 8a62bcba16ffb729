"""Workers that die: before a commit, right after one, or with a message in the air.

What they wrote stays or goes as it does when a process is killed; what they remembered is gone.
"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from heliograph.delivery.machine import Machine
from heliograph.kit.http import HttpRequest, HttpResponse, HttpSender, TransportFault
from heliograph.storage.store import Store, Tx


class Crash(Exception):  # noqa: N818 - the death of a process is no error of it
    """The worker is dead."""


class Fate:
    """Decides when a worker dies; `share` is how many of its steps are its last. The dead do nothing more."""

    def __init__(self, chance: random.Random, share: float) -> None:
        self._chance = chance
        self._share = share
        self.is_dead = False

    def strikes(self) -> None:
        """Let the worker live on, or raise `Crash`."""
        self.is_dead = self.is_dead or self._chance.random() < self._share
        self.check()

    def check(self) -> None:
        """Raise `Crash` in a worker that is dead."""
        if self.is_dead:
            raise Crash


class MortalStore(Store):
    """A store in the hands of a worker that may die."""

    def __init__(self, store: Store, fate: Fate) -> None:
        self._store = store
        self._fate = fate
        self.dialect = store.dialect

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """Die before the commit, after it, or not."""
        self._fate.check()
        async with self._store.begin() as tx:
            yield tx
            self._fate.strikes()
        self._fate.strikes()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """Read as ever."""
        self._fate.check()
        async with self._store.read() as tx:
            yield tx


class MortalSender:
    """A sender in the hands of a worker that may die with an answer that nobody reads."""

    def __init__(self, sender: HttpSender, fate: Fate) -> None:
        self._sender = sender
        self._fate = fate

    async def send(self, request: HttpRequest) -> HttpResponse | TransportFault:
        """Send, and then perhaps die."""
        self._fate.check()
        answer = await self._sender.send(request)
        self._fate.strikes()
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sender, name)


def mortal(machine: Machine, fate: Fate) -> Machine:
    """Return a worker's parts that may be its last ones."""
    return replace(machine, store=MortalStore(machine.store, fate), sender=MortalSender(machine.sender, fate))
