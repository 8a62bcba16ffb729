"""The web push provider: what it sends, and what it makes of answers. No mock: recorded answers in, outcomes out."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from heliograph.domain.endpoint import PushService
from heliograph.domain.notification import (
    Action,
    Audience,
    AudienceKind,
    Content,
    Notification,
    NotificationKind,
    NotificationState,
    Urgency,
    Variant,
)
from heliograph.domain.outcome import Accepted, Gone, Outcome, Refused, Rejected, TryLater
from heliograph.domain.retry import MAX_AFTER
from heliograph.errors import ContentTooLarge
from heliograph.kit.http import FaultKind, HttpRequest, HttpResponse, TransportFault
from heliograph.protocols import vapid
from heliograph.providers.base import Credentials, Repair, Target
from heliograph.providers.webpush import WebPush, outcomes
from heliograph.providers.webpush.payload import PayloadWriter, check_fits, shortened, with_parameter

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
KEY = vapid.generate_private_key()
TOKEN = "dlv_" + "0123456789abcdef" * 2 + ".AbCdEfGhIjKlMnOp"
CREDENTIALS = Credentials(
    {"vap_1": vapid.private_bytes(KEY)}, "mailto:ops@shop.example.com", 2_600, "https://shop.example"
)
RECEIVER = ec.generate_private_key(ec.SECP256R1())
AUTH = bytes(range(16))
SERVICES = list(PushService)


def notification(content: Content | None = None, **changes: Any) -> Notification:
    values = {
        "id": "ntf_" + "1" * 26,
        "project_id": "prj_1",
        "kind": NotificationKind.NOTIFICATION,
        "content": content or Content(title="Harbour", body="The ferry leaves at nine.", url="https://shop.example/f"),
        "audience": Audience(AudienceKind.EVERYONE),
        "state": NotificationState.RUNNING,
        "ttl": timedelta(hours=1),
        "urgency": Urgency.NORMAL,
        "topic": None,
        "created_at": NOW,
        "send_at": NOW,
        "expires_at": NOW + timedelta(hours=1),
    }
    return Notification(**(values | changes))


def target(service: PushService = PushService.FCM, language: str | None = None, **changes: Any) -> Target:
    values = {
        "delivery_token": TOKEN,
        "endpoint": "https://push.example/send/abc?token=%2Bx",
        "push_service": service,
        "p256dh": RECEIVER.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        "auth": AUTH,
        "authorization_key": "vap_1",
        "language": language,
        "origin": "https://push.example",
    }
    return Target(**(values | changes))


def prepared(
    sent: Notification | None = None, to: Target | None = None, *, provider: WebPush | None = None, **changes: Any
) -> HttpRequest | Outcome:
    values = {"credentials": CREDENTIALS, "ttl": timedelta(hours=1), "now": NOW} | changes
    (only,) = (provider or WebPush()).requests(sent or notification(), [to or target()], **values)
    return only


def request(*args: Any, **changes: Any) -> HttpRequest:
    made = prepared(*args, **changes)
    assert isinstance(made, HttpRequest), made
    return made


def read(made: HttpRequest) -> dict[str, Any]:
    """Decrypt with a foreign implementation."""
    payload: dict[str, Any] = json.loads(http_ece.decrypt(made.body, private_key=RECEIVER, auth_secret=AUTH))
    return payload


def headers(made: HttpRequest) -> Mapping[str, str]:
    return dict(made.headers)


# what is sent


def test_request():
    """A message is a POST to the endpoint byte for byte, with the headers of RFC 8030, 8291 and 8292."""
    made = request()

    assert (made.method, made.url) == ("POST", "https://push.example/send/abc?token=%2Bx")
    sent = headers(made)
    assert sent["TTL"] == "3600"
    assert sent["Urgency"] == "normal"
    assert sent["Content-Encoding"] == "aes128gcm"
    assert "Topic" not in sent
    assert not {"Crypto-Key", "Encryption"} & set(sent)
    verified = vapid.verify(sent["Authorization"], audience="https://push.example", now=NOW)
    assert verified.expires_at == NOW + timedelta(hours=12)
    assert verified.subject == "mailto:ops@shop.example.com"


def test_payload_of_a_full_notification():
    """Every member reaches the browser under its standard name, with the type that WebKit's parser wants."""
    content = Content(
        title="Ferry",
        body="At nine.",
        url="https://shop.example/f?a=1#top",
        icon="https://shop.example/i.png",
        image="https://shop.example/b.png",
        badge="https://shop.example/m.png",
        actions=(Action("go", "Go", url="https://shop.example/go"), Action("no", "No", icon="https://shop.example/n")),
        tag="ferry",
        renotify=True,
        silent=False,
        require_interaction=True,
        language="en",
        direction="ltr",
        data={"order": 7},
        app_badge=3,
    )

    assert read(request(notification(content))) == {
        "web_push": 8030,
        "notification": {
            "title": "Ferry",
            "navigate": "https://shop.example/f?a=1#top",
            "body": "At nine.",
            "lang": "en",
            "dir": "ltr",
            "tag": "ferry",
            "silent": False,
            "icon": "https://shop.example/i.png",
            "image": "https://shop.example/b.png",
            "badge": "https://shop.example/m.png",
            "actions": [
                {"action": "go", "title": "Go", "navigate": "https://shop.example/go"},
                {"action": "no", "title": "No", "icon": "https://shop.example/n"},
            ],
            "requireInteraction": True,
            "renotify": True,
            "app_badge": 3,
            "data": {"order": 7},
            "mutable": True,
        },
        "app_badge": 3,
        "heliograph": {"d": TOKEN, "n": "ntf_" + "1" * 26},
    }


