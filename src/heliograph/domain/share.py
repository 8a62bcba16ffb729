"""A part of an audience: those whose place, by a hash, lies between two bounds."""

import hashlib
from dataclasses import dataclass

PLACES = 10_000


@dataclass(frozen=True, slots=True)
class Share:
    """The people on the places from `start` to before `stop`, of `PLACES`.

    Attributes:
        salt: what makes the order: the campaign, so that nobody is always the first to be tried things on.
    """

    salt: str
    start: int
    stop: int

    def holds(self, person_id: str) -> bool:
        """Tell whether a person, or a browser that is nobody's, is of this part."""
        return self.start <= place(self.salt, person_id) < self.stop


def place(salt: str, person_id: str) -> int:
    """Return somebody's place, from 0 to 9,999: the same for ever."""
    digest = hashlib.blake2b(f"{salt}/{person_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) * PLACES >> 64
