"""Messages while nobody is there: TTL, topics, order, and the window of messages without an ack."""

from datetime import timedelta

from tests.devpush.conftest import ANY_PORTS
from tests.devpush.support.firefox_client import FirefoxClient
from tests.devpush.support.sender import Sender
from tests.devpush.support.waiting import until

from heliograph.devpush import DevPush, DevPushConfig
from heliograph.kit.clock import FrozenClock


async def go_away(devpush: DevPush, browser: FirefoxClient) -> None:
    await browser.close()
    await until(lambda: browser.uaid not in devpush.connected())


async def received_after_return(browser: FirefoxClient) -> list[bytes]:
    await browser.open()
    await browser.say({})
    found = []
    while (frame := await browser.next()) != {}:
        found.append(browser.decrypt(frame))
    return found


async def test_a_message_waits_for_a_browser_that_is_away(
    devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str, clock: FrozenClock
):
    """Until a second before its TTL is over."""
    await go_away(devpush, browser)
    await sender.post(endpoint, browser.encrypt(b"late"), ttl="60")
    clock.advance(timedelta(seconds=59))

    assert await received_after_return(browser) == [b"late"]


async def test_a_message_expires(
    devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str, clock: FrozenClock
):
    """And is gone when its TTL is over."""
    await go_away(devpush, browser)
    await sender.post(endpoint, browser.encrypt(b"stale"), ttl="60")
    clock.advance(timedelta(seconds=60))

    assert await received_after_return(browser) == []
    assert devpush.messages(endpoint)[0].dropped == "expired"
    assert devpush.status()["expired"] == 1


async def test_ttl_0_means_now_or_never(devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str):
    """201 either way: delivered to a browser that is there, dropped when it is not."""
    here = await sender.post(endpoint, browser.encrypt(b"now"), ttl="0")
    frame = await browser.next()
    await browser.ack(frame)
    await go_away(devpush, browser)
    away = await sender.post(endpoint, browser.encrypt(b"never"), ttl="0")

    assert (here.status_code, away.status_code) == (201, 201)
    assert browser.decrypt(frame) == b"now"
    assert await received_after_return(browser) == []
    assert [record.dropped for record in devpush.messages(endpoint)] == [None, "offline"]
    assert devpush.status()["dropped_offline"] == 1


async def test_ttl_0_is_not_sent_again(devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str):
    """A browser that went away without an ack does not find it when it comes back."""
    await sender.post(endpoint, browser.encrypt(b"now"), ttl="0")
    await browser.next()
    await go_away(devpush, browser)

    assert await received_after_return(browser) == []


async def test_a_topic_replaces_what_waits(
    devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str, clock: FrozenClock
):
    """The newer message takes the older one's place, with its own TTL; other topics and none stay."""
    await go_away(devpush, browser)
    await sender.post(endpoint, browser.encrypt(b"score 1:0"), topic="score", ttl="3600")
    await sender.post(endpoint, browser.encrypt(b"weather"), topic="weather")
    await sender.post(endpoint, browser.encrypt(b"plain"))
    await sender.post(endpoint, browser.encrypt(b"score 2:0"), topic="score", ttl="30")

    assert await received_after_return(browser) == [b"weather", b"plain", b"score 2:0"]
    assert devpush.messages(endpoint)[0].dropped == "replaced"
    clock.advance(timedelta(seconds=30))
    await go_away(devpush, browser)
    assert await received_after_return(browser) == [b"weather", b"plain"]


async def test_a_topic_belongs_to_one_subscription(devpush: DevPush, browser: FirefoxClient, sender: Sender):
    """Two pages of one browser do not replace each other's messages."""
    one, two = await browser.register(sender.key), await browser.register(sender.key)
    await go_away(devpush, browser)
    await sender.post(one, browser.encrypt(b"one"), topic="score")
    await sender.post(two, browser.encrypt(b"two"), topic="score")

    assert await received_after_return(browser) == [b"one", b"two"]


async def test_a_hundred_messages_keep_their_order(
    devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str
):
    """First in, first out, over an absence."""
    await go_away(devpush, browser)
    texts = [str(number).encode() for number in range(100)]
    for text in texts:
        await sender.post(endpoint, browser.encrypt(text))

    assert await received_after_return(browser) == texts


async def test_messages_without_an_ack_are_limited(clock: FrozenClock, sender: Sender):
    """Beyond the window a message waits for an ack; as the real service sends small batches."""
    async with DevPush(DevPushConfig(**ANY_PORTS, window=2), clock) as devpush:
        browser = FirefoxClient(devpush.ws_url)
        await browser.open()
        endpoint = await browser.register(sender.key)
        for text in (b"one", b"two", b"three"):
            await sender.post(endpoint, browser.encrypt(text))
        one, two = await browser.next(), await browser.next()

        assert await browser.is_quiet()
        await browser.say({"messageType": "ack", "updates": [{"version": one["version"], "code": 100}]})
        assert browser.decrypt(await browser.next()) == b"three"
        assert browser.decrypt(two) == b"two"
        await browser.close()


async def test_closing_every_connection_loses_nothing(
    devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str
):
    """A restart of the real service looks like this to a browser."""
    assert devpush.disconnect() == 1
    await until(lambda: not devpush.connected())
    await sender.post(endpoint, browser.encrypt(b"meanwhile"))

    assert await received_after_return(browser) == [b"meanwhile"]
