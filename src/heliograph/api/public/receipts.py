"""Receipts: that a notification was displayed, clicked or dismissed. `/v1/public/receipts`.

Also taken as text/plain with the key in the query: then a browser sends no preflight, and `sendBeacon` or a keep-alive
request gets through while the page is being left.
"""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import post
from litestar.params import JSONBody

from heliograph.actions import receipts
from heliograph.actions.receipts import MAX_RECEIPTS, ReceiptFault, Reported
from heliograph.api.forms import Form, View
from heliograph.api.operation import operation
from heliograph.api.public.access import Page
from heliograph.api.wired import Wired
from heliograph.domain.delivery import ReceiptEvent
from heliograph.names import Metric
from heliograph.storage.receipts import Receipt

_TOKEN = "dlv_3f2a9c0d1e4b5a69788796a5b4c3d2e1.2mXo9rQ0c8kVhY7L"  # noqa: S105 - an example


class ReceiptForm(Form, frozen=True, kw_only=True):
    """One report. `at` is brought between 30 days ago and now; without it the report is of now."""

    delivery: str
    event: ReceiptEvent
    action: str | None = None
    at: datetime | None = None


class ReceiptsForm(Form, frozen=True, kw_only=True):
    """Some reports. Each is read by itself, so that one that is odd does not take the others down."""

    receipts: Annotated[
        list[msgspec.Raw],
        msgspec.Meta(
            min_length=1,
            max_length=MAX_RECEIPTS,
            description="Each has `delivery` (the payload's `heliograph.d`) and `event` (`displayed`, `clicked` or "
            "`dismissed`), and may have `action` (the button that was pressed) and `at`.",
        ),
    ]


class RefusedReceiptView(View, frozen=True, kw_only=True):
    """A report that was not taken, by its place in the call."""

    index: int
    code: ReceiptFault


class ReceiptsView(View, frozen=True, kw_only=True):
    """How many reports were taken, those that were known already included, and which were not."""

    accepted: int
    refused: list[RefusedReceiptView]


@post(
    "/receipts",
    status_code=202,
    summary="Report what became of notifications",
    tags=["Public"],
    opt=operation(
        example={"receipts": [{"delivery": _TOKEN, "event": "displayed", "at": "2026-03-14T09:26:53Z"}]},
        content_types=("application/json", "text/plain"),
    ),
)
async def create_receipts(data: JSONBody[ReceiptsForm], page: Page, heliograph: Wired) -> ReceiptsView:
    """Take reports of the service worker. Repeating one changes nothing; it may come before we know of the delivery."""
    ctx = heliograph.context()
    results = [_checked(raw, page, ctx.now) for raw in data.receipts]
    good = [result for result in results if isinstance(result, Receipt)]
    if good:
        async with heliograph.store.begin() as tx:
            await receipts.record(tx, ctx, project_id=page.project.id, reported=good)
        for receipt in good:
            heliograph.meters.add(Metric.RECEIPTS, event=receipt.event)
    refused = [
        RefusedReceiptView(index=index, code=result)
        for index, result in enumerate(results)
        if isinstance(result, ReceiptFault)
    ]
    return ReceiptsView(accepted=len(good), refused=refused)


def _checked(raw: msgspec.Raw, page: Page, now: datetime) -> Receipt | ReceiptFault:
    try:
        form = msgspec.json.decode(raw, type=ReceiptForm)
    except msgspec.DecodeError:
        return ReceiptFault.MALFORMED
    reported = Reported(form.delivery, form.event, form.action, form.at)
    return receipts.check(reported, receipt_key=page.project.receipt_key, now=now)


ROUTES = (create_receipts,)
