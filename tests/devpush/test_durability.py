"""What a file keeps over a restart, an orderly one and kill -9."""

import asyncio
import json
import signal
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.devpush.conftest import ANY_PORTS
from tests.devpush.support.firefox_client import FirefoxClient
from tests.devpush.support.mcs_client import ChromiumClient
from tests.devpush.support.sender import Sender
from tests.devpush.support.waiting import until

from heliograph.devpush import DevPush, DevPushConfig
from heliograph.devpush.store import FileInUseError
from heliograph.kit.clock import FrozenClock, SystemClock


@pytest.fixture
def clock() -> FrozenClock:
    """TLS needs certificates of today."""
    return FrozenClock(datetime.now(UTC))


@pytest.fixture
def config(tmp_path: Path) -> DevPushConfig:
    return DevPushConfig(**ANY_PORTS, file=tmp_path / "devpush.db")


def moved(endpoint: str, devpush: DevPush) -> str:
    """The endpoint at the port that devpush has now; in real life the port stays."""
    return f"{devpush.http_url}/p/{endpoint.split('/p/')[1]}"


async def test_a_firefox_finds_its_messages_after_a_restart(config: DevPushConfig, clock: FrozenClock, sender: Sender):
    """Same uaid, same endpoint, and what was sent before and after the restart, in order."""
    async with DevPush(config, clock) as devpush:
        browser = FirefoxClient(devpush.ws_url)
        uaid = (await browser.open())["uaid"]
        endpoint = await browser.register(sender.key)
        await browser.close()
        await until(lambda: not devpush.connected())
        await sender.post(endpoint, browser.encrypt(b"before"), topic="a", urgency="low")
        await sender.post(endpoint)
    async with DevPush(config, clock) as devpush:
        await sender.post(moved(endpoint, devpush), browser.encrypt(b"after"))
        browser.ws_url = devpush.ws_url
        hello = await browser.open()
        frames = [await browser.next() for _ in range(3)]
        await browser.close()

    assert hello["uaid"] == uaid
    assert [browser.decrypt(frame) if "data" in frame else None for frame in frames] == [b"before", None, b"after"]


async def test_what_was_acked_expired_or_unsubscribed_does_not_come_back(
    config: DevPushConfig, clock: FrozenClock, sender: Sender
):
    """And a gone endpoint stays gone."""
    async with DevPush(config, clock) as devpush:
        browser = FirefoxClient(devpush.ws_url)
        await browser.open()
        endpoint, gone = await browser.register(sender.key), await browser.register(sender.key)
        await sender.post(endpoint, browser.encrypt(b"acked"))
        await browser.ack(await browser.next())
        await sender.post(endpoint, browser.encrypt(b"stale"), ttl="5")
        await sender.post(gone, browser.encrypt(b"for nobody"))
        channel = devpush.registration(gone).channel
        await browser.say({"messageType": "unregister", "channelID": channel, "code": 200})
        await until(lambda: devpush.registration(gone).gone_at)
        await browser.close()
    clock.advance(timedelta(seconds=6))
    async with DevPush(config, clock) as devpush:
        browser.ws_url = devpush.ws_url
        await browser.open()

        assert await browser.is_quiet()
        assert (await sender.post(moved(gone, devpush))).status_code == 410
        assert devpush.status()["pending_messages"] == 0
        await browser.close()


async def test_a_chromium_keeps_its_device_and_token(config: DevPushConfig, clock: FrozenClock, sender: Sender):
    """It logs in again without a checkin, as after a restart of the browser."""
    async with DevPush(config, clock) as devpush:
        chromium = ChromiumClient(devpush, sender.client)
        await chromium.checkin()
        token = await chromium.subscribe(sender.key)
        await sender.post(f"{devpush.http_url}/fcm/send/{token}", chromium.encrypt(b"waiting"))
    async with DevPush(config, clock) as devpush:
        chromium.devpush = devpush
        await chromium.login()

        assert chromium.decrypt(await chromium.next()) == b"waiting"
        await chromium.dispose()


