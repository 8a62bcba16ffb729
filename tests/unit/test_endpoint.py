"""The endpoint guard: which addresses of strangers may be kept and sent to (`docs/explanation/endpoint-guard.md`)."""

import string
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from heliograph.domain.endpoint import MAX_ENDPOINT_LENGTH, EndpointError, EndpointPolicy, PushService

CLOSED = EndpointPolicy()
DEVPUSH = "http://127.0.0.1:8972"
DEVELOPMENT = EndpointPolicy(devpush_origin=DEVPUSH)
OPERATOR = EndpointPolicy(extra_hosts=frozenset({"push.shop.example"}))

GENUINE = {
    "https://fcm.googleapis.com/fcm/send/c1:APA91b": (PushService.FCM, "fcm.googleapis.com"),
    "https://fcm.googleapis.com/wp/c1:APA91b": (PushService.FCM, "fcm.googleapis.com"),
    "https://jmt17.google.com/fcm/send/dQ:APA": (PushService.FCM, "jmt17.google.com"),
    "https://updates.push.services.mozilla.com/wpush/v2/gAAAA": (
        PushService.MOZILLA,
        "updates.push.services.mozilla.com",
    ),
    "https://wns2-par02p.notify.windows.com/w/?token=BQYAAA%2b%2f": (
        PushService.WNS,
        "wns2-par02p.notify.windows.com",
    ),
    "https://db5p.notify.windows.com/?token=x": (PushService.WNS, "db5p.notify.windows.com"),
    "https://web.push.apple.com/QGuQyavXutnMH": (PushService.APPLE, "web.push.apple.com"),
    "https://eu.web.push.apple.com/QGuQyavXutnMH": (PushService.APPLE, "eu.web.push.apple.com"),
}

IP_LITERALS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "0",
    "0.0.0.0",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "0177.0.0.01",
    "0x7f000001",
    "0x7f.0x0.0x0.0x1",
    "0x7f.1",
    "127.0.0.1.",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "10.0.0.1",
    "192.168.0.1",
    "172.16.0.1",
    "100.64.0.1",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[fe80::1%25eth0]",
    "[fd00::1]",
    "[64:ff9b::7f00:1]",
    "[::ffff:a9fe:a9fe]",
    "::1",
    "127.0.0.1:443",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
]

LOOK_ALIKES = [
    "fcm.googleapis.com.evil.example",
    "fcm.googleapis.com-evil.example",
    "evilfcm.googleapis.com",
    "evil.fcm.googleapis.com",
    "fcm-googleapis.com",
    "fcm.googleapis.co",
    "fcm.googleapis.comm",
    "fcm.googleapis",
    "googleapis.com",
    "storage.googleapis.com",
    "jmt18.google.com",
    "x.jmt17.google.com",
    "google.com",
    "android.googleapis.com",
    "push.services.mozilla.com",
    "evilpush.services.mozilla.com",
    "updates.push.services.mozilla.com.evil.example",
    "notify.windows.com",
    "evilnotify.windows.com",
    "evilnotify.windows.com.x",
    "x.notify.windows.com.evil.example",
    "push.apple.com",
    "api.push.apple.com",
    "api.sandbox.push.apple.com",
    "api.development.push.apple.com",
    "xpush.apple.com",
    "web.push.apple.com.evil.example",
    "localhost",
    "localhost.localdomain",
    "metadata.google.internal",
    "push.shop.example",
]

