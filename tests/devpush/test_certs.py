"""The throw-away certificate authority."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from heliograph.devpush import certs

NOW = datetime.now(UTC)
NAMES = ("localhost", "fcm.googleapis.com")


def leaf(made: certs.Certificates) -> x509.Certificate:
    return x509.load_pem_x509_certificate(made.certificate_file.read_bytes())


def test_the_same_files_are_used_again(tmp_path: Path):
    """Until something is wrong with them."""
    first, second = certs.ensure(tmp_path, NAMES, NOW), certs.ensure(tmp_path, NAMES, NOW)

    assert leaf(first) == leaf(second)
    assert first.spki_sha256 == second.spki_sha256


@pytest.mark.parametrize(
    ("names", "now"),
    [((*NAMES, "web.push.apple.com"), NOW), (NAMES, NOW + timedelta(days=365))],
    ids=["a new name", "about to expire"],
)
def test_the_certificate_is_renewed_with_the_same_key(tmp_path: Path, names: tuple[str, ...], now: datetime):
    """So that what a browser was told to trust stays true."""
    first = certs.ensure(tmp_path, NAMES, NOW)
    before = leaf(first)

    second = certs.ensure(tmp_path, names, now)

    assert leaf(second) != before
    assert second.spki_sha256 == first.spki_sha256
    leaf(second).verify_directly_issued_by(x509.load_pem_x509_certificate(second.ca_file.read_bytes()))


def test_a_lost_ca_key_makes_everything_anew(tmp_path: Path):
    """A half-deleted directory heals itself."""
    first = certs.ensure(tmp_path, NAMES, NOW)
    ca = first.ca_file.read_bytes()
    (tmp_path / "ca.key").unlink()

    second = certs.ensure(tmp_path, NAMES, NOW)

    assert second.ca_file.read_bytes() != ca
    leaf(second).verify_directly_issued_by(x509.load_pem_x509_certificate(second.ca_file.read_bytes()))


def test_a_server_context_can_be_made(tmp_path: Path):
    """With the protocols it is asked for."""
    context = certs.ensure(tmp_path, NAMES, NOW).context("h2")

    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