async def test_forgetting_is_durable(config: DevPushConfig, clock: FrozenClock, sender: Sender):
    """A restart does not bring back what was lost on purpose."""
    async with DevPush(config, clock) as devpush:
        browser = FirefoxClient(devpush.ws_url)
        await browser.open()
        await browser.register(sender.key)
        devpush.forget()
        await browser.close()
    async with DevPush(config, clock) as devpush:
        assert devpush.registrations() == []


async def test_certificates_and_file_are_kept_for_the_owner(config: DevPushConfig, clock: FrozenClock):
    """The same CA after a restart; keys and data only for the owner."""
    seen = []
    for _ in range(2):
        async with DevPush(config, clock) as devpush:
            seen.append((devpush.ca_file.read_bytes(), devpush.spki_sha256))
            directory = devpush.ca_file.parent
            beside = {stat.S_IMODE(file.stat().st_mode) for file in config.file.parent.glob(f"{config.file.name}*")}

    assert seen[0] == seen[1]
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(key.stat().st_mode) for key in directory.glob("*.key")} == {0o600}
    assert stat.S_IMODE(config.file.stat().st_mode) == 0o600
    assert beside == {0o600}


async def test_a_file_belongs_to_one_process(config: DevPushConfig, clock: FrozenClock):
    """Two would lose each other's messages."""
    async with DevPush(config, clock):
        with pytest.raises(FileInUseError, match=r"devpush\.db cannot be opened"):
            await DevPush(config, clock).__aenter__()


async def test_without_a_file_nothing_is_left_behind(clock: FrozenClock):
    """The temporary directory of the certificates goes with the service."""
    async with DevPush(DevPushConfig(**ANY_PORTS), clock) as devpush:
        directory = devpush.ca_file.parent

        assert directory.is_dir()
    assert not directory.exists()


PROGRAM = """
import asyncio, json, sys
from pathlib import Path
from heliograph.devpush import DevPush, DevPushConfig
async def main():
    config = DevPushConfig(http_port=0, tls_port=0, mcs_port=0, file=Path(sys.argv[1]))
    async with DevPush(config) as devpush:
        print(json.dumps([devpush.http_url, devpush.ws_url]), flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


@asynccontextmanager
async def running(file: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, str]]:
    source = Path(__file__).parents[2] / "src"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(file), stdout=asyncio.subprocess.PIPE, env={"PYTHONPATH": str(source)}
    )
    try:
        async with asyncio.timeout(30):
            http_url, ws_url = json.loads(await process.stdout.readline())
        yield process, http_url, ws_url
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_201_survives_kill_9(tmp_path: Path):
    """The process is killed in the middle of a stream of messages: whatever it accepted arrives, each once."""
    file = tmp_path / "devpush.db"
    sender = Sender(SystemClock())
    accepted: list[bytes] = []
    async with running(file) as (process, _, ws_url):
        browser = FirefoxClient(ws_url)
        await browser.open()
        endpoint = await browser.register(sender.key)
        await browser.close()

        async def send_until_killed() -> None:
            number = 0
            while True:
                body = str(number).encode()
                response = await sender.post(endpoint, browser.encrypt(body))
                assert response.status_code == 201
                accepted.append(body)
                number += 1

        sending = asyncio.create_task(send_until_killed())
        await until(lambda: len(accepted) >= 20)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        with pytest.raises(Exception, match=r".*"):
            await sending
    async with running(file) as (_, _, ws_url):
        browser.ws_url = ws_url
        await browser.open()
        await browser.say({})
        received = []
        while (frame := await browser.next()) != {}:
            received.append(browser.decrypt(frame))
        await browser.close()
    await sender.client.aclose()

    assert received[: len(accepted)] == accepted
    assert len(received) - len(accepted) <= 1
    assert sqlite3.connect(file).execute("PRAGMA integrity_check").fetchone() == ("ok",)
