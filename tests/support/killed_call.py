"""One call of the API in a process that kills itself: after the effect and before its commit, or before the answer.

Run it as a script with one JSON argument: `headers`, `body`, and `moment`, which is `effect` or `answer`.
"""

import asyncio
import json
import os
import signal
import sys
from dataclasses import replace

import httpx

from heliograph.api.app import create_app
from heliograph.bootstrap import build
from heliograph.queue.embedded import EmbeddedQueue
from heliograph.settings import Settings


class DeadlyQueue(EmbeddedQueue):
    """A queue whose user does not survive adding a job, the last thing that a send does in its transaction."""

    async def add(self, tx, jobs, *, now):
        await super().add(tx, jobs, now=now)
        os.kill(os.getpid(), signal.SIGKILL)


async def main(request):
    heliograph = await build(Settings.load(os.environ))
    if request["moment"] == "effect":
        heliograph = replace(heliograph, queue=DeadlyQueue(heliograph.store, heliograph.ids))
    app = create_app(heliograph)

    async def deadly(scope, receive, _send):
        async def send(_message):
            os.kill(os.getpid(), signal.SIGKILL)

        await app(scope, receive, send)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=deadly), base_url="http://push.test") as client:
        await client.post("/v1/notifications", headers=request["headers"], json=request["body"])


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
