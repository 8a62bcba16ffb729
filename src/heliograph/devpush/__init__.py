"""The bundled push service, the other side of the wire: for development, tests and demonstrations only.

It plays Google's, Mozilla's, Apple's and Microsoft's push services to senders (RFC 8030, strictly), and Mozilla's
WebSocket and Google's MCS servers to stock browsers, so that the whole loop runs on one machine with no account and no
internet.
"""

from heliograph.devpush.commands import BrowserCommands, browser_commands, chromium_switches, firefox_prefs
from heliograph.devpush.config import DevPushConfig
from heliograph.devpush.devpush import DevPush
from heliograph.devpush.faults import Fault, FaultKind
from heliograph.devpush.model import AckCode, Kind, Record, Registration, Service, Urgency
from heliograph.devpush.store import FileInUseError

__all__ = [
    "AckCode",
    "BrowserCommands",
    "DevPush",
    "DevPushConfig",
    "Fault",
    "FaultKind",
    "FileInUseError",
    "Kind",
    "Record",
    "Registration",
    "Service",
    "Urgency",
    "browser_commands",
    "chromium_switches",
    "firefox_prefs",
]
