"""Web Push to every browser: payload, headers, encryption, and what each push service's answers mean."""

from heliograph.providers.webpush.provider import WebPush

__all__ = ["WebPush"]
