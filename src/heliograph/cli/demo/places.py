"""Where the demo's parts listen: the usual ports, or free ones where those are taken."""

import socket
from dataclasses import dataclass

from heliograph.cli.processes import DevpushPorts

USUAL = {"API": 8970, "shop": 8971, "push service": 8972, "push service (TLS)": 8973, "push service (Chromium)": 8974}


@dataclass(frozen=True, slots=True)
class Places:
    """Ports of the demo, and a sentence for each that is not the usual one."""

    api: int
    shop: int
    devpush: DevpushPorts
    notes: tuple[str, ...]


def find_places() -> Places:
    """Look for ports that are free now."""
    found: list[int] = []
    notes: list[str] = []
    for name, port in USUAL.items():
        taken = not _is_free(port)
        chosen = _free_port(found) if taken else port
        found.append(chosen)
        if taken:
            notes.append(f"Port {port} is taken, so the {name} is at {chosen}.")
    api, shop, http, tls, mcs = found
    return Places(api, shop, DevpushPorts(http, tls, mcs), tuple(notes))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port(not_these: list[int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in not_these:
            return port
