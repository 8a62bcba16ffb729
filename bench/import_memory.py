"""Makes a file of subscriptions, imports it with the command line, and shows time and memory; docs/howto/move-here.md.

    .venv/bin/python bench/import_memory.py 1000000 [postgresql://…]

Memory is the command's own peak (VmHWM of all its life, as the kernel counts it), so that two sizes can be compared.
"""

import argparse
import base64
import os
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_KEYS = 512
"""Key pairs that rows share: making a million would take longer than importing. Each row is checked all the same."""
_HELIOGRAPH = Path(sys.executable).parent / "heliograph"


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make_file(path: Path, rows: int) -> None:
    """Write a CSV like OneSignal's, with people, languages and tags."""
    points = [
        ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        for _ in range(_KEYS)
    ]
    keys = [_text(point) for point in points]
    with path.open("w", encoding="utf-8") as out:
        out.write("id,identifier,device_type,language,timezone_id,tags,external_user_id,web_auth,web_p256\n")
        for number in range(rows):
            address = (
                f"https://fcm.googleapis.com/fcm/send/{secrets.token_urlsafe(12)}:APA91b{secrets.token_urlsafe(100)}"
            )
            person = f"person-{number}" if number % 4 == 0 else ""
            auth, key = _text(secrets.token_bytes(16)), keys[number % _KEYS]
            out.write(f'{number},{address},5,en,Europe/Berlin,"{{""plan"": ""pro""}}",{person},{auth},{key}\n')


def run(*arguments: str, environment: dict[str, str]) -> None:
    """Run a command of ours and fail with it."""
    subprocess.run([_HELIOGRAPH, *arguments], check=True, env=environment)  # noqa: S603 - our own command


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Make, import, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int)
    parser.add_argument("database", nargs="?", help="a PostgreSQL database; SQLite, if left out")
    parser.add_argument("--keep", type=Path, help="a file to make once and use again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = given.keep or Path(folder) / "subscriptions.csv"
        if not file.exists():
            make_file(file, given.rows)
        private = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(32, "big")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HELIOGRAPH_")}
        environment |= {"HELIOGRAPH_DATA_DIR": f"{folder}/data", "VAPID_PRIVATE_KEY": _text(private)}
        if given.database:
            environment |= {"HELIOGRAPH_DATABASE_URL": given.database, "HELIOGRAPH_MASTER_KEY": _text(bytes(32))}
            run("migrate", environment=environment)
        name = f"Shop {secrets.token_hex(4)}"
        run("projects", "create", name, "--contact", "mailto:push@example.com", "--json", environment=environment)
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        began, worked = time.monotonic(), _processor_seconds()
        run("import", str(file), "--project", name, environment=environment)
        took, worked = time.monotonic() - began, _processor_seconds() - worked
        after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(f"{given.rows:,} rows, {file.stat().st_size:,} bytes: {took:.1f} s, {given.rows / took:,.0f} rows/s")  # noqa: T201
        print(f"{worked:.1f} s of processor: {given.rows / worked:,.0f} rows per second of it")  # noqa: T201
        print(f"peak memory {after / 1024:.0f} MiB (another command before it: {before / 1024:.0f} MiB)")  # noqa: T201


if __name__ == "__main__":
    main()
