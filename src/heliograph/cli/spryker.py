"""The two commands that a Spryker shop's crontab knows, under their names there."""

import asyncio

import typer

from heliograph.bootstrap import Heliograph
from heliograph.cli import opening
from heliograph.cli.exits import Exit
from heliograph.storage import pruning
from heliograph.worker.once import Failure, work_once

_PORTION = 500
"""As many as Spryker deletes at once."""


def send() -> None:
    """Send what is due now, once, and end; for a crontab in place of Spryker's console command.

    Beside a running `heliograph up` or `heliograph worker` it is not needed, and does no harm.

    Example: heliograph push-notification:send-push-notifications

    Exit status: 0 everything that was due is done; 1 something failed, and a line says what: it will be tried again
    where that makes sense.
    """
    failures = opening.run(_send())
    for failure in failures:
        typer.echo(
            f"Failed to send PushNotification notificationId:{failure.notification_id}"
            f"-subscriptionId:{failure.subscription_id}: {failure.reason}",
            err=True,
        )
    if failures:
        raise typer.Exit(Exit.FAILED)


async def _send() -> list[Failure]:
    async with opening.opened(opening.load()) as heliograph:
        return await work_once(heliograph)


def delete_expired() -> None:
    """End subscriptions that came through the Glue API and were not renewed in time; their rows go 30 days later.

    A running worker does this every minute by itself.

    Example: heliograph push-notification:delete-expired-push-notification-subscriptions
    """
    typer.echo(f"Ended {opening.run(_delete_expired())} subscriptions.")


async def _delete_expired() -> int:
    async with opening.opened(opening.load()) as heliograph:
        return await _end_all(heliograph)


async def _end_all(heliograph: Heliograph) -> int:
    ended = 0
    while True:
        async with heliograph.store.begin() as tx:
            count = await pruning.end_expired(tx, now=heliograph.clock.now(), limit=_PORTION)
        ended += count
        if count < _PORTION:
            return ended
        # Others want to write, too.
        await asyncio.sleep(0)
