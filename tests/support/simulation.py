"""A simulated month: visitors in several zones, campaigns of every kind, and workers that die at any moment.

Everything follows from a seed. The clock is frozen and jumps from one thing that is due to the next.
"""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import update
from tests.support import campaigns
from tests.support.crashing import Fate, mortal
from tests.support.telling import tell, told
from tests.support.world import EVERYONE, World

from heliograph.devpush.agents import AgentFleet
from heliograph.domain.campaign import Campaign
from heliograph.domain.notification import Content
from heliograph.queue.base import Job
from heliograph.storage import profiles
from heliograph.storage.tables import jobs
from heliograph.worker.clock import ask_for_upkeep
from heliograph.worker.run import make_machine, perform

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Chatham", "UTC")
UPKEEP = timedelta(hours=12)
_LEASE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a visitor does."""

    at: datetime
    who: str
    name: str
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """A visitor with one or two browsers."""

    name: str
    zone: ZoneInfo
    profile_id: str
    agents: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A notification on somebody's screen."""

    person: Person
    agent: int
    notification: str
    at: datetime

    @property
    def wall(self) -> datetime:
        """What the person's clock reads."""
        return self.at.astimezone(self.person.zone)


@dataclass(slots=True)
class Simulation:
    """A month under way.

    Attributes:
        acts: what visitors will have done, in order.
        deaths: of workers, so far.
        done: jobs by their names.
    """

    world: World
    chance: random.Random
    start: datetime
    end: datetime
    crash_share: float
    people: list[Person] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    fleet: AgentFleet | None = None
    deaths: int = 0
    done: Counter[str] = field(default_factory=Counter)
    _worker: int = 0

    async def populate(self, count: int) -> None:
        """Make people; every third one has two browsers."""
        browsers = [2 if number % 3 == 2 else 1 for number in range(count)]
        self.fleet = await self.world.agents(sum(browsers))
        subscribed = await self.world.subscribe(self.fleet.agents)
        first = 0
        for number, own in enumerate(browsers):
            zone, name = ZONES[number % len(ZONES)], f"person {number}"
            profile_id = await campaigns.person(self.world, name, subscribed[first : first + own], time_zone=zone)
            birthday = self.start.date() + timedelta(days=self.chance.randrange(1, (self.end - self.start).days))
            async with self.world.store.begin() as tx:
                known = {"attributes": {"birthday": f"1990-{birthday:%m-%d}"}, "last_seen_at": self.start}
                await profiles.change(tx, profile_id, known)
            self.people.append(Person(name, ZoneInfo(zone), profile_id, tuple(range(first, first + own))))
            first += own
        self._plan_acts()

    def _plan_acts(self) -> None:
        for person in self.people:
            day = self.start
            while (day := day + timedelta(days=self.chance.expovariate(0.6))) < self.end - timedelta(days=1):
                wall = datetime.combine(day.date(), time(self.chance.randrange(7, 24), self.chance.randrange(60)))
                at = wall.replace(tzinfo=person.zone).astimezone(self.start.tzinfo)
                self.acts += self._visit(person, at)
        self.acts = [act for act in self.acts if act.at > self.start + timedelta(hours=1)]
        self.acts.sort(key=lambda act: act.at)

    def _visit(self, person: Person, at: datetime) -> list[Act]:
        item = {"id": str(self.chance.randrange(5)), "price": self.chance.randrange(1, 90), "title": "Thing"}
        found = [Act(at, person.name, "item_view", {"item": item})]
        if self.chance.random() < 0.6:
            found.append(Act(at + self._moment(), person.name, "cart_add", {"item": item}))
            if self.chance.random() < 0.5:
                later = found[-1].at + self._moment()
                found.append(Act(later, person.name, "cart_update", {"items": [item | {"count": 2}]}))
            if self.chance.random() < 0.4:
                order = {"order": {"id": "1", "price": 9, "items": [item]}}
                found.append(Act(found[-1].at + self._moment(), person.name, "order", order))
        return found

    def _moment(self) -> timedelta:
        return timedelta(seconds=self.chance.randrange(20, 2_400))

    async def add(self, name: str, trigger: dict[str, Any], **more: Any) -> Campaign:
        """Start a campaign."""
        content = Content(title=name, url="https://shop.example/")
        more = {"audience": EVERYONE, "ttl": timedelta(hours=20), **more}
        made = await campaigns.started(self.world, trigger, name=name, content=content, **more)
        self.campaigns[made.id] = made
        return made

    async def run(self) -> None:
        """Live through the month."""
        clock, upkeep_at = self.world.clock, self.start
        ahead = list(self.acts)
        while clock.now() < self.end:
            await self._work()
            due = await self.world.heliograph.queue.next_due(now=clock.now())
            nexts = [one for one in (due, upkeep_at, ahead[0].at if ahead else None, self.end) if one is not None]
            clock.set(max(min(nexts), clock.now()))
            if upkeep_at <= clock.now():
                upkeep_at = clock.now() + UPKEEP
                await ask_for_upkeep(self.world.heliograph)
            while ahead and ahead[0].at <= clock.now():
                act = ahead.pop(0)
                number = f"{len(ahead)}"
                await tell(self.world, told(self.world, act.name, number, who=act.who, **act.properties))
                await self._see(act)

    async def _see(self, act: Act) -> None:
        (person,) = [one for one in self.people if one.name == act.who]
        async with self.world.store.begin() as tx:
            await profiles.change(tx, person.profile_id, {"last_seen_at": act.at})

    async def _work(self) -> None:
        """Run what is due with one or two workers, and let everything arrive before the clock moves."""
        while True:
            claimed = [await self._claim() for _ in range(self.chance.choice((1, 2)))]
            mine = [one for one in claimed if one is not None]
            if not mine:
                break
            await asyncio.gather(*(self._perform(worker, job) for worker, job in mine))
        assert self.fleet is not None
        taken = self.world.devpush.status()["accepted"]
        await self.fleet.wait_until(lambda counts: counts.received >= taken)

    async def _claim(self) -> tuple[str, Job] | None:
        self._worker += 1
        worker, queue = f"worker {self._worker}", self.world.heliograph.queue
        found = await queue.claim(worker=worker, limit=1, lease=_LEASE, now=self.world.clock.now())
        return (worker, found[0]) if found else None

    async def _perform(self, worker: str, job: Job) -> None:
        fate = Fate(random.Random(f"{worker} {self.chance.random()}"), self.crash_share)
        machine = mortal(make_machine(self.world.heliograph, worker), fate)
        try:
            await perform(machine, job)
            self.done[job.name] += 1
        except Exception:
            if not fate.is_dead:
                raise
            self.deaths += 1
            await self._free(job)

    async def _free(self, job: Job) -> None:
        """Let another worker have the job of a dead one, as if its lease had run out."""
        past = self.world.clock.now() - timedelta(seconds=1)
        async with self.world.store.begin() as tx:
            dead = update(jobs).where(jobs.c.id == job.id, jobs.c.state == "running")
            await tx.execute(dead.values(lease_until=past))

    def shown(self) -> list[Shown]:
        """Return all that was shown, in order."""
        assert self.fleet is not None
        owner = {agent: person for person in self.people for agent in person.agents}
        return [
            Shown(owner[one.agent], one.agent, one.notification or "", one.received_at)
            for one in self.fleet.arrivals
            if one.shown
        ]


def first_of_each(shown: Sequence[Shown]) -> dict[tuple[str, str], Shown]:
    """Return the first showing of each notification to each person, by person and notification."""
    found: dict[tuple[str, str], Shown] = {}
    for one in sorted(shown, key=lambda each: each.at):
        found.setdefault((one.person.name, one.notification), one)
    return found


def by_person(shown: Sequence[Shown]) -> dict[str, list[Shown]]:
    """Return showings of each person, first ones only, in order of time."""
    found: dict[str, list[Shown]] = defaultdict(list)
    for one in first_of_each(shown).values():
        found[one.person.name].append(one)
    return found
