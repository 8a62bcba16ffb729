"""Ways of sending: one file or folder per channel, one line here. `base.py` says what a provider owes."""

from collections.abc import Callable

from heliograph.providers.base import Provider
from heliograph.providers.webpush import WebPush

PROVIDERS: tuple[Callable[[], Provider], ...] = (WebPush,)
"""Makers of all providers; a provider may keep a cache, so each process makes its own."""
