"""Every rule of RFC 8030, 8188, 8291 and 8292 that a sender can break, and how each vendor says so."""

import json
import os
import struct
from datetime import timedelta

import httpx
import jwt
import pytest
from tests.devpush.support.firefox_client import FirefoxClient
from tests.devpush.support.sender import Sender

from heliograph.devpush import DevPush, Service
from heliograph.protocols import base64url, encryption, vapid

SPECIFIC = ("fcm", "mozilla", "apple", "wns", "standard")
STRANGER = vapid.generate_private_key()


def said(service: str, response: httpx.Response) -> object:
    """What the vendor's own way of putting it boils down to."""
    match service:
        case "mozilla":
            body = response.json()
            assert body["code"] == response.status_code
            assert set(body) == {"code", "errno", "error", "message", "more_info"}
            return body["errno"]
        case "apple":
            assert response.headers["apns-id"]
            return response.json()["reason"]
        case "wns":
            assert response.content == b""
            assert response.headers["x-wns-status"] == "dropped"
            return "description" if response.headers["x-wns-error-description"] else None
        case "fcm":
            return response.text.strip()[:20]
        case _:
            assert response.headers["content-type"] == "application/problem+json"
            return response.json()["title"]


def wording(fcm: object, mozilla: object, apple: object, wns: object, standard: object) -> dict[str, object]:
    return {"fcm": fcm, "mozilla": mozilla, "apple": apple, "wns": wns, "standard": standard}


def same_400(mozilla: int, apple: str, fcm: str) -> dict[str, object]:
    return wording((400, fcm), (400, mozilla), (400, apple), (400, "description"), (400, "Bad Request"))


HEADER_RULES = {
    "no TTL": ({"ttl": None}, same_400(111, "BadTtl", "The TTL header is mi")),
    "negative TTL": ({"ttl": "-1"}, same_400(114, "BadTtl", "TTL must not be nega")),
    "TTL is no number": ({"ttl": "soon"}, same_400(112, "BadTtl", "TTL must be a whole ")),
    "TTL is a fraction": ({"ttl": "1.5"}, same_400(112, "BadTtl", "TTL must be a whole ")),
    "TTL has a plus sign": ({"ttl": "+60"}, same_400(112, "BadTtl", "TTL must be a whole ")),
    "TTL is empty": ({"ttl": ""}, same_400(112, "BadTtl", "TTL must be a whole ")),
    "TTL is astronomical": ({"ttl": "9" * 40}, same_400(112, "BadTtl", "TTL must be a whole ")),
    "unknown urgency": ({"urgency": "urgent"}, same_400(110, "BadUrgency", "Urgency is one of ve")),
    "two urgencies": ({"urgency": "high, low"}, same_400(110, "BadUrgency", "There is more than o")),
    "urgency in capitals": ({"urgency": "HIGH"}, same_400(110, "BadUrgency", "Urgency is one of ve")),
    "topic too long": ({"topic": "a" * 33}, same_400(113, "BadWebPushTopic", "Topic is 1 to 32 cha")),
    "topic with a dot": ({"topic": "news.today"}, same_400(113, "BadWebPushTopic", "Topic is 1 to 32 cha")),
    "topic with a slash": ({"topic": "a/b+"}, same_400(113, "BadWebPushTopic", "Topic is 1 to 32 cha")),
    "empty topic": ({"topic": ""}, same_400(113, "BadWebPushTopic", "Topic is 1 to 32 cha")),
    "no content encoding": (
        {"content-encoding": None},
        same_400(110, "BadWebPushRequest", "Content-Encoding mus"),
    ),
    "the old encoding": ({"content-encoding": "aesgcm"}, same_400(110, "BadWebPushRequest", "Content-Encoding mus")),
    "two encodings": (
        {"content-encoding": "aes128gcm, gzip"},
        same_400(110, "BadWebPushRequest", "Content-Encoding mus"),
    ),
    "no authorization": (
        {"authorization": None},
        wording(
            (401, "Authorization header"),
            (401, 109),
            (403, "BadAuthorizationHeader"),
            (401, "description"),
            (401, "Unauthorized"),
        ),
    ),
    "another scheme": (
        {"authorization": "Bearer x.y.z"},
        wording(
            (403, "invalid JWT provided"),
            (401, 109),
            (403, "BadAuthorizationHeader"),
            (403, "description"),
            (403, "Forbidden"),
        ),
    ),
    "k is missing": (
        {"authorization": "vapid t=a.b.c"},
        wording(
            (403, "invalid JWT provided"),
            (401, 109),
            (403, "BadAuthorizationHeader"),
            (403, "description"),
            (403, "Forbidden"),
        ),
    ),
    "k is no key": (
        {"authorization": "vapid t=a.b.c, k=AAAA"},
        wording(
            (403, "invalid JWT provided"),
            (401, 109),
            (400, "BadVapidPublicKey"),
            (403, "description"),
            (403, "Forbidden"),
        ),
    ),
}


