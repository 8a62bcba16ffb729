"""Binding a subscription to a person: only with a proof that the customer's server made; and unbinding it (logout)."""

from datetime import datetime

from heliograph.actions import merging, subscription_events
from heliograph.domain.identity import IdentityError, IdentityKeys, Proof, verify
from heliograph.errors import IdentityRefused
from heliograph.kit.context import Context
from heliograph.names import EventType
from heliograph.storage import subscriptions
from heliograph.storage.store import Tx


def check_proof(proof: Proof, keys: IdentityKeys, *, now: datetime) -> str:
    """Return the external id that a proof stands for, or raise `IdentityRefused`."""
    try:
        return verify(proof, keys, now=now)
    except IdentityError as error:
        raise IdentityRefused(str(error)) from error


async def bind(tx: Tx, ctx: Context, *, project_id: str, subscription_id: str, external_id: str) -> None:
    """Bind a subscription, locked by this transaction, to a proved person, who becomes a profile if new.

    What an anonymous visitor did with this browser becomes the person's. The subscription is always locked before the
    profile: then no two transactions wait for each other.
    """
    owner = await subscriptions.owner(tx, subscription_id)
    if owner is not None and owner.external_id is None:
        await merging.absorb(tx, ctx, project_id=project_id, profile_id=owner.profile_id, external_id=external_id)
    profile = await merging.person(tx, ctx, project_id=project_id, external_id=external_id)
    if await subscriptions.bind(tx, subscription_id, profile.id) is not None:
        # Without the name: messages are kept for a while, and who is erased must not live on in them.
        which = {"project_id": project_id, "subscription_id": subscription_id}
        subscription_events.tell(tx, ctx, EventType.SUBSCRIPTION_IDENTIFIED, **which, profile_id=profile.id)


async def unbind(tx: Tx, ctx: Context, *, subscription_id: str) -> None:
    """Let a subscription be nobody's: the next person at this browser must not get the last one's notifications."""
    project_id = await subscriptions.bind(tx, subscription_id, None)
    if project_id is not None:
        kind = EventType.SUBSCRIPTION_LOGGED_OUT
        subscription_events.tell(tx, ctx, kind, project_id=project_id, subscription_id=subscription_id)
