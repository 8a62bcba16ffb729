"""`heliograph safari`, with Apple's part played by a stand-in that wants a client's certificate."""

import asyncio
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from tests.cli.conftest import Run
from tests.support.apple import HOST, Apple, apple
from tests.support.environment import clean_environment
from tests.support.websites import PUSH_ID, intermediate, issue, root, website

FORM = "https://shop.example.com/%@"
TOKEN = "ab" * 32


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A directory with what an operator has."""
    (tmp_path / "push.pem").write_bytes(website().pem + website().key_pem)
    (tmp_path / "g4.pem").write_bytes(intermediate().pem)
    (tmp_path / "g2.pem").write_bytes(intermediate("G2").pem)
    (tmp_path / "root.pem").write_bytes(root().pem)
    Image.new("RGB", (256, 256), "blue").save(tmp_path / "icon.png")
    return tmp_path


def credentials(files: Path, issuer: str = "g4") -> list[str]:
    return ["--certificate", str(files / "push.pem"), "--intermediate", str(files / f"{issuer}.pem")]


def test_check(run: Run, files: Path) -> None:
    """A good certificate is told with its end; one with a foreign intermediate fails with a sentence."""
    good = run("safari", "check", *credentials(files), "--json")
    assert good.status == 0
    assert good.json()["push_id"] == PUSH_ID
    bad = run("safari", "check", *credentials(files, "g2"))
    assert bad.status == 1
    assert "take the one of its issuer (G4)" in bad.err
    assert "PRIVATE" not in bad.err + bad.out


def test_package(run: Run, files: Path) -> None:
    """The package is written once, and OpenSSL verifies it."""
    out = files / "package.zip"
    site = [
        "--name",
        "Shop",
        "--origin",
        "https://shop.example.com",
        "--service-url",
        "https://push.example.com/safari",
    ]
    site += ["--url-format", FORM, "--icon", str(files / "icon.png"), "--out", str(out)]
    made = run("safari", "package", *credentials(files), *site, "--json")
    assert made.status == 0, made.err
    with zipfile.ZipFile(out) as packed:
        packed.extractall(files / "unpacked")
    told = json.loads((files / "unpacked" / "website.json").read_text())
    assert told["authenticationToken"] == made.json()["authentication_token"]
    verify = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", "unpacked/signature", "-content"]
    verify += ["unpacked/manifest.json", "-CAfile", "root.pem", "-purpose", "any"]
    ended = subprocess.run(verify, cwd=files, capture_output=True, check=False, env=clean_environment())
    assert ended.returncode == 0, ended.stderr
    assert run("safari", "package", *credentials(files), *site).status == 1


async def _tried(service: Apple, files: Path, *more: str) -> tuple[int, str]:
    """Run `heliograph safari try` beside the stand-in."""
    command = [sys.executable, "-m", "heliograph", "safari", "try", "Hello", "There", *credentials(files), *more]
    command += ["--token", TOKEN, "--url-format", FORM, "--connect-to", f"127.0.0.1:{service.port}", "--json"]
    process = await asyncio.create_subprocess_exec(
        *command,
        "--ca-file",
        str(service.certificates.ca_file),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=clean_environment(),
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, (out or err).decode()


def test_try(files: Path) -> None:
    """One message goes out over HTTP/2 with the certificate; what Apple says is told; nothing foreign is sent."""

    async def story() -> None:
        async with apple(files, root().pem) as service:
            status, out = await _tried(service, files, "--url", "/o/1042")
            assert (status, json.loads(out)["outcome"]) == (0, "accepted"), out
            ((token, headers, body),) = service.taken
            assert (token, headers["apns-topic"]) == (TOKEN, PUSH_ID)
            assert json.loads(body)["aps"]["url-args"] == ["o/1042"]
            service.refusing[TOKEN] = (410, "Unregistered", 1)
            status, out = await _tried(service, files)
            assert (status, json.loads(out)) == (3, {"outcome": "gone", "reason": "unregistered"})
            status, out = await _tried(service, files, "--url", "https://elsewhere.example.com/")
            assert status == 1
            assert "only leads to addresses like" in out

    asyncio.run(story())


def test_the_stand_in_as_curl_sees_it(files: Path) -> None:
    """Curl is answered as Apple answers: by certificate, topic, method and path."""
    stranger = issue("Website Push ID: web.com.example.other", intermediate(), push_id="web.com.example.other")
    (files / "other.pem").write_bytes(stranger.pem + intermediate().pem + stranger.key_pem)
    (files / "own.pem").write_bytes(website().pem + intermediate().pem + website().key_pem)

    async def asked(service: Apple, *more: str, path: str = f"/3/device/{TOKEN}") -> str:
        command = ["curl", "-s", "--http2", "--cacert", str(service.certificates.ca_file), "-o", "-"]
        command += ["--connect-to", f"::127.0.0.1:{service.port}", "-H", f"apns-topic: {PUSH_ID}", "-d", "{}"]
        command += ["-w", " %{http_code} %{http_version}", *more, f"https://{HOST}{path}"]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, env=clean_environment()
        )
        out, _ = await asyncio.wait_for(process.communicate(), 30)
        return out.decode()

    async def story() -> None:
        own = ("--cert", str(files / "own.pem"))
        async with apple(files, root().pem) as service:
            assert (await asked(service, *own)).endswith(" 200 2")
            assert "MissingProviderToken" in await asked(service)
            assert "TopicDisallowed" in await asked(service, "--cert", str(files / "other.pem"))
            assert "BadPath" in await asked(service, *own, path="/elsewhere")
            assert "MethodNotAllowed" in await asked(service, *own, "-X", "PUT")

    asyncio.run(story())