def test_payload_of_a_bare_notification():
    """Members that were not given are absent; the tag is the delivery, and a click leads to the site."""
    payload = read(request(notification(Content(title="Hi"))))

    assert payload == {
        "web_push": 8030,
        "notification": {
            "title": "Hi",
            "navigate": "https://shop.example/",
            "tag": TOKEN.partition(".")[0],
            "mutable": True,
        },
        "heliograph": {"d": TOKEN, "n": "ntf_" + "1" * 26},
    }


def test_click_of_apple_is_in_the_address():
    """On Apple the address carries the delivery, after what is there and before the fragment; elsewhere not."""
    content = Content(title="x", url="https://shop.example/f?a=1#top")

    assert read(request(notification(content), target(PushService.APPLE)))["notification"]["navigate"] == (
        f"https://shop.example/f?a=1&heliograph_click={TOKEN}#top"
    )
    assert with_parameter("https://shop.example", "a", "b") == "https://shop.example?a=b"
    for service in set(PushService) - {PushService.APPLE}:
        assert "heliograph_click" not in json.dumps(read(request(notification(content), target(service))))


def test_data_push_shows_nothing():
    """A data push has no notification member, so that no browser shows it by itself."""
    sent = notification(Content(data=[1, None, {"ä": "b"}]), kind=NotificationKind.DATA)

    assert read(request(sent)) == {
        "heliograph": {"d": TOKEN, "n": "ntf_" + "1" * 26},
        "data": [1, None, {"ä": "b"}],
    }


@given(st.text(min_size=1), st.text(), st.booleans(), st.integers(min_value=0), st.none() | st.text())
def test_declarative_types(title: str, body: str, silent: bool, badge: int, tag: str | None):
    """Whatever a sender writes, the known members have the types without which WebKit drops the whole message."""
    if not title.encode("utf-8", "ignore") or not title.isprintable():
        title = "x"
    content = Content(title=title, body=body, silent=silent, app_badge=badge % 2**31, tag=tag, url="/relative")
    made = prepared(notification(content))
    if isinstance(made, Rejected):
        assert made.reason in {"too_large", "content"}
        return
    assert isinstance(made, HttpRequest)
    shown = read(made)["notification"]
    assert shown["title"]
    assert shown["navigate"].startswith("https://")
    assert all(isinstance(shown[name], str) for name in ("title", "navigate", "tag"))
    assert shown["silent"] is silent
    assert isinstance(shown["app_badge"], int)


def test_half_a_surrogate_pair_is_rejected():
    """Text that UTF-8 cannot write is refused for this message, and raises nothing."""
    assert prepared(notification(Content(title="\ud83d"))) == Rejected("content")