async def make_endpoint(devpush: DevPush, browser: FirefoxClient, sender: Sender, service: str) -> str:
    """An endpoint of one vendor's kind, made over the socket that hands that kind out."""
    other = FirefoxClient(f"{devpush.ws_url}ua/{service}")
    await other.open()
    browser.p256dh, browser.auth, browser.private_key = other.p256dh, other.auth, other.private_key
    found = await other.register(sender.key)
    await other.close()
    return found


@pytest.fixture(params=SPECIFIC)
def service(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def target(devpush: DevPush, browser: FirefoxClient, sender: Sender, service: str) -> str:
    return await make_endpoint(devpush, browser, sender, service)


@pytest.mark.parametrize("rule", HEADER_RULES)
async def test_a_broken_header_is_refused_in_the_vendors_words(
    rule: str, service: str, target: str, sender: Sender, browser: FirefoxClient, devpush: DevPush
):
    """Each header rule has its status and its wording at each vendor, and the message is not taken."""
    changes, expected = HEADER_RULES[rule]

    response = await sender.post(target, browser.encrypt(b"hello"), **changes)

    assert (response.status_code, said(service, response)) == expected[service]
    assert devpush.status()["accepted"] == 0
    assert devpush.messages(target)[0].reason is not None


async def test_the_unspoilt_request_is_accepted(service: str, target: str, sender: Sender, browser: FirefoxClient):
    """What the rules are broken from is itself a good request everywhere."""
    response = await sender.post(target, browser.encrypt(b"hello"), urgency="high", topic="a" * 32)

    assert response.status_code == 201


@pytest.mark.parametrize(
    ("name", "value"), [("urgency", "high"), ("topic", "b" * 8), ("ttl", "10"), ("content-encoding", "aes128gcm")]
)
async def test_a_header_sent_twice_is_refused(
    name: str, value: str, endpoint: str, sender: Sender, browser: FirefoxClient
):
    """Urgency, Topic, TTL and Content-Encoding have one value each."""
    body = browser.encrypt(b"hello")
    response = await sender.post(endpoint, body, more=[(name, value)], **({name: value}))

    assert response.status_code == 400


async def test_authorization_sent_twice_is_refused(endpoint: str, sender: Sender, browser: FirefoxClient):
    """Two Authorization headers leave open which one counts."""
    more = [("authorization", sender.authorization(endpoint))]

    response = await sender.post(endpoint, browser.encrypt(b"hello"), more=more)

    assert (response.status_code, response.json()["errno"]) == (401, 109)


@pytest.mark.parametrize(
    ("change", "service", "expected"),
    [
        *(({"audience": "https://example.com"}, s, e) for s, e in [("fcm", 403), ("mozilla", 401), ("apple", 403)]),
        *(({"expires_at": timedelta(seconds=-1)}, s, e) for s, e in [("fcm", 403), ("mozilla", 401), ("apple", 403)]),
        *(({"expires_at": timedelta(hours=24, seconds=1)}, s, 401) for s in ["mozilla"]),
        ({"subject": "mailto:ops@localhost"}, "apple", 403),
        ({"subject": "ops@shop.example.com"}, "apple", 403),
        ({"subject": "mailto: ops@shop.example.com"}, "apple", 403),
        ({"subject": "ops@shop.example.com"}, "fcm", 403),
        ({"subject": "mailto:ops@localhost"}, "mozilla", 201),
    ],
)
async def test_the_claims_of_a_token_are_checked(
    change: dict[str, object], service: str, expected: int, devpush: DevPush, browser: FirefoxClient, sender: Sender
):
    """aud, exp and sub are looked at; Apple wants a contact that exists on the internet."""
    target = await make_endpoint(devpush, browser, sender, service)
    if isinstance(late := change.get("expires_at"), timedelta):
        change = {"expires_at": sender.clock.now() + late}

    authorization = sender.authorization(target, **change)
    response = await sender.post(target, browser.encrypt(b"hello"), authorization=authorization)

    assert response.status_code == expected
    if service == "apple":
        assert response.json() == {"reason": "BadJwtToken"}


async def test_apple_wants_a_subject(devpush: DevPush, browser: FirefoxClient, sender: Sender):
    """A token without sub passes RFC 8292 but not Apple."""
    target = await make_endpoint(devpush, browser, sender, "apple")
    claims = {"aud": devpush.http_url, "exp": int(sender.clock.now().timestamp()) + 60}
    token = jwt.encode(claims, sender.key, algorithm="ES256")
    authorization = f"vapid t={token}, k={base64url.encode(vapid.public_bytes(sender.key))}"

    refused = await sender.post(target, authorization=authorization)
    accepted = await sender.post(target.replace("/p/apple/", "/p/fcm/send/"), authorization=authorization)

    assert (refused.status_code, accepted.status_code) == (403, 201)


async def test_exp_must_be_a_number(endpoint: str, devpush: DevPush, sender: Sender):
    """Mozilla answers errno 109 to an exp in quotes, and so do we."""
    claims = {
        "aud": devpush.http_url,
        "exp": str(int(sender.clock.now().timestamp()) + 60),
        "sub": "mailto:a@b.example",
    }
    token = jwt.encode(claims, sender.key, algorithm="ES256")
    authorization = f"vapid t={token}, k={base64url.encode(vapid.public_bytes(sender.key))}"

    response = await sender.post(endpoint, authorization=authorization)

    assert (response.status_code, response.json()["errno"]) == (401, 109)


@pytest.mark.parametrize(
    ("service", "status", "marker"),
    [
        ("fcm", 403, "do not correspond"),
        ("mozilla", 401, '"errno":109'),
        ("apple", 400, "VapidPkHashMismatch"),
        ("wns", 403, ""),
        ("standard", 403, "Forbidden"),
    ],
)
async def test_a_subscription_is_bound_to_its_key(
    service: str, status: int, marker: str, devpush: DevPush, browser: FirefoxClient, sender: Sender
):
    """A good token of another key is refused."""
    target = await make_endpoint(devpush, browser, sender, service)

    authorization = sender.authorization(target, key=STRANGER)
    response = await sender.post(target, browser.encrypt(b"hello"), authorization=authorization)

    assert response.status_code == status
    assert marker in response.text


async def test_a_signature_of_another_key_is_refused(endpoint: str, sender: Sender):
    """The right k does not help a token that another key signed."""
    stranger = sender.authorization(endpoint, key=STRANGER).split(", k=")[0]
    authorization = f"{stranger}, k={base64url.encode(vapid.public_bytes(sender.key))}"

    response = await sender.post(endpoint, authorization=authorization)

    assert (response.status_code, response.json()["errno"]) == (401, 109)


async def test_a_token_that_was_good_expires(endpoint: str, sender: Sender, clock):
    """A verified token is remembered, but not beyond its exp."""
    authorization = sender.authorization(endpoint)

    first = await sender.post(endpoint, authorization=authorization)
    clock.advance(timedelta(hours=12))
    second = await sender.post(endpoint, authorization=authorization)

    assert (first.status_code, second.status_code) == (201, 401)


async def test_a_subscription_without_a_key_needs_no_token(browser: FirefoxClient, sender: Sender):
    """Authorization is optional where the browser named no key, but a bad one is still refused."""
    target = await browser.register(None)

    without = await sender.post(target, authorization=None)
    bad = await sender.post(target, authorization="vapid t=a.b.c, k=AAAA")

    assert (without.status_code, bad.status_code) == (201, 401)


@pytest.mark.parametrize(
    ("service", "status", "marker"),
    [
        ("fcm", 400, "must be less than 4096 bytes"),
        ("mozilla", 413, '"errno":104'),
        ("apple", 413, "PayloadTooLarge"),
        ("wns", 413, ""),
        ("standard", 413, "Too Large"),
    ],
)
async def test_4096_bytes_are_taken_and_one_more_is_not(
    service: str, status: int, marker: str, devpush: DevPush, browser: FirefoxClient, sender: Sender
):
    """3,993 bytes of plaintext make a body of 4,096; a longer body is refused in the vendor's way."""
    target = await make_endpoint(devpush, browser, sender, service)
    largest = browser.encrypt(b"x" * encryption.MAX_PLAINTEXT)

    taken = await sender.post(target, largest)
    refused = await sender.post(target, largest + b"x")

    assert (len(largest), taken.status_code, refused.status_code) == (4096, 201, status)
    assert marker in refused.text


def header(*, rs: int = 4096, idlen: int = 65, keyid: bytes | None = None) -> bytes:
    public = keyid if keyid is not None else vapid.public_bytes(vapid.generate_private_key())
    return os.urandom(16) + struct.pack(">IB", rs, idlen) + public


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"hello", id="no header at all"),
        pytest.param(header() + bytes(16), id="sealed part shorter than an empty record"),
        pytest.param(header(rs=17) + bytes(17), id="rs of 17"),
        pytest.param(header(rs=0) + bytes(17), id="rs of 0"),
        pytest.param(header(idlen=0, keyid=b"") + bytes(200), id="no key identifier"),
        pytest.param(header(idlen=64) + bytes(200), id="key identifier of 64 bytes"),
        pytest.param(header(keyid=b"\x04" + bytes(64)) + bytes(17), id="key off the curve"),
        pytest.param(header(keyid=b"\x02" + bytes(64)) + bytes(17), id="compressed key"),
        pytest.param(header(rs=100) + bytes(101), id="two records"),
    ],
)
async def test_an_impossible_encryption_header_is_refused(body: bytes, endpoint: str, sender: Sender):
    """The push service cannot decrypt, but it can see that nobody else could."""
    response = await sender.post(endpoint, body)

    assert (response.status_code, response.json()["errno"]) == (400, 110)


