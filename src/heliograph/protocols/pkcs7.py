"""Detached PKCS #7 signatures (CMS SignedData, RFC 5652 section 5): DER, over bytes that travel beside them.

`openssl cms -verify -binary -inform DER -in SIGNATURE -content DATA` checks them.
"""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from cryptography.x509 import Certificate


def sign_detached(
    data: bytes,
    *,
    certificate: Certificate,
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    intermediates: Sequence[Certificate] = (),
) -> bytes:
    """Sign data with SHA-256; the certificates go inside, so that a verifier needs the root only.

    The time of signing is an attribute of the signature, and the library takes it from the system's clock.
    """
    builder = PKCS7SignatureBuilder().set_data(data).add_signer(certificate, key, SHA256())
    for each in intermediates:
        builder = builder.add_certificate(each)
    options = (PKCS7Options.DetachedSignature, PKCS7Options.Binary, PKCS7Options.NoCapabilities)
    return builder.sign(Encoding.DER, list(options))