@pytest.mark.parametrize(
    ("service", "ttl", "seconds", "policy"),
    [
        (PushService.FCM, timedelta(0), "0", None),
        (PushService.FCM, timedelta(days=400), "2419200", None),
        (PushService.FCM, timedelta(seconds=-5), "0", None),
        (PushService.FCM, timedelta(seconds=59, microseconds=1), "60", None),
        (PushService.APPLE, timedelta(0), "1", None),
        (PushService.WNS, timedelta(0), "0", "no-cache"),
        (PushService.WNS, timedelta(seconds=1), "1", "cache"),
        (PushService.MOZILLA, timedelta(0), "0", None),
    ],
)
def test_ttl(service: PushService, ttl: timedelta, seconds: str, policy: str | None):
    """TTL is clamped to what every service takes, positive on Apple, and agrees with WNS' cache policy."""
    sent = headers(request(to=target(service), ttl=ttl))

    assert (sent["TTL"], sent.get("X-WNS-Cache-Policy")) == (seconds, policy)


def test_topic():
    """A topic is hashed with its project to 32 characters; other projects' are others."""
    ours = headers(request(notification(topic="news")))["Topic"]

    assert len(ours) == 32
    assert ours == headers(request(notification(topic="news"), target(PushService.APPLE)))["Topic"]
    assert ours != headers(request(notification(topic="news", project_id="prj_2")))["Topic"]
    assert "Topic" not in headers(request(notification(topic="news"), repair=Repair.WITHOUT_TOPIC))


def test_authorization_is_kept_for_six_hours():
    """A token is signed once per origin and again after six hours, or when the clock was set back."""
    provider = WebPush()

    def value(now: datetime, origin: str = "https://push.example") -> str:
        return headers(request(to=target(origin=origin), provider=provider, now=now))["Authorization"]

    first = value(NOW)
    assert value(NOW + timedelta(hours=5, minutes=59)) == first
    assert value(NOW, "https://other.example") != first
    assert value(NOW + timedelta(hours=6)) != first
    assert value(NOW - timedelta(hours=1)) != first


def test_unknown_key_is_not_signed():
    """A subscription whose key is no longer there is rejected, not signed with another one."""
    assert prepared(to=target(authorization_key="vap_2")) == Rejected("key_missing")


def test_receiver_key_off_the_curve_stops_nobody_else():
    """One bad receiver key is rejected by itself; its neighbours' messages are encrypted."""
    bad = target(p256dh=b"\x04" + bytes(64))
    values = {"credentials": CREDENTIALS, "ttl": timedelta(hours=1), "now": NOW}
    one, two, three = WebPush().requests(notification(), [target(), bad, target()], **values)

    assert isinstance(one, HttpRequest)
    assert two == Rejected("receiver_keys")
    assert isinstance(three, HttpRequest)


# budget


def test_budget_says_the_numbers():
    """What is too large is refused with its size, the limit, the difference and the way out."""
    content = Content(title="x", body="ä" * 2_000, url="https://shop.example/")
    with pytest.raises(ContentTooLarge) as refused:
        check_fits(NotificationKind.NOTIFICATION, content, budget=2_600)

    assert "at most 2600" in str(refused.value)
    assert "shorten" in str(refused.value)
    assert prepared(notification(content)) == Rejected("too_large")


def test_budget_of_a_variant():
    """A variant that is too large is named."""
    content = Content(title="x", url="https://shop.example/", variants={"de": Variant(body="ä" * 2_000)})
    with pytest.raises(ContentTooLarge, match="variant de"):
        check_fits(NotificationKind.NOTIFICATION, content, budget=2_600)


@given(st.integers(min_value=300, max_value=9_999), st.text(alphabet='aäé€😀"\\\n', max_size=4_000))
def test_checked_once_means_it_fits_everywhere(budget: int, body: str):
    """What passes the check is at most the checked size for every receiver, and never above 3,993 bytes."""
    content = Content(title="x", body=body, url="https://shop.example/", shorten=True)
    try:
        largest = check_fits(NotificationKind.NOTIFICATION, content, budget=budget)
    except ContentTooLarge:
        return
    assert largest <= min(budget, 3_993)
    writer = PayloadWriter(NotificationKind.NOTIFICATION, "ntf_" + "1" * 26, content, budget=budget)
    for service in SERVICES:
        assert len(writer.write(TOKEN, "xx", service)) <= largest