async def test_the_signing_key_must_not_encrypt(endpoint: str, sender: Sender, browser: FirefoxClient):
    """RFC 8292 section 3.2 forbids the VAPID key as ECDH key."""
    body = encryption.encrypt(b"hello", browser.p256dh, browser.auth, sender=sender.key, salt=os.urandom(16))

    response = await sender.post(endpoint, body)

    assert response.status_code == 400


async def test_a_push_without_payload_is_legal_but_not_with_an_encoding(endpoint: str, sender: Sender):
    """No body and no Content-Encoding is an empty push; an empty encrypted body is nothing."""
    empty = await sender.post(endpoint)
    wrong = await sender.post(endpoint, content_encoding="aes128gcm")

    assert (empty.status_code, wrong.status_code) == (201, 400)


@pytest.mark.parametrize(
    ("length", "status"), [(1, 400), (2, 201), (3, 201), (4, 201), (5, 400), (9, 400), (12, 201), (13, 400), (32, 201)]
)
async def test_apple_decodes_the_topic(
    length: int, status: int, devpush: DevPush, browser: FirefoxClient, sender: Sender
):
    """A topic whose length is 1 more than a multiple of 4 is no base64url."""
    target = await make_endpoint(devpush, browser, sender, "apple")

    response = await sender.post(target, topic="a" * length)

    assert response.status_code == status
    if status == 400:
        assert response.json() == {"reason": "BadWebPushTopic"}


