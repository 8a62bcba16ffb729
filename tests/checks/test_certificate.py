"""Whether the certificate holds."""

from datetime import timedelta

import pytest
from tests.support.sites import NOW, complaints, with_domain

from heliograph.checks.certificate import CertificateCheck
from heliograph.domain.site import Certificate


@pytest.mark.parametrize(
    ("certificate", "expected"),
    [
        (Certificate(NOW + timedelta(days=10)), set()),
        (Certificate(NOW + timedelta(days=9, hours=23)), {"certificate.expiring"}),
        (Certificate(fault="certificate has expired"), {"certificate.untrusted"}),
        (Certificate(), set()),
        (None, set()),
    ],
)
def test_a_certificate_is_judged_by_its_end(certificate: Certificate | None, expected: set[str]) -> None:
    """Ten days before its end something is wrong with renewing it."""
    assert complaints(list(CertificateCheck().look(with_domain(certificate=certificate)))) == expected
