"""The control API, the page, and what they tell."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.devpush.conftest import ANY_PORTS
from tests.devpush.support.firefox_client import FirefoxClient
from tests.devpush.support.sender import Sender
from tests.devpush.support.waiting import until
from websockets.exceptions import ConnectionClosed

from heliograph.devpush import DevPush, DevPushConfig, FaultKind, browser_commands


@pytest.fixture
async def control(devpush: DevPush) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"{devpush.http_url}/devpush", trust_env=False) as one:
        yield one


async def test_status_counts(control: httpx.AsyncClient, browser: FirefoxClient, sender: Sender, endpoint: str):
    """What is there, and what has happened."""
    await sender.post(endpoint, browser.encrypt(b"hello"))
    await sender.post(endpoint, ttl=None)
    await browser.ack(await browser.next(), 101)

    status = (await control.get("/status")).json()

    expected = {"subscriptions": 1, "connected_user_agents": 1, "accepted": 1, "refused": 1, "acked": 1, "sent": 1}
    assert status | expected == status
    assert (status["undecryptable"], status["by_status"]) == (1, {"201": 1, "400": 1})


async def test_messages_of_an_endpoint(
    control: httpx.AsyncClient, browser: FirefoxClient, sender: Sender, endpoint: str
):
    """By endpoint, by token, or the latest of all; without any payload."""
    await sender.post(endpoint, browser.encrypt(b"hello"), topic="news", urgency="low")
    await sender.post(endpoint, ttl="soon")
    await browser.ack(await browser.next())
    token = endpoint.rsplit("/", 1)[1]

    by_endpoint = (await control.get("/messages", params={"endpoint": endpoint})).json()["messages"]
    by_token = (await control.get("/messages", params={"token": token})).json()["messages"]
    latest = (await control.get("/messages", params={"limit": 1})).json()["messages"]

    first, second = by_endpoint
    assert by_token == by_endpoint
    assert latest == [second]
    assert first | {"status": 201, "ttl": "60", "topic": "news", "urgency": "low", "acked_code": "delivered"} == first
    assert (second["status"], second["reason"]) == (400, "ttl_invalid")
    assert not {"body", "payload"} & set(first)


async def test_faults_by_api(control: httpx.AsyncClient, sender: Sender, endpoint: str, devpush: DevPush):
    """Made, listed, lifted one by one or all."""
    value = {"kind": "status", "status": 429, "retry_after_seconds": 5, "endpoint": endpoint, "times": 1}
    made = await control.post("/faults", json=value)
    await control.post("/faults", json={"kind": "slow", "delay_seconds": 60, "service": "wns"})
    struck = await sender.post(endpoint)
    listed = (await control.get("/faults")).json()["faults"]

    assert made.status_code == 201
    assert (struck.status_code, struck.headers["retry-after"]) == (429, "5")
    assert [(fault["kind"], fault["struck"], fault["spent"]) for fault in listed] == [
        ("status", 1, True),
        ("slow", 0, False),
    ]
    assert (await control.delete(f"/faults/{made.json()['id']}")).status_code == 204
    assert (await control.delete("/faults/fault-99")).status_code == 404
    assert (await control.delete("/faults")).json() == {"removed": 1}
    assert devpush.faults() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b'{"kind":"earthquake"}',
        b'{"kind":"status","status":"many"}',
        b'{"kind":"status","status":[]}',
        b'{"kind":"status","probability":2}',
        b'{"kind":"status","times":"x"}',
        b'{"kind":"status","times":1e400}',
        b'{"kind":"slow","delay_seconds":-1}',
        b'{"kind":"status","retry_after_seconds":true}',
        b'{"kind":"slow","delay_seconds":{}}',
        b'{"kind":"slow","service":"huawei"}',
        b'{"kind":"slow","token":"somebody-elses"}',
        b'{"kind":"slow","colour":"red"}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
async def test_a_bad_fault_is_refused_with_a_sentence(control: httpx.AsyncClient, devpush: DevPush, body: bytes):
    """And nothing is put in force."""
    response = await control.post("/faults", content=body)

    assert response.status_code == 400
    assert response.json()["detail"].endswith(".")
    assert devpush.faults() == []


@pytest.mark.parametrize("kind", FaultKind)
async def test_every_kind_of_fault_can_be_asked_for(control: httpx.AsyncClient, kind: FaultKind):
    """By its name."""
    assert (await control.post("/faults", json={"kind": kind.value})).status_code == 201


async def test_forget_one_or_all(control: httpx.AsyncClient, devpush: DevPush, browser: FirefoxClient, endpoint: str):
    """By an endpoint of the user agent, or everything."""
    other = FirefoxClient(devpush.ws_url)
    await other.open()

    one = await control.post("/forget", json={"endpoint": endpoint})
    with pytest.raises(ConnectionClosed):
        await browser.next()
    everything = await control.post("/forget", json={})
    nothing = await control.post("/forget")

    assert (one.json(), everything.json(), nothing.json()) == ({"forgotten": 1}, {"forgotten": 1}, {"forgotten": 0})
    await other.close()


async def test_disconnect(control: httpx.AsyncClient, devpush: DevPush, browser: FirefoxClient):
    """The socket closes; the user agent stays known."""
    response = await control.post("/disconnect", json={"user_agent": browser.uaid})

    assert response.json() == {"disconnected": 1}
    await until(lambda: not devpush.connected())
    before = browser.uaid
    assert (await browser.open())["uaid"] == before


async def test_subscriptions(control: httpx.AsyncClient, browser: FirefoxClient, endpoint: str):
    """A test finds an endpoint without asking the page."""
    rows = (await control.get("/subscriptions")).json()["subscriptions"]

    assert [(row["endpoint"], row["state"], row["connected"]) for row in rows] == [(endpoint, "active", True)]
    assert rows[0]["user_agent"] == browser.uaid


async def test_events_as_they_happen(control: httpx.AsyncClient, browser: FirefoxClient, sender: Sender, endpoint: str):
    """Server-sent events with a name and a JSON each."""
    seen: list[str] = []
    async with control.stream("GET", "/events") as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        lines = stream.aiter_lines()
        assert await anext(lines) == ": devpush"
        await sender.post(endpoint)
        await browser.ack(await browser.next())
        async with asyncio.timeout(5):
            async for line in lines:
                if line.startswith("data: "):
                    seen.append(json.loads(line.removeprefix("data: "))["event"])
                if "acked" in seen:
                    break

    assert seen == ["received", "sent", "acked"]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"host": "0.0.0.0"}, "http://127.0.0.1:"),
        ({"host": "localhost"}, "http://localhost:"),
        ({"public_url": "http://push.dev.example:9000"}, "http://push.dev.example:9000"),
    ],
)
async def test_the_address_can_be_reached(config: dict[str, str], expected: str):
    """A wildcard is no destination; behind a port mapping the operator says what is."""
    async with DevPush(DevPushConfig(**ANY_PORTS, **config)) as devpush:
        assert devpush.http_url.startswith(expected)
        assert devpush.ws_url == f"{devpush.http_url.replace('http', 'ws')}/"


async def test_python_watches_too(devpush: DevPush, browser: FirefoxClient, sender: Sender):
    """The same events without HTTP."""
    watching = devpush.watch()
    first = asyncio.ensure_future(anext(watching))
    await asyncio.sleep(0)
    await browser.register(sender.key)

    assert (await first)["event"] == "registered"
    await watching.aclose()


@pytest.mark.parametrize(("method", "path"), [("GET", "/weather"), ("POST", "/status"), ("GET", "/forget")])
async def test_unknown_resources(control: httpx.AsyncClient, method: str, path: str):
    """404 with a sentence."""
    response = await control.request(method, path)

    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")


async def test_wrong_method_on_faults(control: httpx.AsyncClient):
    """PATCH is not among them."""
    assert (await control.patch("/faults")).status_code == 405


@pytest.mark.parametrize("query", [{"token": "x"}, {"limit": "all"}])
async def test_bad_queries(control: httpx.AsyncClient, query: dict[str, str]):
    """400 with a sentence."""
    assert (await control.get("/messages", params=query)).status_code == 400


async def test_other_origins_are_kept_out(control: httpx.AsyncClient, devpush: DevPush):
    """A page in the developer's browser must not disturb the tests."""
    assert (await control.post("/forget", headers={"Origin": "https://evil.example"})).status_code == 403
    assert (await control.post("/forget", headers={"Origin": devpush.http_url})).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [("rebound.evil.example", 403), ("localhost:8972", 200), ("127.0.0.1", 200), ("[::1]:8972", 200)],
)
async def test_a_name_that_somebody_else_points_here_is_kept_out(control: httpx.AsyncClient, host: str, status: int):
    """DNS rebinding makes a foreign page same-origin; its name gives it away."""
    assert (await control.get("/status", headers={"Host": host})).status_code == status