BROKEN_HOSTS = [
    "",
    ".",
    "..",
    ".fcm.googleapis.com",
    "fcm.googleapis.com.",
    "fcm.googleapis.com..",
    "fcm..googleapis.com",
    "..notify.windows.com",
    ".notify.windows.com",
    "-.notify.windows.com",
    "a-.notify.windows.com",
    "-a.notify.windows.com",
    "a_b.notify.windows.com",
    "*.notify.windows.com",
    "a..notify.windows.com",
    "fcm%2egoogleapis%2ecom",
    "fcm.googleapis%2ecom",
    "fcm.googleapis.com%00.evil.example",
    "fcm.googleapis.com%2f.evil.example",
    "evil.example%2f.notify.windows.com",
    "evil.example%23.notify.windows.com",
    "[fcm.googleapis.com]",
    "evil.example[fcm.googleapis.com]",
    "[fcm.googleapis.com]evil.example",
    "fcm.googleapis.com[",
    "fcm.googleapis.com]",
    "fcm.googleapis.com;evil.example",
    "fcm.googleapis.com,evil.example",
    "fcm.googleapis.com!evil.example",
    "evil.example|.notify.windows.com",
    "evil.example'.notify.windows.com",
    'evil.example".notify.windows.com',
    "evil.example`.notify.windows.com",
    "{evil}.notify.windows.com",
    "evil.example$.notify.windows.com",
    "evil.example&.notify.windows.com",
    "evil.example=.notify.windows.com",
    "evil.example<.notify.windows.com",
    "evil.example^.notify.windows.com",
    "fcm.googleapis.com\u3002",  # ideographic full stop
    "fcm\u3002googleapis\u3002com",
    "fcm\uff0egoogleapis\uff0ecom",  # full-width full stop
    "fcm\uff61googleapis\uff61com",  # half-width full stop
    "fcm.g\u043e\u043egleapis.com",  # Cyrillic o
    "fcm.googleap\u0131s.com",  # dotless i
    "fcm.googleapi\u017f.com",  # long s, which casefolds to s
    "fcm.google\u200bapis.com",  # zero width space
    "fcm.googleapis.com\u2044",
    "evil.example\uff0f.notify.windows.com",  # full-width solidus
    "evil.example\uff03.notify.windows.com",
    "evil.example\u2100.notify.windows.com",  # NFKC: a/c
    "xn--fcm-.googleapis.com",
    "fcm.xn--googleapis-.com",
    "xn--80ak6aa92e.com",
]

