"""Watch: ``backtest``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from segmenter.cli.database_file import open_model, workplace
from segmenter.cli.hidden_libraries import LINEAR_ALGEBRA, show
from segmenter.cli.options import (
    Database,
    Format,
    FormatOption,
    MemoryLimit,
    Quiet,
    Threads,
    Wait,
)
from segmenter.cli.source_options import LAST_DAY
from segmenter.cli.tables import Column, write_records
from segmenter.cli.terminal import results
from segmenter.formatting import counted, percent

if TYPE_CHECKING:
    from segmenter.evaluation.backtest import Outcome

__all__ = ["backtest"]

COLUMNS = (
    Column("ranking", "Ranking"),
    Column("segment", "Segment"),
    Column("segment_rank", "", "count"),
    Column("customers", "Customers", "count"),
    Column("repeat_rate", "Came\nagain", "share"),
    Column("later_orders", "Later\norders", "count"),
    Column("later_revenue", "Later\nrevenue", "revenue"),
    Column("mean_later_revenue", "Mean", "mean"),
    Column("share_of_later_revenue", "Of later\nrevenue", "share"),
    Column("model_id", ""),
    Column("as_of", ""),
    Column("until", ""),
)

STANDINGS = (
    Column("way", "Way to order customers"),
    Column("repeat_rate", "Came\nagain", "share"),
    Column("lowest_rate", "from", "share"),
    Column("highest_rate", "to", "share"),
    Column("share_of_later_revenue", "Of later\nrevenue", "share"),
    Column("lowest_share", "from", "share"),
    Column("highest_share", "to", "share"),
)

LIFECYCLE_COLUMNS = (
    Column("segment", "Segment"),
    Column("lifecycle", "Lifecycle"),
    Column("customers", "Customers", "count"),
    Column("repeat_rate", "Came\nagain", "share"),
    Column("repeat_rate_low", "from", "share"),
    Column("repeat_rate_high", "to", "share"),
    Column("mean_later_revenue", "Spent\nlater", "mean"),
    Column("mean_later_revenue_low", "from", "mean"),
    Column("mean_later_revenue_high", "to", "mean"),
)


def backtest(
    database: Database,
    as_of: Annotated[list[str], typer.Option(metavar="DATE", help=LAST_DAY, show_default=False)],
    until: Annotated[
        str | None,
        typer.Option(
            metavar="DATE",
            help="Last day, to its end, or moment that is measured.  [newest transaction]",
        ),
    ] = None,
    memory_limit: MemoryLimit = None,
    threads: Threads = None,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Fit what was known on an earlier day, and measure what its segments did afterwards.

    The source and the settings are those of the current model. Beside the segments stand the ways
    in which people order customers otherwise, cut into groups of as many: spend, orders, recent
    spend, RFM, BG/NBD, and segment and lifecycle together. The result can be unflattering. It is
    kept in `segments.backtest`, and what each segment and lifecycle did in
    `segments.segment_lifecycle`; nothing else is published. Several `--as-of` show the spread.

    Example: segmenter backtest shop.duckdb --as-of 2011-05-31

    Example: segmenter backtest shop.duckdb --as-of 2011-03-31 --as-of 2011-06-30
    """
    from segmenter.cli.console import listener
    from segmenter.operations.backtest import WAYS, who_wins
    from segmenter.operations.backtest import backtest as test

    with open_model(database, wait, quiet=quiet):
        pass  # a file without a model is refused before it is opened for writing
    progress = listener(quiet)
    with workplace(
        database, wait, quiet=quiet, memory_limit=memory_limit, threads=threads
    ) as place:
        show(LINEAR_ALGEBRA)
        result = test(place, as_of, until, progress=progress)
    if form is not Format.TABLE:
        write_records(COLUMNS, result.table, form)
        return
    outcome = result.outcome
    ours = [row for row in outcome.rows if row["ranking"] == "segments"]
    write_records(COLUMNS[1:], ours, form)
    results.line()
    rows = [{**row, "way": WAYS[row["ranking"]]} for row in result.standings]
    spread = any(row["days"] > 1 for row in rows)
    many = "" if spread else f"{ours[0]['customers']:,}, "
    if rows:
        results.line(
            f"The highest by each way to order customers: {many}as many as {ours[0]['segment']} "
            "has",
            style="bold",
        )
        columns = [one for one in STANDINGS if spread or not one.name.startswith(("low", "high"))]
        write_records(columns, rows, form)
    else:
        results.line("Nobody came again, so that no way to order customers is better than another.")
    for sentence in (*who_wins(result.table.records()), *_newcomers(outcome)):
        results.line(sentence)
    _show_lifecycle(outcome)


def _show_lifecycle(outcome: Outcome) -> None:
    """Write what each segment and lifecycle did, where the base tells a lifecycle."""
    from segmenter.operations.customers import LIFECYCLE
    from segmenter.operations.lifecycle import Lapsed

    known = [row for row in outcome.lifecycle if row["lifecycle"] is not None]
    if not known:
        return
    results.line()
    results.line("By segment and lifecycle of then, with 95 % intervals", style="bold")
    known.sort(key=lambda row: (row["segment_rank"], LIFECYCLE.index(row["lifecycle"])))
    write_records(LIFECYCLE_COLUMNS, known, Format.TABLE)
    late = [row for row in known if row["lifecycle"] == "lapsed"]
    if late:
        everybody, again = (
            sum(row[name] for row in late) for name in ("customers", "customers_again")
        )
        results.line(Lapsed(everybody, again, outcome.as_of, outcome.until).words())


def _newcomers(outcome: Outcome) -> Iterator[str]:
    """Say what no ranking could know."""
    if outcome.newcomers and outcome.later_revenue > 0:
        share = outcome.newcomers_revenue / outcome.later_revenue
        yield (
            f"{counted(outcome.newcomers, 'customer')} came only later, with "
            f"{percent(share, 1)} of the later revenue "
            "of all that are known: no ranking of that day could know them, and no "
            "row counts them."
        )
