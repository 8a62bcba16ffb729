"""Faults: what goes wrong, for whom, how often."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest
from tests.devpush.conftest import ANY_PORTS
from tests.devpush.support.firefox_client import FirefoxClient
from tests.devpush.support.sender import Sender

from heliograph.devpush import AckCode, DevPush, DevPushConfig, Fault, FaultKind, Service
from heliograph.devpush.faults import HUGE_BODY_BYTES, Faults
from heliograph.kit.clock import FrozenClock


def at_service(endpoint: str, service: str) -> str:
    return endpoint.replace("/p/mozilla/", f"/p/{service}/")


VENDOR_BODIES = [
    ("fcm", 404, "A valid push subscription endpoint"),
    ("fcm", 410, "push subscription has unsubscribed or expired."),
    ("fcm", 401, "Authorization header must be specified"),
    ("fcm", 403, "do not correspond"),
    ("fcm", 429, "Too Many Requests"),
    ("fcm", 503, "Service Unavailable"),
    ("mozilla", 404, '"errno":102'),
    ("mozilla", 410, '"errno":103'),
    ("mozilla", 401, '"errno":109'),
    ("mozilla", 413, '"errno":104'),
    ("mozilla", 502, '"errno":901'),
    ("mozilla", 503, '"errno":201'),
    ("apple", 403, "BadJwtToken"),
    ("apple", 410, "ExpiredToken"),
    ("apple", 413, "PayloadTooLarge"),
    ("apple", 429, "TooManyRequests"),
    ("apple", 500, "InternalServerError"),
    ("apple", 503, "ServiceUnavailable"),
    ("standard", 500, "Internal Server Error"),
]


@pytest.mark.parametrize(("service", "status", "marker"), VENDOR_BODIES)
async def test_a_status_comes_with_the_vendors_body(
    service: str, status: int, marker: str, devpush: DevPush, sender: Sender, endpoint: str
):
    """The message is not taken."""
    devpush.add_fault(Fault(FaultKind.STATUS, status=status))

    response = await sender.post(at_service(endpoint, service))

    assert response.status_code == status
    assert marker in response.text
    assert devpush.status()["accepted"] == 0
    assert devpush.messages(endpoint)[0].fault == "status"


async def test_wns_says_it_in_headers(devpush: DevPush, sender: Sender, endpoint: str):
    """A throttled channel: 406, a status word, and how long to wait."""
    devpush.add_fault(Fault(FaultKind.STATUS, status=406, retry_after=timedelta(seconds=30)))

    response = await sender.post(at_service(endpoint, "wns"))

    assert (response.status_code, response.content) == (406, b"")
    assert response.headers["x-wns-status"] == "channelthrottled"
    assert response.headers["x-wns-continue-after"] == "30"


async def test_wns_can_accept_and_drop(devpush: DevPush, sender: Sender, endpoint: str):
    """A 200 with X-WNS-Status dropped was not delivered."""
    devpush.add_fault(Fault(FaultKind.STATUS, status=200))

    response = await sender.post(at_service(endpoint, "wns"))

    assert (response.status_code, response.headers["x-wns-status"]) == (200, "dropped")


@pytest.mark.parametrize("service", ["fcm", "mozilla", "apple", "wns", "standard"])
async def test_retry_after_as_seconds_and_as_date(
    service: str, devpush: DevPush, sender: Sender, endpoint: str, clock: FrozenClock
):
    """Both forms of RFC 9110."""
    devpush.add_fault(Fault(FaultKind.STATUS, status=429, retry_after=timedelta(seconds=7), times=1))
    devpush.add_fault(Fault(FaultKind.STATUS, status=429, retry_after=timedelta(hours=1), retry_as_date=True))
    target = at_service(endpoint, service)

    seconds, date = await sender.post(target), await sender.post(target)

    assert seconds.headers["retry-after"] == "7"
    expected = clock.now().astimezone(UTC).replace(microsecond=0) + timedelta(hours=1)
    assert parsedate_to_datetime(date.headers["retry-after"]) == expected


async def test_a_fault_strikes_as_often_as_it_is_told(devpush: DevPush, sender: Sender, endpoint: str):
    """And then the next one does, and then all is well."""
    devpush.add_fault(Fault(FaultKind.STATUS, status=500, times=2))
    devpush.add_fault(Fault(FaultKind.STATUS, status=503, times=1))

    assert [(await sender.post(endpoint)).status_code for _ in range(4)] == [500, 500, 503, 201]
    assert [active.is_spent for active in devpush.faults()] == [True, True]
    assert devpush.status()["faults"] == 3


async def test_a_fault_is_aimed(devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str):
    """At one token, or at one service."""
    other = await browser.register(sender.key)
    token = endpoint.rsplit("/", 1)[1]
    devpush.add_fault(Fault(FaultKind.STATUS, status=500, token=token))
    devpush.add_fault(Fault(FaultKind.STATUS, status=503, service=Service.FCM))

    assert (await sender.post(endpoint)).status_code == 500
    assert (await sender.post(other)).status_code == 201
    assert (await sender.post(at_service(other, "fcm"))).status_code == 503


async def test_a_limit_on_size_plays_firefox_on_android(
    devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str
):
    """2,744 bytes go through the bridge, one more does not."""
    devpush.add_fault(Fault(FaultKind.STATUS, status=413, larger_than=2744))

    small = await sender.post(endpoint, browser.encrypt(b"x" * (2744 - 103)))
    large = await sender.post(endpoint, browser.encrypt(b"x" * (2745 - 103)))

    assert (small.status_code, large.status_code) == (201, 413)


def test_a_share_of_requests_is_the_same_for_the_same_seed():
    """A probability is drawn from a seeded generator."""

    def strikes(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add(Fault(FaultKind.RESET, probability=0.3))
        return [faults.for_request("devpush-x", Service.FCM, 0) is not None for _ in range(1000)]

    assert strikes(1) == strikes(1) != strikes(2)
    assert 250 < sum(strikes(1)) < 350


@pytest.mark.parametrize("values", [{"probability": 1.1}, {"probability": -0.1}, {"status": 99}, {"times": 0}])
def test_an_impossible_fault_is_refused(values: dict[str, object]):
    """Before it can confuse a test."""
    with pytest.raises(ValueError, match="is"):
        Fault(FaultKind.STATUS, **values)


async def test_a_reset_takes_nothing(devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str):
    """The connection is reset before the message is taken."""
    devpush.add_fault(Fault(FaultKind.RESET, times=1))

    with pytest.raises(httpx.ReadError):
        await sender.post(endpoint)
    assert await browser.is_quiet()
    assert (await sender.post(endpoint)).status_code == 201


async def test_a_lost_answer_is_a_message_taken(
    devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str
):
    """The browser gets what the sender must believe lost."""
    devpush.add_fault(Fault(FaultKind.LOST_ANSWER, times=1))

    with pytest.raises(httpx.ReadError):
        await sender.post(endpoint, browser.encrypt(b"twice?"))
    assert browser.decrypt(await browser.next()) == b"twice?"
    assert devpush.messages(endpoint)[0].status == 201


async def test_hanging_up_without_an_answer(devpush: DevPush, sender: Sender, endpoint: str):
    """On HTTP/1.1, GOAWAY is an orderly close."""
    devpush.add_fault(Fault(FaultKind.GOAWAY, times=1))

    with pytest.raises(httpx.RemoteProtocolError):
        await sender.post(endpoint)


async def test_a_redirect_points_at_a_metadata_address(devpush: DevPush, sender: Sender, endpoint: str):
    """Which no sender may follow."""
    devpush.add_fault(Fault(FaultKind.REDIRECT))

    response = await sender.post(endpoint)

    assert response.status_code == 307
    assert response.headers["location"].startswith("http://169.254.169.254/")


async def test_a_huge_answer(devpush: DevPush, sender: Sender, endpoint: str):
    """Eight mebibytes that a sender must not read to the end."""
    devpush.add_fault(Fault(FaultKind.HUGE))

    response = await sender.post(endpoint)

    assert (response.status_code, len(response.content)) == (503, HUGE_BODY_BYTES)


async def test_a_slow_answer_is_a_good_one_later(devpush: DevPush, sender: Sender, endpoint: str):
    """The sender's patience decides."""
    devpush.add_fault(Fault(FaultKind.SLOW, delay=timedelta(milliseconds=150), times=1))
    devpush.add_fault(Fault(FaultKind.SLOW, delay=timedelta(minutes=1)))
    start = datetime.now(UTC)

    patient = await sender.post(endpoint)
    took = datetime.now(UTC) - start
    sender.client.timeout = httpx.Timeout(30, read=0.02)

    assert patient.status_code == 201
    assert took >= timedelta(milliseconds=150)
    with pytest.raises(httpx.ReadTimeout):
        await sender.post(endpoint)


