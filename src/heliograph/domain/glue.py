"""What the Glue API asks and allows: a project's settings, Spryker's locales, and claims of who may join which group.

The interface itself is Spryker's push notification API; see `docs/reference/glue.md`.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import jwt

from heliograph.domain.subscription import Group

WEB_PUSH_PROVIDER = "web-push-php"
"""The provider that every installation of Spryker has, and that its clients name."""
DEFAULT_TTL = timedelta(days=7)
MAX_CLAIM = 8192
MAX_CLAIM_LIFE = timedelta(hours=24)
LEEWAY = timedelta(seconds=60)
"""How far the clocks of the shop and ours may be apart."""
_LOCALE = re.compile(r"[a-z]{2,3}([_-][A-Z][a-z]{3})?([_-]([A-Z]{2}|[0-9]{3}))?")
_NO_CHECKS = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}


class Right(StrEnum):
    """What an account may do beyond reading providers."""

    SUBSCRIBE = "subscribe"
    PROVIDERS = "providers"
    """Add, rename and remove providers."""


@dataclass(frozen=True, slots=True)
class GlueSettings:
    """What a project wants of the Glue API.

    Attributes:
        subscription_ttl: how long a subscription lives unless it is renewed; None: as long as its endpoint does.
        repeat_is_error: whether subscribing again answers 5003, as Spryker does, although it renews.
        group_names: names that may be joined; empty: every one.
        locales: locales that the shop has; empty: every well-formed one.
        claimed_groups: names of groups that only who shows a signed claim may join.
        check_url: a receiver of the shop's that is asked who may join what; None: nobody is asked.
    """

    subscription_ttl: timedelta | None = DEFAULT_TTL
    repeat_is_error: bool = True
    group_names: tuple[str, ...] = ()
    locales: tuple[str, ...] = ()
    claimed_groups: tuple[str, ...] = ()
    check_url: str | None = None

    def knows_locale(self, name: str) -> bool:
        """Tell whether the shop has a locale such as `en_US`."""
        return is_locale(name) and (not self.locales or name.replace("-", "_") in self.locales)


def is_locale(text: str) -> bool:
    """Tell whether a text is written as a locale: `en_US`, `de`, `sr_Latn_RS`."""
    return _LOCALE.fullmatch(text) is not None


class ClaimError(ValueError):
    """The claim does not hold; the sentence says why and never repeats the claim."""


def written(group: Group) -> str:
    """Return a group as claims name it: `warehouse/42`, or `warehouse` without an identifier."""
    return group.name if group.identifier is None else f"{group.name}/{group.identifier}"


def check_claim(claim: str | None, group: Group, secret: str, *, now: datetime) -> None:
    """Check a JWT (HS256) of the shop's server, whose `groups` names the group that is to be joined.

    Raises:
        ClaimError: it is missing, not signed with the project's secret, over, or for other groups.
    """
    if claim is None:
        raise ClaimError("This group needs a claim: a JWT of the shop's server in the attribute claim.")
    if len(claim) > MAX_CLAIM or not claim.isascii():
        raise ClaimError("The claim is not a JWT.")
    try:
        claims = jwt.decode(claim, secret, algorithms=["HS256"], options=_NO_CHECKS)  # type: ignore[arg-type]
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise ClaimError("The claim is not signed with HS256 and the project's claim secret.") from error
    _check_time(claims, now)
    groups = claims.get("groups")
    names = groups if isinstance(groups, list) else []
    wanted = written(group).encode()
    if not any(isinstance(name, str) and hmac.compare_digest(name.encode(errors="replace"), wanted) for name in names):
        raise ClaimError("The claim's groups do not name this group.")


def _check_time(claims: dict[str, Any], now: datetime) -> None:
    expiry = claims.get("exp")
    if isinstance(expiry, bool) or not isinstance(expiry, int | float):
        raise ClaimError("The claim's exp must be a number of seconds since 1970.")
    try:
        ends_at = datetime.fromtimestamp(expiry, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ClaimError("The claim's exp is no instant.") from error
    if ends_at <= now - LEEWAY:
        raise ClaimError("The claim has expired.")
    if ends_at > now + MAX_CLAIM_LIFE + LEEWAY:
        raise ClaimError("The claim's exp must be at most 24 hours ahead.")