@pytest.mark.parametrize("path", ["/", "/devpush", "/devpush/"])
async def test_the_page_prints_the_commands(devpush: DevPush, sender: Sender, path: str):
    """One screen for a person who opens the address."""
    response = await sender.client.get(f"{devpush.http_url}{path}")

    assert response.headers["content-type"].startswith("text/html")
    assert f"--gcm-mcs-endpoint=https://localhost:{devpush.mcs_port}" in response.text
    assert "dom.push.serverURL" in response.text


async def test_the_root_takes_only_get(devpush: DevPush, sender: Sender):
    """Anything else is a mistake."""
    assert (await sender.client.post(f"{devpush.http_url}/")).status_code == 405


def test_commands_for_a_persons_own_browser():
    """Everything that a stock browser needs, in one line each."""
    commands = browser_commands(
        http_url="http://127.0.0.1:8972",
        ws_url="ws://127.0.0.1:8972/",
        mcs_port=8974,
        spki_sha256="abc=",
        page="http://localhost:8971/",
        directory="/home/ada",
    )

    assert commands.chromium == (
        "chromium --no-first-run --user-data-dir=/home/ada/heliograph-browser-chromium"
        " --gcm-checkin-url=http://127.0.0.1:8972/checkin"
        " --gcm-registration-url=http://127.0.0.1:8972/c2dm/register3"
        " --gcm-mcs-endpoint=https://localhost:8974"
        " --ignore-certificate-errors-spki-list=abc= http://localhost:8971/"
    )
    assert 'user_pref("dom.push.serverURL", "ws://127.0.0.1:8972/");' in commands.firefox_prefs.splitlines()
    assert commands.firefox.endswith("--profile /home/ada/heliograph-browser-firefox http://localhost:8971/")


def test_the_firefox_command_writes_the_prefs(tmp_path):
    """Run by a real shell, up to the browser itself."""
    import subprocess  # noqa: PLC0415

    commands = browser_commands(
        http_url="http://127.0.0.1:1", ws_url="ws://127.0.0.1:1/", mcs_port=3, spki_sha256="x", directory=str(tmp_path)
    )
    subprocess.run(commands.firefox.replace("firefox --no-remote", "true"), shell=True, check=True)

    written = (tmp_path / "heliograph-browser-firefox" / "user.js").read_text()
    assert written.strip() == commands.firefox_prefs
