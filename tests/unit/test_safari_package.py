"""Push packages of Safari's older channel, checked by OpenSSL's own program."""

import hashlib
import json
import struct
import subprocess
import zipfile
import zlib
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
from PIL import Image
from tests.support.environment import clean_environment
from tests.support.websites import NOW, PUSH_ID, intermediate, issue, root, website

from heliograph.protocols import safari_icons, safari_package, website_certificate
from heliograph.protocols.safari_package import Version, Website

SITE = Website(
    name="Lämp & Co",
    push_id=PUSH_ID,
    origins=("https://shop.example.com",),
    url_format="https://shop.example.com/%@",
    service_url="https://push.example.com/v1/safari",
)
TOKEN = "an-unguessable-token"


def picture(width: int = 300, height: int = 300, kind: str = "PNG") -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), "red").save(out, kind)
    return out.getvalue()


def bomb() -> bytes:
    """Return the beginning of a picture that would take sixteen gigabytes."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 65_535, 65_535, 8, 6, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + picture()[33:]


def certificate() -> website_certificate.WebsiteCertificate:
    pem = website().pem + website().key_pem
    return website_certificate.read(pem, intermediate=intermediate().pem, password=None, now=NOW)


def unpacked(version: Version = Version.V2) -> dict[str, bytes]:
    icons = safari_icons.make(picture())
    data = safari_package.build(SITE, icons, authentication_token=TOKEN, certificate=certificate(), version=version)
    with zipfile.ZipFile(BytesIO(data)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def verified(files: dict[str, bytes], directory: Path, program: str) -> subprocess.CompletedProcess[bytes]:
    for name in ("manifest.json", "signature"):
        (directory / name).write_bytes(files[name])
    (directory / "root.pem").write_bytes(root().pem)
    command = ["openssl", program, "-verify", "-binary", "-inform", "DER", "-in", "signature", "-content"]
    command += ["manifest.json", "-CAfile", "root.pem", "-purpose", "any"]
    return subprocess.run(command, cwd=directory, capture_output=True, check=False, env=clean_environment())


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize("program", ["cms", "smime"])
def test_openssl_verifies_the_signature(tmp_path: Path, version: Version, program: str) -> None:
    """The signature holds with nothing but the root: certificate and intermediate are inside."""
    files = unpacked(version)
    assert verified(files, tmp_path, program).returncode == 0
    broken = files | {"manifest.json": files["manifest.json"] + b" "}
    assert verified(broken, tmp_path, program).returncode != 0


def test_files_and_hashes() -> None:
    """The package has the nine files at its root, and a hash of each but manifest and signature."""
    files = unpacked()
    assert set(files) == {*safari_icons.SIDES, "website.json", "manifest.json", "signature"}
    hashes = json.loads(files["manifest.json"])
    assert set(hashes) == {*safari_icons.SIDES, "website.json"}
    for name, entry in hashes.items():
        assert entry == {"hashType": "sha512", "hashValue": hashlib.sha512(files[name]).hexdigest()}
    old = unpacked(Version.V1)
    for name, value in json.loads(old["manifest.json"]).items():
        assert value == hashlib.sha1(old[name]).hexdigest()
    assert json.loads(files["website.json"]) == {
        "websiteName": "Lämp & Co",
        "websitePushID": PUSH_ID,
        "allowedDomains": ["https://shop.example.com"],
        "urlFormatString": "https://shop.example.com/%@",
        "authenticationToken": TOKEN,
        "webServiceURL": "https://push.example.com/v1/safari",
    }


@pytest.mark.parametrize("size", [(256, 256), (300, 900), (1024, 512)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_icons(size: tuple[int, int], kind: str) -> None:
    """All six are PNG of their size, whatever the picture was."""
    for name, data in safari_icons.make(picture(*size, kind)).items():
        with Image.open(BytesIO(data)) as icon:
            assert (icon.format, icon.size) == ("PNG", (safari_icons.SIDES[name],) * 2)


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"GIF89a",
        picture()[:200],
        picture(kind="GIF"),
        picture(255, 400),
        picture(5000, 300),
        bomb(),
        b"\x89PNG\r\n\x1a\n" + bytes(3 * 1024 * 1024),
    ],
    ids=["empty", "stub", "cut", "gif", "small", "wide", "bomb", "heavy"],
)
def test_pictures_that_are_refused(given: bytes) -> None:
    """What is no picture, or one that would take too much memory, is refused by a sentence."""
    with pytest.raises(ValueError, match=r"^(An icon|This is no)"):
        safari_icons.make(given)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": " "}, "name"),
        ({"push_id": "com.example.app"}, "Website Push ID"),
        ({"push_id": "web.com.example.other"}, "certificate is of"),
        ({"origins": ()}, "at least one origin"),
        ({"origins": ("https://shop.example.com/",)}, "without a path"),
        ({"origins": ("https://[::1",)}, "begins with"),
        ({"url_format": "https://shop.example.com/"}, "holds %@ once"),
        ({"url_format": "https://other.example.com/%@"}, "on the host"),
        ({"service_url": "http://push.example.com"}, "begins with https"),
        ({"service_url": "https://push.example.com/"}, "no slash"),
    ],
)
def test_sites_that_safari_would_refuse(change: dict[str, object], said: str) -> None:
    """What Safari refuses without a word is refused with one."""
    site = replace(SITE, **change)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=said):
        safari_package.build(site, {}, authentication_token=TOKEN, certificate=certificate())


def test_a_short_token_is_refused() -> None:
    """Apple wants sixteen characters."""
    with pytest.raises(ValueError, match="at least 16"):
        safari_package.build(SITE, {}, authentication_token="short", certificate=certificate())


@pytest.mark.parametrize("password", [None, "geheim"])
def test_a_p12_is_read(password: str | None) -> None:
    """A .p12 as Keychain writes it serves, with the intermediate beside or inside."""
    own, issuer = website(), intermediate()
    hidden = BestAvailableEncryption((password or "empty").encode())
    for inside, beside in (([issuer.certificate], None), ([], issuer.pem)):
        data = pkcs12.serialize_key_and_certificates(b"push", own.key, own.certificate, inside, hidden)
        read = website_certificate.read(data, intermediate=beside, password=password or "empty", now=NOW)
        assert (read.push_id, read.intermediate) == (PUSH_ID, issuer.certificate)
    with pytest.raises(ValueError, match="password may be wrong"):
        website_certificate.read(data, intermediate=None, password="wrong", now=NOW)


def test_certificates_that_are_refused() -> None:
    """Each fault that would show only at Apple is told here, without repeating the key."""
    own, issuer = website(), intermediate()
    app = issue("Apple Push Services: com.example", issuer, push_id="com.example")
    old = issue("old", issuer, push_id=PUSH_ID, lives=timedelta(days=-1))
    new = issue("new", issuer, push_id=PUSH_ID, since=timedelta(days=-1))
    cases = (
        (b"nothing", issuer.pem, "no certificate with its private key"),
        (own.pem, issuer.pem, "no certificate with its private key"),
        (own.key_pem, issuer.pem, "no certificate"),
        (own.pem + issuer.key_pem, issuer.pem, "does not belong"),
        (app.pem + app.key_pem, issuer.pem, "not the certificate of a Website Push ID"),
        (own.pem + own.key_pem, None, "intermediate is missing"),
        (own.pem + own.key_pem, b"x", "intermediate is no certificate"),
        (own.pem + own.key_pem, intermediate("G2").pem, r"take the one of its issuer \(G4\)"),
        (old.pem + old.key_pem, issuer.pem, "expired on"),
        (new.pem + new.key_pem, issuer.pem, "not valid before"),
        (b"x" * 40_000, issuer.pem, "at most"),
    )
    for credentials, beside, said in cases:
        with pytest.raises(ValueError, match=said):
            website_certificate.read(credentials, intermediate=beside, password=None, now=NOW)


def test_a_warning_before_it_expires() -> None:
    """A month before its end, somebody should know."""
    read = certificate()
    assert read.warning(NOW) is None
    assert "expires in 9 days" in (read.warning(read.expires_at - timedelta(days=9)) or "")
    assert "PRIVATE" not in repr(read)
