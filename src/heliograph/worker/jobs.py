"""Which handler does which job: the one visible table."""

from collections.abc import Awaitable, Callable, Mapping

from heliograph.delivery.campaign_clock import look
from heliograph.delivery.dispatching import dispatch
from heliograph.delivery.entering import enter
from heliograph.delivery.fanout import fanout
from heliograph.delivery.finish import finish
from heliograph.delivery.forget import forget
from heliograph.delivery.give_up import give_up
from heliograph.delivery.look import look_around
from heliograph.delivery.machine import Machine
from heliograph.delivery.plan import plan
from heliograph.delivery.retain import retain
from heliograph.delivery.retire_keys import end_subscriptions
from heliograph.delivery.retry import retry
from heliograph.delivery.send import send
from heliograph.delivery.spread import spread
from heliograph.delivery.sweep import sweep
from heliograph.delivery.webhooks import hand_over, wake
from heliograph.delivery.winner import choose
from heliograph.names import JobName
from heliograph.queue.base import Job

Handler = Callable[[Machine, Job], Awaitable[None]]
"""Finishes its job inside the transaction of its effect. Runs again after a crash, so it is idempotent."""

HANDLERS: Mapping[str, Handler] = {
    JobName.PLAN: plan,
    JobName.FANOUT: fanout,
    JobName.SEND: send,
    JobName.RETRY: retry,
    JobName.FINISH: finish,
    JobName.GIVE_UP: give_up,
    JobName.SWEEP: sweep,
    JobName.RETAIN: retain,
    JobName.FORGET: forget,
    JobName.CAMPAIGN: look,
    JobName.DISPATCH: dispatch,
    JobName.WINNER: choose,
    JobName.ENTER: enter,
    JobName.ENTER_ITEM: spread,
    JobName.LOOK_AROUND: look_around,
    JobName.WEBHOOK: hand_over,
    JobName.WEBHOOK_WAKE: wake,
    JobName.END_SUBSCRIPTIONS: end_subscriptions,
}
