"""What became of a prompt campaign, as a table: an event per line, a variant per column."""

from rich.table import Table

from heliograph.api.admin.prompt_statistics import PromptStatisticsView
from heliograph.cli import screen


def prompt_table(found: PromptStatisticsView) -> Table:
    """Return the counts of all events, and how many of those who were asked said yes."""
    columns = (found.total, *found.variants)
    heads = ("event", *(one.variant or "all" for one in columns))
    rows = [(event, *(one.events.get(event, 0) for one in columns)) for event in found.total.events]
    rates = [f"{one.subscribed_rate:.2%}" for one in columns]
    return screen.table(None, heads, [*rows, ("subscribed, of shown", *rates)])
