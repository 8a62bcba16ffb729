"""Whether traces are wanted, by OpenTelemetry's own variables, and what of their values cannot be served.

Everything else is read by OpenTelemetry's SDK itself; `docs/howto/trace.md` names what matters.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_PROTOCOL = "http/protobuf"


def is_wanted(environ: Mapping[str, str]) -> bool:
    """Tell whether traces are to be handed to a collector.

    Raises:
        ValueError: they are, but not in a way that can be; the sentence says what to change.
    """
    name, endpoint = _first(environ, ENDPOINTS)
    is_off = _value(environ, "OTEL_SDK_DISABLED").lower() == "true"
    exporter = _value(environ, "OTEL_TRACES_EXPORTER").lower() or "otlp"
    if not endpoint or is_off or exporter == "none":
        return False
    if exporter != "otlp":
        raise ValueError("OTEL_TRACES_EXPORTER must be otlp, or none for no traces.")
    try:
        is_url = urlsplit(endpoint).scheme in {"http", "https"} and bool(urlsplit(endpoint).hostname)
    except ValueError:
        is_url = False
    if not is_url:
        raise ValueError(f"{name} must be an address such as http://localhost:4318.")
    name, protocol = _first(environ, _PROTOCOLS)
    if protocol not in {"", _PROTOCOL}:
        raise ValueError(f"{name} must be {_PROTOCOL}, which collectors take at port 4318.")
    return True


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, str]:
    return next(((name, _value(environ, name)) for name in names if _value(environ, name)), ("", ""))


def _value(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name, "").strip()
