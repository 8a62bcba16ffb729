"""What templates are filled in with: people's values and carts, a campaign's name. Read only where templates are."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from heliograph.domain.cart import from_json
from heliograph.domain.event import Line
from heliograph.domain.notification import Notification
from heliograph.domain.template import PERSONAL
from heliograph.domain.templated import names
from heliograph.domain.texts import PersonValues, Texts
from heliograph.storage.sql import chunks
from heliograph.storage.store import Tx
from heliograph.storage.tables import campaigns, carts, profiles

_OF_PROFILE = PERSONAL | {"language"}
_OF_CART = frozenset({"cart", "best_cart_item"})
_COLUMNS = [profiles.c[name] for name in PersonValues.__dataclass_fields__]


async def texts(tx: Tx, notification: Notification, profile_ids: Iterable[str | None]) -> Texts:
    """Read what a notification's templates ask for of some receivers' profiles, and no more."""
    wanted = names(notification.content)
    ids = sorted({one for one in profile_ids if one is not None})
    campaign = None
    if "campaign" in wanted and notification.campaign_id is not None:
        campaign = await campaign_name(tx, notification.campaign_id)
    return Texts(
        notification,
        people=await of_profiles(tx, ids) if wanted & _OF_PROFILE else {},
        carts=await carts_of(tx, ids) if wanted & _OF_CART else {},
        campaign=campaign,
    )


async def of_profiles(tx: Tx, profile_ids: Sequence[str]) -> dict[str, PersonValues]:
    """Return people's values by profile; those whose profile is gone are missing."""
    found: dict[str, PersonValues] = {}
    for part in chunks(profile_ids):
        query = select(*_COLUMNS).where(profiles.c.id.in_(part))
        found |= {row.id: PersonValues(*row) for row in await tx.execute(query)}
    return found


async def carts_of(tx: Tx, profile_ids: Sequence[str]) -> dict[str, tuple[Line, ...]]:
    """Return what is in people's carts, by profile; those who never had one are missing."""
    found: dict[str, tuple[Line, ...]] = {}
    for part in chunks(profile_ids):
        query = select(carts.c.profile_id, carts.c["items"]).where(carts.c.profile_id.in_(part))
        found |= {profile_id: tuple(map(from_json, lines)) for profile_id, lines in await tx.execute(query)}
    return found


async def campaign_name(tx: Tx, campaign_id: str) -> str | None:
    """Return a campaign's name, if it is there still."""
    name: str | None = await tx.scalar(select(campaigns.c.name).where(campaigns.c.id == campaign_id))
    return name
