"""A throw-away certificate authority and one certificate, made into a directory with owner-only keys and used again."""

import base64
import hashlib
import ipaddress
import os
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CA_LIFETIME = timedelta(days=3650)
_LEAF_LIFETIME = timedelta(days=390)
_RENEW_BEFORE = timedelta(days=30)
_BACKDATED = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Certificates:
    """Where the files are, and the hash of the public key by which Chromium can be told to trust it."""

    ca_file: Path
    certificate_file: Path
    key_file: Path
    spki_sha256: str

    def context(self, *alpn: str) -> ssl.SSLContext:
        """Return a server's TLS context that offers these protocols."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate_file, self.key_file)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context


def ensure(directory: Path, names: tuple[str, ...], now: datetime) -> Certificates:
    """Return the directory's certificates, making what is missing, expiring, or does not name all `names`."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    ca_key = _key(directory / "ca.key")
    ca = _certificate(directory / "ca.pem")
    if ca is None or ca.not_valid_after_utc < now + _LEAF_LIFETIME or ca.public_key() != ca_key.public_key():
        ca = _make_ca(ca_key, now)
        _write(directory / "ca.pem", ca.public_bytes(Encoding.PEM), 0o644)
    key = _key(directory / "server.key")
    if not _is_usable(_certificate(directory / "server.pem"), ca, key, names, now):
        leaf = _make_leaf(key, ca, ca_key, names, now)
        _write(directory / "server.pem", leaf.public_bytes(Encoding.PEM), 0o644)
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    fingerprint = base64.b64encode(hashlib.sha256(spki).digest()).decode()
    return Certificates(directory / "ca.pem", directory / "server.pem", directory / "server.key", fingerprint)


def _key(file: Path) -> ec.EllipticCurvePrivateKey:
    if file.exists():
        key = load_pem_private_key(file.read_bytes(), None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return key
    key = ec.generate_private_key(ec.SECP256R1())
    _write(file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    return key


def _write(file: Path, data: bytes, mode: int) -> None:
    new = file.with_suffix(f"{file.suffix}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        out.write(data)
    new.replace(file)


def _certificate(file: Path) -> x509.Certificate | None:
    return x509.load_pem_x509_certificate(file.read_bytes()) if file.exists() else None


def _is_usable(
    leaf: x509.Certificate | None,
    ca: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    names: tuple[str, ...],
    now: datetime,
) -> bool:
    if leaf is None or leaf.issuer != ca.subject or leaf.not_valid_after_utc < now + _RENEW_BEFORE:
        return False
    try:
        leaf.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature):
        return False
    named = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return leaf.public_key() == key.public_key() and set(names) <= set(named.get_values_for_type(x509.DNSName))


def _make_ca(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = _name("devpush throw-away CA")
    builder = _builder(name, name, key.public_key(), now, _CA_LIFETIME)
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _make_leaf(
    key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    names: tuple[str, ...],
    now: datetime,
) -> x509.Certificate:
    loopback = [x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1")]
    alternatives = x509.SubjectAlternativeName([*(x509.DNSName(name) for name in names), *loopback])
    return (
        _builder(_name("devpush"), ca.subject, key.public_key(), now, _LEAF_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(alternatives, critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + lifetime)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