URLS = [
    "",
    "/",
    "//fcm.googleapis.com/x",
    "///fcm.googleapis.com/x",
    "fcm.googleapis.com/x",
    "https:",
    "https:/",
    "https://",
    "https:///",
    "https:///fcm.googleapis.com/x",
    "https:////fcm.googleapis.com/x",
    "https:fcm.googleapis.com/x",
    "https:/fcm.googleapis.com/x",
    "https//fcm.googleapis.com/x",
    "https ://fcm.googleapis.com/x",
    "http://fcm.googleapis.com/x",
    "HTTP://fcm.googleapis.com/x",
    "http://fcm.googleapis.com:443/x",
    "ftp://fcm.googleapis.com/x",
    "ws://fcm.googleapis.com/x",
    "wss://fcm.googleapis.com/x",
    "gopher://fcm.googleapis.com/x",
    "file:///etc/passwd",
    "file://fcm.googleapis.com/x",
    "data:text/plain,fcm.googleapis.com",
    "javascript:alert(1)//fcm.googleapis.com",
    "blob:https://fcm.googleapis.com/x",
    "view-source:https://fcm.googleapis.com/x",
    "https+x://fcm.googleapis.com/x",
    "\x00https://fcm.googleapis.com/x",
    " https://fcm.googleapis.com/x",
    "https://fcm.googleapis.com/x ",
    "\nhttps://fcm.googleapis.com/x",
    "https://fcm.googleapis.com/x\n",
    "https://fcm.googleapis.com/x\r\nHost: evil.example",
    "https://fcm.goog\tleapis.com/x",
    "https://fcm.goog\nleapis.com/x",
    "https://evil.example\t.notify.windows.com/x",
    "ht\ntps://fcm.googleapis.com/x",
    "https://fcm.googleapis.com\x00/x",
    "https://fcm.googleapis.com\x7f/x",
    "https://fcm.googleapis.com/x\x00",
    "https://fcm.googleapis.com/é",
    "https://fcm.googleapis.com/\ud800",
    "https://fcm.googleapis.com#evil",
    "https://fcm.googleapis.com/x#",
    "https://fcm.googleapis.com/x#fragment",
    "https://evil.example#@fcm.googleapis.com/x",
    "https://user@fcm.googleapis.com/x",
    "https://user:secret@fcm.googleapis.com/x",
    "https://@fcm.googleapis.com/x",
    "https://:@fcm.googleapis.com/x",
    "https://fcm.googleapis.com@evil.example/x",
    "https://fcm.googleapis.com:443@evil.example/x",
    "https://fcm.googleapis.com%40evil.example/x",
    "https://evil.example@@fcm.googleapis.com/x",
    "https://evil.example/@fcm.googleapis.com/x",
    "https://evil.example?@fcm.googleapis.com/x",
    "https://evil.example/fcm.googleapis.com",
    "https://evil.example?.notify.windows.com/x",
    "https://evil.example/.notify.windows.com",
    "https://fcm.googleapis.com\\@evil.example/x",
    "https:\\\\fcm.googleapis.com\\x",
    "https://evil.example\\.notify.windows.com/x",
    "https://fcm.googleapis.com/x\\y",
    "https://fcm.googleapis.com:80/x",
    "https://fcm.googleapis.com:8443/x",
    "https://fcm.googleapis.com:22/x",
    "https://fcm.googleapis.com:0/x",
    "https://fcm.googleapis.com:/x",
    "https://fcm.googleapis.com:0443/x",
    "https://fcm.googleapis.com:+443/x",
    "https://fcm.googleapis.com:-443/x",
    "https://fcm.googleapis.com:4_43/x",
    "https://fcm.googleapis.com:443:443/x",
    "https://fcm.googleapis.com:443:80/x",
    "https://fcm.googleapis.com:80:443/x",
    "https://fcm.googleapis.com:65979/x",  # 443 + 65536
    "https://fcm.googleapis.com:443x/x",
    "https://fcm.googleapis.com:x/x",
    "https://fcm.googleapis.com:99999999999999999999/x",
    "https://fcm.googleapis.com/../x",
    "https://fcm.googleapis.com/a/./x",
    "https://fcm.googleapis.com/a/%2e%2E/x",
    "https://fcm.googleapis.com/a/.%2e/x",
    "https://fcm.googleapis.com/a/..",
    "https://" + "a" * 300 + ".notify.windows.com/x",
    "https://" + "a." * 150 + "notify.windows.com/x",
    "https://fcm.googleapis.com/" + "a" * MAX_ENDPOINT_LENGTH,
    "a" * 100_000,
    "https://" + "." * 2000,
    "https://" + "a-" * 1000,
    f"{DEVPUSH}/p/fcm/send/devpush-x",
    "http://localhost:8972/p/fcm/send/devpush-x",
]


@pytest.mark.parametrize("endpoint", GENUINE)
def test_genuine_endpoints_are_taken(endpoint: str) -> None:
    """Endpoints in every form that browsers are given are allowed, whatever else the operator allows."""
    service, host = GENUINE[endpoint]
    for policy in (CLOSED, DEVELOPMENT, OPERATOR):
        route = policy.route(endpoint)
        assert (route.service, route.host, route.port, route.origin) == (service, host, 443, f"https://{host}")
        assert not route.is_devpush
        assert not route.is_operator_host


@pytest.mark.parametrize("host", IP_LITERALS + LOOK_ALIKES + BROKEN_HOSTS)
def test_other_hosts_are_refused(host: str) -> None:
    """No address literal, look-alike or damaged name passes as a push service."""
    for path in ("/x", "", "?x", "/fcm/send/devpush-x"):
        with pytest.raises(EndpointError):
            CLOSED.route(f"https://{host}{path}")
        with pytest.raises(EndpointError):
            DEVELOPMENT.route(f"https://{host}{path}")


@pytest.mark.parametrize("endpoint", URLS)
def test_other_urls_are_refused(endpoint: str) -> None:
    """No other scheme, port, user name, fragment or control character passes, and the refusal keeps the URL secret."""
    with pytest.raises(EndpointError) as refusal:
        CLOSED.route(endpoint)
    assert str(refusal.value).endswith(".")
    assert len(endpoint) < 5 or endpoint not in str(refusal.value)