async def test_a_status_can_be_slow_too(devpush: DevPush, sender: Sender, endpoint: str):
    """A delay goes with any kind."""
    devpush.add_fault(Fault(FaultKind.STATUS, status=500, delay=timedelta(milliseconds=30)))
    start = datetime.now(UTC)

    response = await sender.post(endpoint)

    assert response.status_code == 500
    assert datetime.now(UTC) - start >= timedelta(milliseconds=30)


async def test_a_dropped_ack_brings_the_message_again(clock: FrozenClock, sender: Sender):
    """With the same version, until an ack is heard."""
    config = DevPushConfig(**ANY_PORTS, resend_after=timedelta(milliseconds=10))
    async with DevPush(config, clock) as devpush:
        browser = FirefoxClient(devpush.ws_url)
        await browser.open()
        endpoint = await browser.register(sender.key)
        devpush.add_fault(Fault(FaultKind.DROP_ACKS, times=2))
        await sender.post(endpoint)
        versions = []
        for _ in range(3):
            frame = await browser.next()
            versions.append(frame["version"])
            await browser.say({"messageType": "ack", "updates": [{"version": frame["version"], "code": 100}]})

        assert await browser.is_quiet()
        assert len(set(versions)) == 1
        record = devpush.messages(endpoint)[0]
        assert (record.sent_count, record.acked_code) == (3, AckCode.DELIVERED)
        assert devpush.status()["dropped_acks"] == 2
        await browser.close()


async def test_lifting_all_faults(devpush: DevPush, sender: Sender, endpoint: str):
    """Everything is as before."""
    devpush.add_fault(Fault(FaultKind.RESET))

    assert devpush.clear_faults() == 1
    assert (await sender.post(endpoint)).status_code == 201
