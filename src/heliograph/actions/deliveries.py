"""What a sender asks of deliveries: what came of one, of a notification's, of a subscription's."""

from heliograph.domain.delivery import DeliveryState
from heliograph.domain.outcome import OutcomeKind
from heliograph.errors import NotFound
from heliograph.kit.paging import Page, read_page
from heliograph.storage import attempts, delivery_reads, notifications
from heliograph.storage.attempts import AttemptRow
from heliograph.storage.delivery_reads import Delivery
from heliograph.storage.store import Tx


async def get(tx: Tx, *, project_id: str, delivery_id: str) -> Delivery:
    """Return one delivery, or raise `NotFound`."""
    delivery = await delivery_reads.get(tx, project_id, delivery_id)
    if delivery is None:
        raise NotFound("There is no such delivery in this project.")
    return delivery


async def attempts_of(tx: Tx, delivery_id: str) -> list[AttemptRow]:
    """Return each try to send a delivery, in their order."""
    return (await attempts.of_deliveries(tx, [delivery_id])).get(delivery_id, [])


def message_id(delivery: Delivery, attempt: AttemptRow) -> str | None:
    """Return what the push service calls the message of an attempt, which only one that it accepted has."""
    return delivery.service_message_id if attempt.outcome is OutcomeKind.ACCEPTED else None


async def of_notification(
    tx: Tx, *, project_id: str, notification_id: str, state: DeliveryState | None, cursor: str | None, limit: int
) -> Page[Delivery]:
    """Return a page of a notification's deliveries, or raise `NotFound`."""
    if await notifications.get(tx, project_id, notification_id) is None:
        raise NotFound("There is no such notification in this project.")
    return await read_page(
        lambda after, count: delivery_reads.of_notification(tx, notification_id, state=state, after=after, limit=count),
        lambda delivery: delivery.id,
        listing=f"deliveries/{notification_id}/{state}",
        cursor=cursor,
        limit=limit,
    )


async def of_subscription(
    tx: Tx, *, project_id: str, subscription_id: str, cursor: str | None, limit: int
) -> Page[Delivery]:
    """Return a page of a subscription's deliveries; none for a subscription that nobody knows (any more)."""
    return await read_page(
        lambda after, count: delivery_reads.of_subscription(tx, project_id, subscription_id, after=after, limit=count),
        lambda delivery: delivery.id,
        listing=f"deliveries/{project_id}/{subscription_id}",
        cursor=cursor,
        limit=limit,
    )