async def test_mozilla_takes_a_padded_topic(endpoint: str, sender: Sender):
    """Mozilla's pattern allows = at the end, unlike RFC 8030."""
    assert (await sender.post(endpoint, topic="YWJj=")).status_code == 201
    assert (await sender.post(endpoint.replace("/p/mozilla/", "/p/fcm/"), topic="YWJj=")).status_code == 400


@pytest.mark.parametrize(
    ("ttl", "policy", "status"),
    [("0", None, 400), ("0", "cache", 400), ("0", "no-cache", 201), ("60", None, 201), ("60", "cache", 201)],
)
async def test_wns_caches_unless_told_not_to(
    ttl: str, policy: str | None, status: int, devpush: DevPush, browser: FirefoxClient, sender: Sender
):
    """TTL 0 contradicts the default cache policy, and the reason is only in a header."""
    target = await make_endpoint(devpush, browser, sender, "wns")

    response = await sender.post(target, ttl=ttl, x_wns_cache_policy=policy)

    assert response.status_code == status
    if status == 400:
        assert response.headers["x-wns-error-description"] == "Ttl value conflicts with X-WNS-Cache-Policy."


async def test_wns_needs_its_query(devpush: DevPush, browser: FirefoxClient, sender: Sender):
    """An endpoint is kept byte for byte: without its query WNS does not know it."""
    target = await make_endpoint(devpush, browser, sender, "wns")

    assert (await sender.post(target.partition("?")[0])).status_code == 400
    assert (await sender.post(target)).status_code == 201


