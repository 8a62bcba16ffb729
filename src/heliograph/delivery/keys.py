"""The breaker of an application server key, kept in its row so that all workers obey it.

A push service that refuses our credentials says nothing about the subscription. When nothing but refusals comes back,
the key is paused: an operator is told, nothing is pruned, deliveries wait until their deadline. After the pause one
worker sends up to five messages as a probe; one acceptance lifts the pause, refusals make the next one longer.
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
    tx: Tx, key: VapidKey, *, accepted: int, refused: int, tally: KeyTally, is_probe: bool, now: datetime
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
    """
    if tally.is_hopeless(key.id) or (refused and not accepted):
        return await _refused(tx, key, refused, now, is_hopeless=tally.is_hopeless(key.id), is_probe=is_probe)
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
    tx: Tx, key: VapidKey, refused: int, now: datetime, *, is_hopeless: bool, is_probe: bool
) -> VapidKey:
    before = await key_health.lock(tx, key.id)
    if before.paused_until is not None and before.paused_until > now and not is_probe:
        # An answer to what was in the air when somebody paused it.
        return replace(key, refused_in_row=before.refused_in_row, paused_until=before.paused_until)
    threshold = KEY_RULE.faults
    if before.refused_in_row + refused < threshold and not is_hopeless:
        after = KeyHealth(before.refused_in_row + refused, before.paused_until)
        await key_health.write(tx, key.id, after)
        return replace(key, refused_in_row=after.refused_in_row)
    times = before.refused_in_row // threshold + 1
    until = now + KEY_RULE.pause(times)
    await key_health.write(tx, key.id, KeyHealth(times * threshold, until), reason="refused")
    _log.error(
        "vapid_key_paused",
        vapid_key_id=key.id,
        project_id=key.project_id,
        until=until.isoformat(),
        hint="Push services refuse this application server key or its contact. Nothing was pruned.",
    )
    return replace(key, refused_in_row=times * threshold, paused_until=until, pause_reason="refused")
