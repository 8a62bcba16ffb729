"""Names that processes, logs and metrics agree on, once."""

from enum import StrEnum


class JobName(StrEnum):
    """What a row of the queue asks a worker to do; `worker/jobs.py` maps each to its handler."""

    PLAN = "delivery.plan"
    FANOUT = "delivery.fanout"
    SEND = "delivery.send"
    RETRY = "delivery.retry"
    FINISH = "delivery.finish"
    SWEEP = "maintenance.sweep"


class Scope(StrEnum):
    """What a secret API key may do. `manage` includes the two others, `send` does not include `read`."""

    READ = "read"
    SEND = "send"
    MANAGE = "manage"


class Channel(StrEnum):
    """What a subscription is on."""

    WEB = "web"
