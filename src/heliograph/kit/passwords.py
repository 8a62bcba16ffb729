"""Passwords as they are stored: scrypt (RFC 7914), with its parameters beside it so that they can grow."""

import asyncio
import hashlib
import hmac
from concurrent.futures import ThreadPoolExecutor

SALT_BYTES = 16
MAX_PASSWORD = 1024
_COST, _BLOCK, _PARALLEL = 2**14, 8, 5
"""16 MiB and some 0.2 s: OWASP's recommendation for interactive logins."""
_MEMORY = 64 * 1024 * 1024
_KEY_BYTES = 32
_PARTS = 6
NOBODY = f"scrypt${_COST}${_BLOCK}${_PARALLEL}${bytes(SALT_BYTES).hex()}${bytes(_KEY_BYTES).hex()}"
"""What no password fits: to check a name that does not exist takes as long as one that does."""
_AT_ONCE = 2
"""Computations in one process: strangers can ask for them, and each needs memory and a core."""
_MOST_WAITING = 20
_threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="passwords")


class BusyError(Exception):
    """Too many passwords are being checked already."""


class _Waiting:
    count = 0


def hash_password(password: str, salt: bytes) -> str:
    """Return what is stored of a password: `scrypt$N$r$p$salt$key`."""
    key = _derive(password, salt, _COST, _BLOCK, _PARALLEL)
    return f"scrypt${_COST}${_BLOCK}${_PARALLEL}${salt.hex()}${key.hex()}"


def fits(password: str, stored: str) -> bool:
    """Tell whether a password is the one that was hashed."""
    parts = stored.split("$")
    if len(parts) != _PARTS or len(password) > MAX_PASSWORD:
        return False
    cost, block, parallel = (int(part) for part in parts[1:4])
    key = _derive(password, bytes.fromhex(parts[4]), cost, block, parallel)
    return hmac.compare_digest(key, bytes.fromhex(parts[5]))


async def fits_aside(password: str, stored: str, *, is_familiar: bool = False) -> bool:
    """Compute `fits` in a thread, a few at a time. Who is familiar may wait where strangers fill the queue.

    Raises:
        BusyError: too many wait already.
    """
    if _Waiting.count >= _MOST_WAITING * (1 + is_familiar):
        raise BusyError
    _Waiting.count += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, fits, password, stored)
    finally:
        _Waiting.count -= 1


def _derive(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=block, p=parallel, maxmem=_MEMORY, dklen=_KEY_BYTES)
