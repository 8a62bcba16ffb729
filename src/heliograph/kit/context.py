"""What a verb is given beside its transaction: the instant, identifiers, randomness and the sealer."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from heliograph.kit.acting import UNKNOWN, Actor
from heliograph.kit.ids import Ids
from heliograph.kit.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Context:
    """One operation's surroundings. `now` stands still for the whole operation; `actor` is who wants it done."""

    now: datetime
    ids: Ids
    sealer: Sealer
    random_bytes: Callable[[int], bytes] = os.urandom
    actor: Actor = UNKNOWN
