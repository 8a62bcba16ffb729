"""Receipts of a whole fleet, sent in batches in the background."""

import asyncio
from datetime import datetime

from heliograph.devpush.agents.agent import Counts
from heliograph.devpush.agents.site import MAX_RECEIPTS, HeliographSite, Receipt, SiteError

_LINGER_SECONDS = 0.05


class Reporter:
    """Collects receipts and posts them; `drain` waits until everything is told."""

    def __init__(self, site: HeliographSite, counts: Counts) -> None:
        self._site = site
        self._counts = counts
        self._queue: asyncio.Queue[Receipt] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self.problems: list[str] = []

    def start(self) -> None:
        """Begin to post."""
        self._task = asyncio.create_task(self._run())

    def add(self, delivery: str, event: str, at: datetime) -> None:
        """Take one receipt."""
        self._queue.put_nowait(Receipt(delivery, event, at.isoformat().replace("+00:00", "Z")))

    async def drain(self) -> None:
        """Wait until every receipt was posted."""
        await self._queue.join()

    async def close(self) -> None:
        """Stop; receipts that are not posted are lost, as when a browser is closed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            batch = [await self._queue.get()]
            await asyncio.sleep(_LINGER_SECONDS)
            while len(batch) < MAX_RECEIPTS and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            await self._post(batch)
            for _ in batch:
                self._queue.task_done()

    async def _post(self, batch: list[Receipt]) -> None:
        try:
            accepted, refused = await self._site.report(batch)
        except SiteError as error:
            self.problems.append(str(error))
            self._counts.receipts_refused += len(batch)
            return
        self._counts.receipts_accepted += accepted
        self._counts.receipts_refused += len(refused)
        self.problems += refused