def test_hard_stop():
    """However large the project's budget, a body never has more than 4,096 bytes."""
    content = Content(title="x", body="w" * 9_000, url="https://shop.example/", shorten=True)
    generous = Credentials(CREDENTIALS.private_keys, CREDENTIALS.subject, 100_000, CREDENTIALS.site_url)

    assert len(request(notification(content), credentials=generous).body) == 4_096


@pytest.mark.parametrize(
    ("text", "size", "cut"),
    [
        ("The ferry leaves at nine.", 14, "The ferry…"),
        ("aébc", 8, "aé…"),
        ("ae\u0301b", 7, "a…"),  # e with a combining accent needs three bytes
        ("ae\u0301bc", 8, "a…"),
        ("ae\u0301bcd", 9, "ae\u0301…"),
        ("a👨\u200d👩\u200d👧b", 20, "a…"),
        ("a👍🏽b", 10, "a…"),
        ("🇩🇪🇫🇷x", 14, "🇩🇪…"),
        ("ab", 5, ""),
        ("", 5, ""),
    ],
)
def test_shortened(text: str, size: int, cut: str):
    """A text is cut between characters as a reader sees them."""
    assert shortened(text, size) == cut


@given(st.text(), st.integers(min_value=0, max_value=200))
def test_shortened_fits(text: str, size: int):
    """Whatever the text, the result fits and is a beginning of it."""
    result = shortened(text.encode("utf-8", "ignore").decode(), size)

    assert result == "" or len(json.dumps(result, ensure_ascii=False).encode()) <= size + 40
    assert result == "" or (result.endswith("…") and text.startswith(result[:-1]))


# what answers mean

