"""The breaker of an application server key, kept in its row so that all workers obey it.

A push service that refuses our credentials says nothing about the subscription. When nothing but refusals comes back,
the key is paused: an operator is told, nothing is pruned, deliveries wait until their deadline. After the pause one
worker sends up to five messages as a probe; one acceptance lifts the pause, refusals make the next one longer.

Anybody can register subscriptions that were made with another key, and those are refused. So a pause for which nobody
stands who has ever been sent to holds up nobody who has been, nor single messages, which find out by themselves.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from heliograph.domain.breaker import BreakerRule
from heliograph.kit.log import get_logger
from heliograph.storage import key_health
from heliograph.storage.key_health import KeyHealth
from heliograph.storage.store import Tx
from heliograph.storage.vapid_keys import VapidKey

KEY_RULE = BreakerRule(faults=5, first_pause=timedelta(minutes=1), longest_pause=timedelta(hours=1))
MANY, SHARE = 50, 0.01
"""So many refusals in one range, and so large a part of it, are an operator's business even between acceptances."""
PROBES = 5
PROBE_LEASE = timedelta(seconds=20)
"""How long the other workers leave the probe to the one that took it."""
PAUSED = "key_paused"
REFUSED = "refused"
"""Why a key is paused: subscriptions are refused that took messages before. Nothing goes."""
REFUSED_NEW = "refused_new"
"""Why a key is paused: subscriptions are refused that never took one, and perhaps were never made with it."""

_log = get_logger("delivery.keys")


@dataclass(slots=True)
class KeyTally:
    """What one range's answers said about its keys so far. Refusals of first attempts only: repeats are no news."""

    accepted: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    alarmed: set[str] = field(default_factory=set)

    def add(self, accepted: Counter[str], refused: Counter[str]) -> None:
        """Add a batch."""
        self.accepted += accepted
        self.refused += refused

    def is_alarming(self, key_id: str) -> bool:
        """Tell whether too many are refused for a mistake of single subscriptions."""
        refused = self.refused[key_id]
        return refused >= MANY and refused > SHARE * (self.accepted[key_id] + refused)

    def is_hopeless(self, key_id: str) -> bool:
        """Tell whether so many are refused that sending on helps nobody."""
        return self.is_alarming(key_id) and self.refused[key_id] > self.accepted[key_id]


def holds_up(key: VapidKey, now: datetime, *, is_proved: bool, is_single: bool) -> bool:
    """Tell whether a pause of the key holds up a message.

    Args:
        key: as it stands.
        now: the instant.
        is_proved: whether its receiver has taken a message before.
        is_single: whether it was not tried yet, and goes to few.
    """
    return key.is_paused(now) and not (key.pause_reason == REFUSED_NEW and (is_proved or is_single))


def is_probing(key: VapidKey, now: datetime) -> bool:
    """Tell whether a pause is over and nothing was accepted since."""
    return key.refused_in_row >= KEY_RULE.faults and not key.is_paused(now)


async def take_probe(tx: Tx, key: VapidKey, *, now: datetime) -> bool:
    """Try to become the one worker that probes the key."""
    return await key_health.extend_pause(tx, key.id, of=key.paused_until, until=now + PROBE_LEASE)


def rested(key: VapidKey, now: datetime) -> VapidKey:
    """Return a key as all but its prober see it."""
    return replace(key, paused_until=now + PROBE_LEASE)


async def note(
    tx: Tx,
    key: VapidKey,
    *,
    accepted: int,
    refused: int,
    tally: KeyTally,
    is_probe: bool,
    now: datetime,
    is_proved: bool = False,
) -> VapidKey:
    """Take note of a batch of answers; return the key as it stands afterwards.

    Args:
        tx: the transaction that records the batch.
        key: as it was last seen.
        accepted: messages of the batch that were accepted.
        refused: first attempts (all, for a probe) of the batch whose credentials were refused.
        tally: the sums of the range, this batch included.
        is_probe: whether this worker probes the key.
        now: the instant.
        is_proved: whether a subscription was refused that had taken a message before.
    """
    if tally.is_hopeless(key.id) or (refused and not accepted):
        is_hopeless = tally.is_hopeless(key.id)
        return await _refused(tx, key, refused, now, is_hopeless=is_hopeless, is_probe=is_probe, is_proved=is_proved)
    if accepted:
        # Whoever is refused beside an acceptance was registered with another key: the key itself works.
        if await key_health.heal(tx, key.id):
            _log.info("vapid_key_resumed", vapid_key_id=key.id)
        key = replace(key, refused_in_row=0, paused_until=None, pause_reason=None)
    if tally.is_alarming(key.id) and key.id not in tally.alarmed:
        tally.alarmed.add(key.id)
        _log.error("vapid_key_often_refused", vapid_key_id=key.id, refused=tally.refused[key.id])
    return key


async def _refused(
    tx: Tx, key: VapidKey, refused: int, now: datetime, *, is_hopeless: bool, is_probe: bool, is_proved: bool
) -> VapidKey:
    before = await key_health.lock(tx, key.id)
    if before.paused_until is not None and before.paused_until > now and not is_probe:
        # An answer to what was in the air when somebody paused it, or which the pause did not hold up.
        if is_proved and before.pause_reason == REFUSED_NEW:
            before = before._replace(pause_reason=REFUSED)
            await key_health.write(tx, key.id, before)
        return _as_it_is(key, before)
    threshold = KEY_RULE.faults
    if before.refused_in_row + refused < threshold and not is_hopeless:
        after = before._replace(refused_in_row=before.refused_in_row + refused)
        await key_health.write(tx, key.id, after)
        return _as_it_is(key, after)
    times = before.refused_in_row // threshold + 1
    until = now + KEY_RULE.pause(times)
    reason = REFUSED if is_proved or before.pause_reason == REFUSED else REFUSED_NEW
    after = KeyHealth(times * threshold, until, reason)
    await key_health.write(tx, key.id, after)
    _log.error(
        "vapid_key_paused",
        vapid_key_id=key.id,
        project_id=key.project_id,
        until=until.isoformat(),
        hint="Push services refuse this application server key or its contact. Nothing was pruned.",
    )
    return _as_it_is(key, after)


def _as_it_is(key: VapidKey, health: KeyHealth) -> VapidKey:
    return replace(key, **health._asdict())