def test_port_443_and_upper_case_mean_the_same_origin() -> None:
    """The audience of a token is the origin as browsers write it: lower case and without the usual port."""
    route = CLOSED.route("https://FCM.GoogleAPIs.com:443/wp/AbC")
    assert (route.host, route.port, route.origin) == ("fcm.googleapis.com", 443, "https://fcm.googleapis.com")


def test_longest_endpoint_is_taken() -> None:
    """2,048 characters are allowed and not one more."""
    start = "https://fcm.googleapis.com/wp/"
    assert CLOSED.route(start + "x" * (MAX_ENDPOINT_LENGTH - len(start))).service is PushService.FCM
    with pytest.raises(EndpointError):
        CLOSED.route(start + "x" * (MAX_ENDPOINT_LENGTH - len(start) + 1))


def test_operator_host_is_exact_and_marked() -> None:
    """A host that the operator added is allowed by its whole name only, and marked so that its address is checked."""
    route = OPERATOR.route("https://PUSH.shop.example/up/1")
    assert (route.service, route.is_operator_host) == (PushService.OTHER, True)
    for host in ("a.push.shop.example", "push.shop.example.evil.example", "xpush.shop.example", "push.shop.example."):
        with pytest.raises(EndpointError):
            OPERATOR.route(f"https://{host}/up/1")
    for endpoint in ("http://push.shop.example/up/1", "https://push.shop.example:8443/up/1"):
        with pytest.raises(EndpointError):
            OPERATOR.route(endpoint)


def test_vendor_host_added_by_the_operator_stays_the_vendors() -> None:
    """Adding a host that is allowed anyway changes nothing."""
    policy = EndpointPolicy(extra_hosts=frozenset({"fcm.googleapis.com"}))
    route = policy.route("https://fcm.googleapis.com/wp/1")
    assert (route.service, route.is_operator_host) == (PushService.FCM, False)


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/p/fcm/send/devpush-x", PushService.FCM),
        ("/p/mozilla/wpush/v2/devpush-x", PushService.MOZILLA),
        ("/p/apple/devpush-x", PushService.APPLE),
        ("/p/wns/w/devpush-x?token=devpush-x", PushService.WNS),
        ("/p/standard/devpush-x", PushService.OTHER),
    ],
)
def test_devpush_is_taken_while_developing(path: str, service: PushService) -> None:
    """The bundled push service is allowed by its exact origin, and imitates the vendor that its path names."""
    route = DEVELOPMENT.route(DEVPUSH + path)
    assert (route.service, route.host, route.port, route.origin) == (service, "127.0.0.1", 8972, DEVPUSH)
    assert route.is_devpush
    with pytest.raises(EndpointError):
        CLOSED.route(DEVPUSH + path)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://127.0.0.1:8972/p/fcm/send/devpush-x",
        "http://127.0.0.1/p/fcm/send/devpush-x",
        "http://127.0.0.1:8973/p/fcm/send/devpush-x",
        "http://127.0.0.1:89720/p/fcm/send/devpush-x",
        "http://127.0.0.1:08972/p/fcm/send/devpush-x",
        "http://localhost:8972/p/fcm/send/devpush-x",
        "http://127.1:8972/p/fcm/send/devpush-x",
        "http://2130706433:8972/p/fcm/send/devpush-x",
        "http://[::ffff:127.0.0.1]:8972/p/fcm/send/devpush-x",
        "http://x@127.0.0.1:8972/p/fcm/send/devpush-x",
        "http://127.0.0.1:8972@evil.example/p/fcm/send/devpush-x",
        "http://127.0.0.1:8972.evil.example/p/fcm/send/devpush-x",
        "http://127.0.0.1:8972#/p/fcm/send/devpush-x",
        "http://127.0.0.1:8972\\p\\fcm\\send\\devpush-x",
        "http://127.0.0.1:8972",
        "http://127.0.0.1:8972/",
        "http://127.0.0.1:8972/devpush/faults",
        "http://127.0.0.1:8972/devpush/forget?/p/fcm/devpush-x",
        "http://127.0.0.1:8972/p/../devpush/forget",
        "http://127.0.0.1:8972/p/fcm/%2e%2e/%2e%2e/devpush/forget",
        "http://127.0.0.1:8972//p/fcm/send/devpush-x",
    ],
)
def test_devpush_setting_opens_nothing_else(endpoint: str) -> None:
    """The development setting allows one origin, and there only endpoints: not what steers the bundled push service."""
    with pytest.raises(EndpointError):
        DEVELOPMENT.route(endpoint)


