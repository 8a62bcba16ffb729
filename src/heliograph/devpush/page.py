"""The one page for people: what this is, and how to point a browser at it."""

from html import escape
from typing import Any

from heliograph.devpush.commands import BrowserCommands

_STYLE = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:58rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.05rem;margin:1.4rem 0 .3rem}pre{background:#8882;padding:.7rem;border-radius:.4rem;
white-space:pre-wrap;overflow-wrap:anywhere;font-size:.82rem;margin:.2rem 0}
dl{display:flex;flex-wrap:wrap;gap:.4rem 2rem;margin:0}
dt{font-size:.8rem;opacity:.7}dd{margin:0;font-size:1.3rem;font-variant-numeric:tabular-nums}
"""

_SHOWN = (
    ("subscriptions", "subscriptions"),
    ("connected_user_agents", "user agents connected"),
    ("accepted", "messages accepted"),
    ("acked", "acknowledged"),
    ("pending_messages", "waiting"),
    ("refused", "refused"),
)


def render(commands: BrowserCommands, status: dict[str, Any]) -> str:
    """Return the page."""
    numbers = "".join(f"<div><dt>{escape(label)}</dt><dd>{status[name]}</dd></div>" for name, label in _SHOWN)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>devpush: a push service of your own</title>
<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>
<h1>devpush: a push service of your own</h1>
<p>In production, a browser receives through the push service of Google, Mozilla, Apple or Microsoft. This program plays
all four on this machine, so that real browsers receive real encrypted push with no account and no internet. It is for
development only.</p>
<dl>{numbers}</dl>
<h2>Open a Chromium that receives through this service</h2>
<pre>{escape(commands.chromium)}</pre>
<h2>Open a Firefox that receives through this service</h2>
<pre>{escape(commands.firefox)}</pre>
<h2>Or set these in the <code>user.js</code> of a Firefox profile</h2>
<pre>{escape(commands.firefox_prefs)}</pre>
<h2>See and disturb</h2>
<pre>GET  /devpush/status                      counts
GET  /devpush/messages?endpoint=…         what an endpoint was sent, and what became of it
GET  /devpush/subscriptions               every subscription
GET  /devpush/events                      everything as it happens (server-sent events)
POST /devpush/faults                      {{"kind":"status","status":429,"service":"fcm","times":3}}
POST /devpush/disconnect, /devpush/forget {{}} for all, or {{"endpoint":"…"}}</pre>
</body></html>
"""
