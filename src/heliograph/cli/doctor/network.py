"""What others see of this machine: its clock against a push service's, its public address from outside."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import msgspec

from heliograph.cli.doctor.finding import Finding, error, ok, skipped, warning
from heliograph.kit.http import FaultKind, HttpRequest, HttpResponse, HttpSender, TransportFault

TIME_SOURCE = "https://updates.push.services.mozilla.com/"
"""A push service's answer carries its time (RFC 9110 section 6.6.1), and theirs is the clock that counts."""
SKEW_WARNING, SKEW_ERROR = timedelta(seconds=30), timedelta(minutes=5)
_TIMEOUT = timedelta(seconds=5)
_OK = 200


async def clock_skew(sender: HttpSender, source: str, *, now: Callable[[], datetime]) -> Finding:
    """Whether this machine's clock is right: a token that expires in the past, or too far ahead, is refused.

    The clock is read when the answer has come: what was looked at before may have taken its time.
    """
    name = "clock_skew"
    answer = await sender.send(_get(source))
    if isinstance(answer, TransportFault):
        return skipped(name, f"The clock cannot be compared, because no push service can be reached ({answer.kind}).")
    try:
        theirs = parsedate_to_datetime(answer.headers.get("date", "")).astimezone(UTC)
    except ValueError:
        return skipped(name, "The clock cannot be compared: the push service does not say what time it is.")
    off = now() - theirs
    sentence = (
        f"This machine's clock is {abs(off).total_seconds():.0f} s {'ahead' if off > timedelta(0) else 'behind'}."
    )
    hint = "Switch on time synchronisation (timedatectl set-ntp true)."
    if abs(off) > SKEW_ERROR:
        return error(name, sentence, hint)
    return warning(name, sentence, hint) if abs(off) > SKEW_WARNING else ok(name, "The clock is right.")


async def public_answer(sender: HttpSender, url: str) -> Finding:
    """Whether Heliograph answers at its public address."""
    name = "public_answer"
    # One's own public name may well lead inside, as seen from here.
    answer = await sender.send(_get(f"{url}/health/live", may_be_inside=True))
    if isinstance(answer, TransportFault):
        if answer.kind is FaultKind.TLS:
            hint = "Renew the certificate, and let the reverse proxy send all of its chain: browsers refuse it too."
            return error(name, f"The certificate of {url} is not one that can be believed.", hint)
        hint = "Try it from outside; if that works, this machine alone cannot reach its public address."
        return warning(name, f"{url} cannot be reached from this machine ({answer.kind}).", hint)
    if not _is_ours(answer):
        hint = "Let the reverse proxy pass everything below / to Heliograph's port."
        return error(name, f"Something else than Heliograph answers at {url} (status {answer.status}).", hint)
    return ok(name, f"Heliograph answers at {url}.")


def _is_ours(answer: HttpResponse) -> bool:
    try:
        return answer.status == _OK and msgspec.json.decode(answer.body) == {"status": "alive"}
    except msgspec.DecodeError:
        return False


def _get(url: str, *, may_be_inside: bool = False) -> HttpRequest:
    may = may_be_inside or url.startswith("http://")
    return HttpRequest("GET", url, (("Accept", "*/*"),), b"", allow_plain=may, timeout=_TIMEOUT)
