"""Checks of a customer's set-up: one file per question. A new one is one file, one line here, one test."""

from heliograph.checks.base import Check
from heliograph.checks.certificate import CertificateCheck
from heliograph.checks.clock import ClockCheck
from heliograph.checks.cname import CnameCheck
from heliograph.checks.content_type import ContentTypeCheck
from heliograph.checks.csp import CspCheck
from heliograph.checks.https import HttpsCheck
from heliograph.checks.manifest import ManifestCheck
from heliograph.checks.no_redirect import NoRedirectCheck
from heliograph.checks.origin import OriginCheck
from heliograph.checks.reachable import ReachableCheck
from heliograph.checks.root_files import RootFilesCheck
from heliograph.checks.script_tag import ScriptTagCheck
from heliograph.checks.service import ServiceCheck
from heliograph.checks.vapid_key import VapidKeyCheck
from heliograph.checks.worker import WorkerCheck

CHECKS: tuple[Check, ...] = (
    ServiceCheck(),
    ReachableCheck(),
    HttpsCheck(),
    CertificateCheck(),
    OriginCheck(),
    ScriptTagCheck(),
    RootFilesCheck(),
    ContentTypeCheck(),
    NoRedirectCheck(),
    WorkerCheck(),
    ManifestCheck(),
    CspCheck(),
    CnameCheck(),
    VapidKeyCheck(),
    ClockCheck(),
)
"""In the order of the report: what hinders most comes first."""

__all__ = ["CHECKS", "Check"]
