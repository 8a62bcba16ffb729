"""A real worker in a process of its own, configured by the environment like `heliograph worker`, with a short lease.

Run it as a script: `python worker_process.py LEASE_SECONDS`. It ends gracefully on SIGTERM.
"""

import asyncio
import os
import signal
import sys
from datetime import timedelta

import uvloop

from heliograph.bootstrap import build
from heliograph.kit import log
from heliograph.settings import Settings
from heliograph.worker.run import Worker


async def main(lease: timedelta) -> None:
    heliograph = await build(Settings.load(os.environ))
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    try:
        await Worker(heliograph, lease=lease).run(stop)
    finally:
        await heliograph.close()


if __name__ == "__main__":
    log.configure("warning")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(timedelta(seconds=float(sys.argv[1]))))
