"""What an operator does with profiles: make or change one by the customer's own id, look, delete."""

from typing import Any

from heliograph.actions import audit, subscription_events
from heliograph.actions.attributes import merged_attributes
from heliograph.actions.registration import checked_language, checked_time_zone
from heliograph.domain.identity import check_external_id
from heliograph.errors import FieldError, InvalidRequest, NotFound
from heliograph.kit.context import Context
from heliograph.kit.paging import Page, read_page
from heliograph.names import Act, EventType
from heliograph.storage import profiles, subscriptions
from heliograph.storage.profiles import Profile
from heliograph.storage.store import Tx


class Unchanged:
    """Stands for a member that a change does not name, where None means to clear it."""


UNCHANGED = Unchanged()
Change = str | None | Unchanged


async def put(
    tx: Tx,
    ctx: Context,
    *,
    project_id: str,
    external_id: str,
    attributes: dict[str, Any] | None = None,
    language: Change = UNCHANGED,
    time_zone: Change = UNCHANGED,
) -> tuple[Profile, bool]:
    """Make the profile of a person, or change it if there is one; return it, and whether it was new.

    Attributes are merged as `change` does.
    """
    row = {
        "id": ctx.ids.new("pro"),
        "project_id": project_id,
        "external_id": _external_id(external_id),
        "attributes": {},
        "created_at": ctx.now,
        "updated_at": ctx.now,
    }
    profile, is_new = await profiles.ensure(tx, row)
    changed = await _changed(tx, ctx, profile, attributes=attributes, language=language, time_zone=time_zone)
    return changed, is_new


async def change(
    tx: Tx,
    ctx: Context,
    *,
    project_id: str,
    profile_id: str,
    attributes: dict[str, Any] | None = None,
    language: Change = UNCHANGED,
    time_zone: Change = UNCHANGED,
) -> Profile:
    """Change a profile. Attributes are merged member by member, and null removes one (RFC 7396, first level only)."""
    profile = await profiles.get(tx, project_id, profile_id, lock=True)
    if profile is None:
        raise NotFound("There is no such profile in this project.")
    return await _changed(tx, ctx, profile, attributes=attributes, language=language, time_zone=time_zone)


async def _changed(
    tx: Tx, ctx: Context, profile: Profile, *, attributes: dict[str, Any] | None, language: Change, time_zone: Change
) -> Profile:
    values: dict[str, Any] = {}
    if attributes is not None:
        values["attributes"] = merged_attributes(profile.attributes, attributes)
    if not isinstance(language, Unchanged):
        values["language"] = checked_language(language)
    if not isinstance(time_zone, Unchanged):
        values["time_zone"] = checked_time_zone(time_zone)
    if values:
        await profiles.change(tx, profile.id, values | {"updated_at": ctx.now})
    return await get(tx, project_id=profile.project_id, profile_id=profile.id)


async def get(tx: Tx, *, project_id: str, profile_id: str) -> Profile:
    """Return one profile, or raise `NotFound`."""
    profile = await profiles.get(tx, project_id, profile_id)
    if profile is None:
        raise NotFound("There is no such profile in this project.")
    return profile


async def find(tx: Tx, *, project_id: str, external_id: str) -> Profile | None:
    """Return the profile of a person, if there is one."""
    return await profiles.of_external_id(tx, project_id, external_id)


async def listing(tx: Tx, *, project_id: str, cursor: str | None, limit: int) -> Page[Profile]:
    """Return a page of profiles, oldest first."""
    return await read_page(
        lambda after, count: profiles.page(tx, project_id, after=after, limit=count),
        lambda profile: profile.id,
        listing=f"profiles/{project_id}",
        cursor=cursor,
        limit=limit,
    )


async def remove(tx: Tx, ctx: Context, *, project_id: str, profile_id: str) -> None:
    """Forget a person: the profile is deleted with everything known of it.

    The subscriptions stay, as nobody's. That a browser may be written to is a consent of its own, given to the browser,
    and it is ended there or by deleting the subscription.
    """
    await get(tx, project_id=project_id, profile_id=profile_id)
    # Subscriptions before the profile, as everywhere: then nobody waits for each other.
    await subscriptions.lock_of_profile(tx, profile_id)
    for subscription_id in await subscriptions.unbind(tx, profile_id):
        kind = EventType.SUBSCRIPTION_LOGGED_OUT
        subscription_events.tell(tx, ctx, kind, project_id=project_id, subscription_id=subscription_id)
    await profiles.remove(tx, profile_id)
    await audit.note(tx, ctx, Act.PROFILE_REMOVED, project_id=project_id, subject_id=profile_id)


def _external_id(text: str) -> str:
    try:
        return check_external_id(text)
    except ValueError as error:
        raise InvalidRequest(str(error), (FieldError("/external_id", str(error)),)) from error