def test_devpush_stands_in_for_a_vendor_only_by_its_mark() -> None:
    """A vendor's host is answered by the bundled push service only while developing and only for its own tokens."""
    marked = "https://jmt17.google.com/fcm/send/devpush-abc"
    assert DEVELOPMENT.route(marked).is_devpush
    assert not CLOSED.route(marked).is_devpush
    assert not DEVELOPMENT.route("https://jmt17.google.com/fcm/devpush-abc/x").is_devpush
    assert not DEVELOPMENT.route("https://jmt17.google.com/fcm/send/x?devpush-abc").is_devpush


_ALLOWED_NAMES = ("fcm.googleapis.com", "jmt17.google.com")
_ALLOWED_ENDINGS = (".push.services.mozilla.com", ".notify.windows.com", ".push.apple.com")
_PIECES = st.sampled_from(
    [
        *_ALLOWED_NAMES,
        *_ALLOWED_ENDINGS,
        *("https://", "http://", "//", "/", "\\", "@", ":", ":443", ":80", "?", "#", "%2e", "%40", "[", "]", ".", "-"),
        *("evil.example", "127.0.0.1", "[::1]", "0x7f", "localhost", "\t", "\n", " ", "\u3002", "\uff0e", "A", "xn--"),
    ]
)


def _is_plainly_allowed(endpoint: str) -> bool:
    """Say the rule once more, by other means: cut at the first delimiter, compare whole names."""
    lower = endpoint.lower()
    if not lower.startswith("https://"):
        return False
    authority = lower.removeprefix("https://")
    for delimiter in "/?":
        authority = authority.split(delimiter, 1)[0]
    host = authority.removesuffix(":443")
    labels_are_plain = all(
        label and set(label) <= set(string.ascii_lowercase + string.digits + "-") and label.strip("-") == label
        for label in host.split(".")
    )
    return labels_are_plain and (host in _ALLOWED_NAMES or host.endswith(_ALLOWED_ENDINGS))


@given(st.lists(_PIECES, max_size=9).map("".join))
@example("https://fcm.googleapis.com:443/x")
@example("https://a.notify.windows.com?x")
def test_whatever_passes_is_plainly_a_push_service(endpoint: str) -> None:
    """Whatever is glued together from names and delimiters, only whole names of push services pass."""
    try:
        route = CLOSED.route(endpoint)
    except EndpointError:
        return
    assert _is_plainly_allowed(endpoint)
    assert route.origin == f"https://{route.host}"
    assert not set(endpoint) & set("@#\\ \t\r\n")
    # Another program's reading of the same address.
    other = httpx.URL(endpoint)
    assert (other.scheme, other.host, other.port, other.userinfo) == ("https", route.host, None, b"")


@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    """Any text gets a route or a refusal in one sentence, never another error."""
    for endpoint in (
        text,
        f"https://{text}",
        f"https://fcm.googleapis.com{text}",
        f"https://{text}.notify.windows.com/",
    ):
        try:
            route = DEVELOPMENT.route(endpoint)
        except EndpointError:
            continue
        else:
            assert urlsplit(endpoint).netloc.lower().removesuffix(":443") == route.host


@given(st.text(alphabet=string.ascii_lowercase + string.digits + "-.", min_size=1, max_size=80))
def test_unknown_hosts_are_refused(host: str) -> None:
    """A well-formed name that is on no list is refused."""
    assume(host not in _ALLOWED_NAMES and not host.endswith(_ALLOWED_ENDINGS))
    with pytest.raises(EndpointError):
        CLOSED.route(f"https://{host}/x")
