"""What somebody browses with."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, exists, or_

from heliograph.conditions.base import Question
from heliograph.domain.person import Device, Needs, Part, Person
from heliograph.storage.sql import constant
from heliograph.storage.tables import profiles, subscriptions, visitors

Name: TypeAlias = Annotated[str, msgspec.Meta(max_length=16, pattern="^[a-z][a-z0-9_-]*$")]


class OnDevice(Question, frozen=True, kw_only=True, tag="device"):
    """One of the person's browsers, visiting or subscribed, of which all of this is true."""

    kind: ClassVar[str] = "device"
    example: ClassVar[dict[str, Any]] = {"kind": "device", "os": "android", "mobile": True}
    browser: Annotated[Name, msgspec.Meta(description="Such as firefox, chrome, edge, safari.")] | None = None
    os: Annotated[Name, msgspec.Meta(description="Such as windows, macos, linux, android, ios.")] | None = None
    mobile: bool | None = None

    def __post_init__(self) -> None:
        """Refuse to ask nothing."""
        if (self.browser, self.os, self.mobile) == (None,) * 3:
            raise ValueError("Give `browser`, `os` or `mobile`.")

    @property
    def needs(self) -> Needs:
        """The devices."""
        return Needs.of(Part.DEVICES)

    def matches(self, person: Person, now: datetime) -> bool:
        """Look at each device."""
        return any(self._is_meant(device) for device in person.devices)

    def _is_meant(self, device: Device) -> bool:
        return (
            self.browser in (None, device.browser)
            and self.os in (None, device.os)
            and (self.mobile is None or device.is_mobile is self.mobile)
        )

    def sql(self, now: datetime) -> ColumnElement[bool]:
        """Look for a visitor or a subscription."""
        theirs, visiting = subscriptions.alias("own"), visitors.alias("visiting")
        subscribed = exists().where(
            theirs.c.profile_id == profiles.c.id, theirs.c.state == constant("active"), *self._conditions(theirs)
        )
        visited = exists().where(visiting.c.profile_id == profiles.c.id, *self._conditions(visiting))
        return or_(visited.correlate(profiles), subscribed.correlate(profiles))

    def _conditions(self, table: Any) -> list[ColumnElement[bool]]:
        wanted = ((table.c.browser, self.browser), (table.c.os, self.os), (table.c.is_mobile, self.mobile))
        return [column == value for column, value in wanted if value is not None]

    def seen(self, person: Person, now: datetime) -> Any:
        """Return the person's devices."""
        devices = [{"browser": one.browser, "os": one.os, "mobile": one.is_mobile} for one in person.devices]
        return sorted(devices, key=str)