FCM_TEXT = b"push subscription has unsubscribed or expired.\n"
ANSWERS: list[tuple[PushService, HttpResponse, Outcome]] = [
    (PushService.FCM, HttpResponse(201, {"location": "https://fcm.googleapis.com/0:17%25e6"}), Accepted("0:17%25e6")),
    (PushService.FCM, HttpResponse(202), Accepted()),
    (PushService.FCM, HttpResponse(400, {}, b"x must be less than 4096 bytes."), Rejected("too_large")),
    (PushService.FCM, HttpResponse(400, {}, b"whatever"), Rejected("bad_request")),
    (PushService.FCM, HttpResponse(401, {}, b"Authorization header must be specified."), Refused("unauthorized")),
    (PushService.FCM, HttpResponse(403, {}, b""), Refused("key_mismatch")),
    (PushService.FCM, HttpResponse(404, {}, b"A valid push subscription endpoint should be"), Gone("unknown")),
    (PushService.FCM, HttpResponse(410, {}, FCM_TEXT), Gone("expired")),
    (PushService.FCM, HttpResponse(413), Rejected("too_large")),
    (PushService.FCM, HttpResponse(429), TryLater("throttled", timedelta(seconds=60))),
    (PushService.FCM, HttpResponse(500), TryLater("internal_error")),
    (PushService.MOZILLA, HttpResponse(401, {}, b'{"code":401,"errno":109}'), Refused("unauthorized")),
    (PushService.MOZILLA, HttpResponse(404, {}, b'{"errno":102}'), Gone("unknown")),
    (PushService.MOZILLA, HttpResponse(410, {}, b'{"errno":103}'), Gone("expired")),
    (PushService.MOZILLA, HttpResponse(410, {}, b'{"errno":105}'), Gone("went_away")),
    (PushService.MOZILLA, HttpResponse(410, {}, b'{"errno":106}'), Gone("unsubscribed")),
    (PushService.MOZILLA, HttpResponse(410, {}, b"not json"), Gone("expired")),
    (PushService.MOZILLA, HttpResponse(413, {}, b'{"errno":104}'), Rejected("too_large")),
    (PushService.MOZILLA, HttpResponse(400, {}, b'{"errno":113}'), Rejected("topic")),
    (PushService.MOZILLA, HttpResponse(400, {}, b'{"errno":111}'), Rejected("ttl")),
    (PushService.MOZILLA, HttpResponse(502, {}, b'{"errno":901}'), TryLater("bridge")),
    (
        PushService.MOZILLA,
        HttpResponse(503, {"retry-after": "120"}, b'{"errno":201}'),
        TryLater("unavailable", timedelta(seconds=120)),
    ),
    (PushService.APPLE, HttpResponse(201, {"apns-id": "6f1a"}), Accepted("6f1a")),
    (PushService.APPLE, HttpResponse(403, {}, b'{"reason":"BadJwtToken"}'), Refused("unauthorized")),
    (PushService.APPLE, HttpResponse(400, {}, b'{"reason":"VapidPkHashMismatch"}'), Refused("key_mismatch")),
    (PushService.APPLE, HttpResponse(410, {}, b'{"reason":"BadJwtToken"}'), Refused("unauthorized")),
    (PushService.APPLE, HttpResponse(400, {}, b'{"reason":"BadWebPushTopic"}'), Rejected("topic")),
    (PushService.APPLE, HttpResponse(404, {}, b'{"reason":"BadPath"}'), Gone("unknown")),
    (PushService.APPLE, HttpResponse(410, {}, b'{"reason":"Unregistered"}'), Gone("unsubscribed")),
    (PushService.APPLE, HttpResponse(410, {}, b'{"reason":["odd"]}'), Gone("expired")),
    (PushService.APPLE, HttpResponse(413, {}, b'{"reason":"PayloadTooLarge"}'), Rejected("too_large")),
    (PushService.APPLE, HttpResponse(400, {}, b'{"reason":"IdleTimeout"}'), TryLater("timeout")),
    (PushService.APPLE, HttpResponse(405, {}, b'{"reason":"MethodNotAllowed"}'), Rejected("method_not_allowed")),
    (PushService.WNS, HttpResponse(201, {"x-wns-status": "received", "x-wns-msg-id": "7"}), Accepted("7")),
    (PushService.WNS, HttpResponse(200, {"x-wns-status": "Dropped"}), TryLater("dropped")),
    (
        PushService.WNS,
        HttpResponse(200, {"x-wns-status": "channelthrottled"}),
        TryLater("throttled", timedelta(minutes=1)),
    ),
    (
        PushService.WNS,
        HttpResponse(406, {"x-wns-continue-after": "90"}),
        TryLater("throttled", timedelta(seconds=90)),
    ),
    (PushService.WNS, HttpResponse(410), Gone("expired")),
    (PushService.WNS, HttpResponse(400, {"x-wns-error-description": "Ttl"}), Rejected("bad_request")),
    (PushService.OTHER, HttpResponse(200), Accepted()),
    (PushService.OTHER, HttpResponse(307, {"location": "http://169.254.169.254/"}), TryLater("redirect")),
    (PushService.OTHER, HttpResponse(406), Rejected("client_error")),
    (PushService.OTHER, HttpResponse(418), Rejected("client_error")),
    (PushService.OTHER, HttpResponse(599), TryLater("server_error")),
    (PushService.OTHER, HttpResponse(999), TryLater("unexpected_status")),
]


@pytest.mark.parametrize(("service", "answer", "meant"), ANSWERS)
def test_answers(service: PushService, answer: HttpResponse, meant: Outcome):
    """Answers as the push services give them mean what their documents say."""
    assert WebPush().outcome(target(service), answer, now=NOW) == meant


@pytest.mark.parametrize("kind", FaultKind)
def test_faults(kind: FaultKind):
    """No answer at all is tried again, and its kind is the reason."""
    assert WebPush().outcome(target(), TransportFault(kind), now=NOW) == TryLater(f"network_{kind}")


ODD_HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "x-wns-status", "x-wns-continue-after", "location", "apns-id"]), st.text()
)
ODD_BODIES = st.binary() | st.sampled_from(
    [
        b'{"errno":',
        b'{"errno":true}',
        b'{"errno":1e400}',
        b"[" * 100_000,
        b'{"reason":null}',
        b'"x"',
        b"nan",
        b'{"errno":{}}',
    ]
)


