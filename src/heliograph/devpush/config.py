"""How a devpush is set up."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DevPushConfig:
    """Addresses, files and limits. Port 0 takes any free port.

    Attributes:
        file: where registrations and undelivered messages are kept; None keeps them in memory.
        cert_dir: where CA and certificate are kept; by default beside `file`, else in a temporary directory.
        public_url: origin that plain endpoints are given out under, where a port mapping makes it differ from
            `http://host:port`.
        window: messages that may be on their way to one user agent without an ack.
        resend_after: how long until a message whose ack a fault swallowed is sent again.
        heartbeat_ms: the interval that Chromium is told to send heartbeats in; None leaves it its own.
        max_streams: concurrent HTTP/2 streams that one connection may open.
        seed: start of the random numbers behind a fault's `probability`.
        logs_requests: whether each request to an endpoint is written to the log.
    """

    host: str = "127.0.0.1"
    http_port: int = 8972
    tls_port: int = 8973
    mcs_port: int = 8974
    file: Path | None = None
    cert_dir: Path | None = None
    public_url: str | None = None
    window: int = 1000
    resend_after: timedelta = timedelta(seconds=1)
    heartbeat_ms: int | None = None
    max_streams: int = 100
    seed: int = 0
    logs_requests: bool = False
