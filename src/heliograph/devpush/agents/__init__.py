"""Simulated user agents: they subscribe, receive, decrypt, show, click and report by the thousand, in one process.

Each one has keys of its own and talks to devpush over Firefox's real WebSocket protocol, and to Heliograph over its
public API.
"""

from heliograph.devpush.agents.agent import Agent, Arrival, Counts
from heliograph.devpush.agents.fleet import AgentFleet
from heliograph.devpush.agents.payload import Payload, PayloadError, parse_payload
from heliograph.devpush.agents.site import HeliographSite, SiteError
from heliograph.devpush.agents.summary import Summary, percentile

__all__ = [
    "Agent",
    "AgentFleet",
    "Arrival",
    "Counts",
    "HeliographSite",
    "Payload",
    "PayloadError",
    "SiteError",
    "Summary",
    "parse_payload",
    "percentile",
]
