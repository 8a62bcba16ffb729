"""The guard at send: who may be talked to, and where."""

from datetime import UTC, datetime, timedelta

import pytest

from heliograph.delivery.address import Guard, Passage
from heliograph.domain.endpoint import DevpushRoute, EndpointPolicy
from heliograph.domain.outcome import Rejected, TryLater

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
OPERATOR = EndpointPolicy(extra_hosts=frozenset({"up.example.net"}))
ENDPOINT = "https://up.example.net/wpush/abc"


class Names:
    """A resolver that answers what it is told."""

    def __init__(self, *answers: list[str] | Exception) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def __call__(self, _host: str, _port: int) -> list[str]:
        self.asked += 1
        answer = self._answers[min(self.asked, len(self._answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_public_services_are_reached_by_name():
    """The vendors' hosts are not resolved here: the engine looks at the address that it connects to."""
    names = Names([])
    found = await Guard(EndpointPolicy(), resolver=names).passage("https://fcm.googleapis.com/fcm/send/x", now=NOW)

    assert found == Passage("fcm.googleapis.com", "https://fcm.googleapis.com")
    assert names.asked == 0


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://evil.example/x",
        "http://fcm.googleapis.com/x",
        "https://127.0.0.1/x",
        "https://fcm.googleapis.com:444/x",
    ],
)
async def test_strangers(endpoint: str):
    """What is not on the list is rejected at send, too."""
    assert await Guard(EndpointPolicy()).passage(endpoint, now=NOW) == Rejected("endpoint_refused")


async def test_operator_host_is_pinned():
    """An operator's host is connected to at the address that was looked at."""
    names = Names(["93.184.216.34", "2606:2800:220:1::1"])
    found = await Guard(OPERATOR, resolver=names).passage(ENDPOINT, now=NOW)

    assert found == Passage("up.example.net", "https://up.example.net", connect_to=("93.184.216.34", 443))


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["169.254.169.254"], ["::ffff:127.0.0.1"], ["fd00::1"], []],
)
async def test_every_address_must_be_public(addresses: list[str]):
    """One address inside is enough to stay away."""
    found = await Guard(OPERATOR, resolver=Names(addresses)).passage(ENDPOINT, now=NOW)

    assert found == TryLater("network_refused_address")


@pytest.mark.parametrize("error", [OSError("no such name"), TimeoutError(), UnicodeError()])
async def test_names_that_do_not_resolve(error: Exception):
    """A name without an answer is tried again later."""
    assert await Guard(OPERATOR, resolver=Names(error)).passage(ENDPOINT, now=NOW) == TryLater("network_resolve")


async def test_failures_are_kept_for_a_moment():
    """A range full of names that do not resolve waits for one answer, and a name that is back is noticed soon."""
    names = Names(OSError("no such name"), ["93.184.216.34"])
    guard = Guard(OPERATOR, resolver=names)
    for _ in range(500):
        assert await guard.passage(ENDPOINT, now=NOW) == TryLater("network_resolve")
    assert names.asked == 1
    assert isinstance(await guard.passage(ENDPOINT, now=NOW + timedelta(seconds=10)), Passage)


async def test_addresses_are_kept_for_a_minute():
    """A name is asked for once a minute, and a change is noticed then."""
    names = Names(["93.184.216.34"], ["10.0.0.1"])
    guard = Guard(OPERATOR, resolver=names)
    for second in range(0, 60, 10):
        assert isinstance(await guard.passage(ENDPOINT, now=NOW + timedelta(seconds=second)), Passage)
    assert names.asked == 1
    assert await guard.passage(ENDPOINT, now=NOW + timedelta(minutes=1)) == TryLater("network_refused_address")


async def test_devpush_takes_the_development_setting():
    """On loopback, devpush needs its development setting, and is reached by its own port and certificates."""
    policy = EndpointPolicy(devpush_origin="http://127.0.0.1:8972")
    route = DevpushRoute(tls_port=8973, ca_file="/ca.pem")
    plain, tls = "http://127.0.0.1:8972/p/fcm/fcm/send/devpush-x", "https://fcm.googleapis.com/fcm/send/devpush-x"
    there = Guard(policy, route)

    assert await there.passage(plain, now=NOW) == Passage("127.0.0.1", "http://127.0.0.1:8972", allow_plain=True)
    assert await there.passage(tls, now=NOW) == Passage(
        "fcm.googleapis.com", "https://fcm.googleapis.com", connect_to=("127.0.0.1", 8973), ca_file="/ca.pem"
    )
    assert await Guard(policy).passage(tls, now=NOW) == Rejected("endpoint_refused")
    elsewhere = Guard(EndpointPolicy())
    assert await elsewhere.passage(plain, now=NOW) == Rejected("endpoint_refused")
    assert await elsewhere.passage(tls, now=NOW) == Passage("fcm.googleapis.com", "https://fcm.googleapis.com")
