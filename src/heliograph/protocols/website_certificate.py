"""Apple's certificate of a Website Push ID: it signs push packages and opens the connection to Apple's push service.

Apple hands it out for an identifier `web.…`, which is the certificate's user ID (RFC 4519 section 2.39), issued by one
of its "Worldwide Developer Relations" intermediates. The one that issued *this* certificate must go with it: Safari
says "Signature verification of push package failed" for another one.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID

MAX_FILE = 32_768
"""Bytes; a certificate with its key and a chain takes some six thousand."""
WARN_BEFORE = timedelta(days=30)
PUSH_ID = re.compile(r"web(\.[A-Za-z0-9-]{1,63}){1,10}")

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
_NOT_READ = "This is no certificate with its private key that can be read: a .p12, or PEM with both."


@dataclass(frozen=True, slots=True)
class WebsiteCertificate:
    """A certificate with its private key and the intermediate that issued it."""

    push_id: str
    certificate: x509.Certificate
    intermediate: x509.Certificate
    key: PrivateKey = field(repr=False)

    @property
    def expires_at(self) -> datetime:
        """The end of its life, aware."""
        return self.certificate.not_valid_after_utc

    def warning(self, now: datetime) -> str | None:
        """Return a sentence when something will soon go wrong."""
        for name, end in (
            ("The certificate", self.expires_at),
            ("Apple's intermediate", self.intermediate.not_valid_after_utc),
        ):
            if end - now < WARN_BEFORE:
                return (
                    f"{name} expires in {max((end - now).days, 0)} days: make a new one for the same Website Push ID."
                )
        return None

    def chain_pem(self) -> bytes:
        """Return certificate and intermediate as TLS wants them."""
        return b"".join(each.public_bytes(Encoding.PEM) for each in (self.certificate, self.intermediate))

    def key_pem(self) -> bytes:
        """Return the private key, unprotected: for memory only."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def read(credentials: bytes, *, intermediate: bytes | None, password: str | None, now: datetime) -> WebsiteCertificate:
    """Read and check what an operator has: a .p12 file, or PEM with certificate and key.

    Args:
        credentials: the file's bytes.
        intermediate: Apple's intermediate as PEM or DER; None if `credentials` hold it.
        password: of the .p12 or of the PEM key.
        now: aware; an expired certificate is refused.

    Raises:
        ValueError: one sentence that says what is wrong; it never repeats what was given.
    """
    if len(credentials) > MAX_FILE or len(intermediate or b"") > MAX_FILE:
        raise ValueError(f"A file of certificates has at most {MAX_FILE} bytes.")
    secret = password.encode() if password else None
    key, certificates = _of_pem(credentials, secret) if b"-----BEGIN" in credentials else _of_p12(credentials, secret)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise ValueError("The private key is neither RSA nor of an elliptic curve.")  # noqa: TRY004 - a wrong value
    own = next((each for each in certificates if each.public_key() == key.public_key()), None)
    if own is None:
        raise ValueError("The private key does not belong to the certificate.")
    push_id = _push_id(own)
    others = [each for each in certificates if each is not own]
    issuer = _issuer(own, others + _of_intermediate(intermediate))
    for name, each in (("The certificate", own), ("Apple's intermediate", issuer)):
        if each.not_valid_after_utc <= now:
            raise ValueError(f"{name} expired on {each.not_valid_after_utc:%Y-%m-%d}.")
        if each.not_valid_before_utc > now:
            raise ValueError(f"{name} is not valid before {each.not_valid_before_utc:%Y-%m-%d %H:%M} UTC.")
    return WebsiteCertificate(push_id, own, issuer, key)


def _of_p12(data: bytes, password: bytes | None) -> tuple[object, list[x509.Certificate]]:
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(data, password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(f"{_NOT_READ} Of a .p12 the password may be wrong.") from None
    if key is None or certificate is None:
        raise ValueError(_NOT_READ)
    return key, [certificate, *others]


def _of_pem(data: bytes, password: bytes | None) -> tuple[object, list[x509.Certificate]]:
    try:
        certificates = x509.load_pem_x509_certificates(data)
        key = load_pem_private_key(_key_block(data), password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(f"{_NOT_READ} The key's password may be missing or wrong.") from None
    return key, certificates


def _key_block(data: bytes) -> bytes:
    found = re.search(rb"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.+?-----END \1-----", data, re.DOTALL)
    if found is None:
        raise ValueError(_NOT_READ)
    return found.group() + b"\n"


def _of_intermediate(data: bytes | None) -> list[x509.Certificate]:
    if data is None:
        return []
    try:
        if b"-----BEGIN" in data:
            return x509.load_pem_x509_certificates(data)
        return [x509.load_der_x509_certificate(data)]
    except ValueError:
        raise ValueError("The intermediate is no certificate that can be read: PEM or DER (.cer).") from None


def _push_id(certificate: x509.Certificate) -> str:
    named = certificate.subject.get_attributes_for_oid(NameOID.USER_ID)
    push_id = str(named[0].value) if named else ""
    if not PUSH_ID.fullmatch(push_id):
        raise ValueError(
            "This is not the certificate of a Website Push ID: its user ID does not begin with web. (one for apps "
            "does not serve)."
        )
    return push_id


def _issuer(certificate: x509.Certificate, candidates: list[x509.Certificate]) -> x509.Certificate:
    if not candidates:
        raise ValueError("Apple's intermediate is missing: download the WWDR certificate that issued yours.")
    for each in candidates:
        try:
            certificate.verify_directly_issued_by(each)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return each
    wanted = certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    unit = re.sub(r"[^A-Za-z0-9 .-]", "", str(wanted[0].value))[:40] if wanted else ""
    which = f" ({unit})" if unit else ""
    raise ValueError(f"This is not the intermediate that issued the certificate: take the one of its issuer{which}.")