async def test_wns_takes_no_chunks(devpush: DevPush, browser: FirefoxClient, sender: Sender):
    """A body without a length is refused there, and taken elsewhere."""
    target = await make_endpoint(devpush, browser, sender, "wns")
    body = browser.encrypt(b"hello")

    async def chunks():
        yield body

    async def post(url: str) -> int:
        headers = sender.headers(url, body, {})
        return (await sender.client.post(url, content=chunks(), headers=headers)).status_code

    elsewhere = target.replace("/p/wns/", "/p/fcm/")
    assert (await post(target), await post(elsewhere)) == (400, 201)


@pytest.mark.parametrize(
    ("service", "status", "marker"),
    [
        ("fcm", 404, "A valid push subscription endpoint should be specified"),
        ("mozilla", 404, '"errno":102'),
        ("apple", 404, "BadPath"),
        ("wns", 404, ""),
        ("standard", 404, "Not Found"),
    ],
)
async def test_an_unknown_endpoint(service: str, status: int, marker: str, devpush: DevPush, sender: Sender):
    """A token that was never given out is not found."""
    response = await sender.post(f"{devpush.http_url}/p/{service}/devpush-never")

    assert response.status_code == status
    assert marker in response.text


@pytest.mark.parametrize(
    ("service", "marker"),
    [
        ("fcm", "push subscription has unsubscribed or expired."),
        ("mozilla", '"errno":106'),
        ("apple", "Unregistered"),
        ("wns", ""),
        ("standard", "Gone"),
    ],
)
async def test_an_endpoint_that_was_unsubscribed(
    service: str, marker: str, endpoint: str, browser: FirefoxClient, devpush: DevPush, sender: Sender
):
    """After unsubscribe() every vendor answers 410; Mozilla lets it be cached for a day."""
    channel = devpush.registration(endpoint).channel
    await browser.ask({"messageType": "unregister", "channelID": channel, "code": 200})

    response = await sender.post(endpoint.replace("/p/mozilla/", f"/p/{service}/"))

    assert response.status_code == 410
    assert marker in response.text
    assert (response.headers.get("cache-control") == "max-age=86400") == (service == "mozilla")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_push_resource_takes_only_post(method: str, service: str, target: str, sender: Sender):
    """Every other method is not allowed."""
    assert (await sender.client.request(method, target)).status_code == 405


@pytest.mark.parametrize(
    ("service", "longest"), [("fcm", 2_419_200), ("mozilla", 2_592_000), ("apple", 2_592_000), ("standard", 2_592_000)]
)
async def test_a_long_ttl_is_shortened(
    service: str, longest: int, devpush: DevPush, browser: FirefoxClient, sender: Sender
):
    """Ten years are taken for as long as the service keeps messages."""
    target = await make_endpoint(devpush, browser, sender, service)

    response = await sender.post(target, ttl="315360000")
    message = devpush._relay.pending(devpush.registration(target).user_agent)[0]

    assert response.status_code == 201
    assert message.ttl_seconds == longest
    if service in {"mozilla", "standard"}:
        assert response.headers["ttl"] == str(longest)


async def test_each_vendor_accepts_with_its_own_headers(
    service: str, target: str, devpush: DevPush, sender: Sender, browser: FirefoxClient
):
    """201, with a message resource, an apns-id or WNS's family of headers."""
    response = await sender.post(target, browser.encrypt(b"hello"))

    expected = {
        "fcm": {"location"},
        "mozilla": {"location", "ttl"},
        "apple": {"apns-id"},
        "wns": {"location", "x-wns-status", "x-wns-notificationstatus", "x-wns-msg-id", "x-wns-debug-trace", "ms-cv"},
        "standard": {"location", "ttl"},
    }
    assert set(response.headers) - {"content-length"} == expected[service]
    assert response.content == b""
    assert devpush.registration(target).service is Service(service)


async def test_mozillas_error_is_a_document(endpoint: str, sender: Sender):
    """The JSON has the members that autopush documents."""
    body = json.loads((await sender.post(endpoint, ttl=None)).text)

    assert body["error"] == "Bad Request"
    assert body["more_info"].startswith("http")
