"""Certificates as Apple would issue them for a Website Push ID, of an authority of our own."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

PUSH_ID = "web.com.example.shop"
NOW = datetime.now(UTC).replace(microsecond=0)
"""Of these certificates: `openssl` reads the system's clock."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@cache
def _key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def issue(
    name: str,
    issuer: Issued | None = None,
    *,
    push_id: str | None = None,
    lives: timedelta = timedelta(days=390),
    since: timedelta = timedelta(days=30),
) -> Issued:
    """Issue a certificate that began `since` ago and ends in `lives`; an authority unless it has a push id."""
    key = _key(name)
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    subject.append(x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, name))
    if push_id is not None:
        subject.insert(0, x509.NameAttribute(NameOID.USER_ID, push_id))
    named = x509.Name(subject)
    builder = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(issuer.certificate.subject if issuer else named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - since)
        .not_valid_after(NOW + lives)
        .add_extension(x509.BasicConstraints(ca=push_id is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    signer = issuer.key if issuer else key
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return Issued(builder.add_extension(authority, critical=False).sign(signer, hashes.SHA256()), key)


@cache
def root() -> Issued:
    """Return the authority."""
    return issue("Root")


@cache
def intermediate(name: str = "G4") -> Issued:
    """Return an intermediate of the authority."""
    return issue(name, root())


@cache
def website() -> Issued:
    """Return the certificate of a Website Push ID."""
    return issue("Website Push ID: web.com.example.shop", intermediate(), push_id=PUSH_ID)