@given(st.sampled_from(SERVICES), st.integers(100, 999), ODD_HEADERS, ODD_BODIES)
def test_every_answer_has_an_outcome(service: PushService, status: int, odd: dict[str, str], body: bytes):
    """Every status of every service, with whatever headers and body, has an outcome within bounds; nothing raises."""
    outcome = WebPush().outcome(target(service), HttpResponse(status, odd, body), now=NOW)

    match outcome:
        case TryLater(reason, after):
            assert reason
            assert after is None or timedelta(0) <= after <= MAX_AFTER
        case Gone(reason) | Rejected(reason) | Refused(reason):
            assert 0 < len(reason) <= 64
        case Accepted(receipt):
            assert len(receipt) <= 256
    if isinstance(outcome, Gone):
        assert status in (404, 410)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("status", [401, 403])
def test_auth_is_never_gone(service: PushService, status: int):
    """An answer about our credentials never ends a subscription, whatever the text says."""
    for body in (b"nonsense", FCM_TEXT, b'{"errno":106}', b'{"reason":"Unregistered"}'):
        assert isinstance(WebPush().outcome(target(service), HttpResponse(status, {}, body), now=NOW), Refused)


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta(0)),
        (" 5 ", timedelta(seconds=5)),
        ("-5", None),
        ("1.5", None),
        ("999999999999999999999999999999", MAX_AFTER),
        ("٣", None),
        ("soon", None),
        ("", None),
        (format_datetime(NOW + timedelta(minutes=3), usegmt=True), timedelta(minutes=3)),
        (format_datetime(NOW - timedelta(days=3), usegmt=True), timedelta(0)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_AFTER),
        ("Fri, 31 Dec 9999 23:59:59 -2300", None),
        ("Thu, 99 Foo 2026", None),
        ("Sunday, 06-Nov-94 08:49:37 GMT", timedelta(0)),
        ("Sun, 15 Mar 2026 09:26:52", timedelta(hours=23, minutes=59, seconds=59)),
    ],
)
def test_retry_after(text: str, wait: timedelta | None):
    """Retry-After is read as seconds or as a date; what is hostile is bounded or ignored."""
    assert outcomes.wait_asked_for({"retry-after": text}, NOW) == wait


# repairs


def repair(
    service: PushService, answer: HttpResponse, sent: Notification | None = None, **changes: Any
) -> Repair | None:
    provider = changes.pop("provider", None) or WebPush()
    values = {"credentials": CREDENTIALS, "now": NOW} | changes
    return provider.repair(sent or notification(), target(service), answer, **values)


def test_repair_of_a_topic():
    """A refused topic is left out once; without a topic there is nothing to repair."""
    answer = HttpResponse(400, {}, b'{"reason":"BadWebPushTopic"}')

    assert repair(PushService.APPLE, answer, notification(topic="x")) is Repair.WITHOUT_TOPIC
    assert repair(PushService.APPLE, answer) is None


def test_repair_of_a_size():
    """What is too large is shortened only when the sender allowed it, to what phones get."""
    content = Content(title="x", body="w" * 3_000, url="https://shop.example/", shorten=True)
    generous = Credentials(CREDENTIALS.private_keys, CREDENTIALS.subject, 3_900, CREDENTIALS.site_url)

    assert repair(PushService.MOZILLA, HttpResponse(413)) is None
    assert repair(PushService.MOZILLA, HttpResponse(413), notification(content)) is Repair.SHORTER
    assert len(request(notification(content), credentials=generous).body) > 3_000
    made = request(notification(content), credentials=generous, repair=Repair.SHORTER)
    assert len(made.body) - 103 <= 2_600


def test_repair_of_a_signature():
    """A refused token is signed anew if it is older than a minute; a fresh one would be refused again."""
    provider = WebPush()
    first = headers(request(provider=provider))["Authorization"]

    assert repair(PushService.MOZILLA, HttpResponse(401), provider=provider) is None
    later = NOW + timedelta(minutes=2)
    assert repair(PushService.MOZILLA, HttpResponse(401), provider=provider, now=later) is Repair.SIGN_AGAIN
    assert headers(request(provider=provider, now=later))["Authorization"] != first


def test_nothing_to_repair():
    """Other answers, and no answer, are left as they are."""
    assert repair(PushService.FCM, HttpResponse(201)) is None
    assert repair(PushService.FCM, HttpResponse(410)) is None
    assert (
        WebPush().repair(notification(), target(), TransportFault(FaultKind.RESET), credentials=CREDENTIALS, now=NOW)
        is None
    )
