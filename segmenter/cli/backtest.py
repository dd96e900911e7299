"""Watch: ``backtest``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmenter.cli.database_file import open_model, workplace
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
from segmenter.formatting import counted, day, percent

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
    as_of: Annotated[str, typer.Option(metavar="DATE", help=LAST_DAY, show_default=False)],
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

    The source and the settings are those of the current model. Beside the segments stands a plain
    ranking by spend, cut into groups of as many customers, so that the result can also be
    unflattering. It is kept in `segments.backtest`, and what each segment and lifecycle did in
    `segments.segment_lifecycle`; nothing else is published.

    Example: segmenter backtest shop.duckdb --as-of 2011-05-31
    """
    from segmenter.cli.console import listener
    from segmenter.operations.backtest import backtest as test
    from segmenter.training.warm_up import warm_up

    with open_model(database, wait, quiet=quiet):
        pass  # a file without a model is refused before it is opened for writing
    progress = listener(quiet)
    with workplace(
        database, wait, quiet=quiet, memory_limit=memory_limit, threads=threads
    ) as place:
        warm_up(progress)
        outcome = test(place, as_of, until, progress=progress).outcome
    write_records(COLUMNS, outcome.rows, form)
    if form is Format.TABLE:
        results.line()
        for sentence in _sentences(outcome):
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


def _sentences(outcome: Outcome) -> Iterator[str]:
    """Compare the two rankings by the share of the top group, and say what neither could know."""
    top: dict[str, Any] = {row["ranking"]: row for row in outcome.rows if row["segment_rank"] == 1}
    customers = top["segments"]["customers"]
    ours, theirs = (top[name]["share_of_later_revenue"] for name in ("segments", "spend"))
    if customers and ours is not None:
        yield (
            f"Of what customers known on {day(outcome.as_of)} spent up to "
            f"{day(outcome.until)}, {percent(ours, 1)} came from the {customers:,} of "
            f"{top['segments']['segment']}; the {customers:,} with the highest spend, as many, "
            f"made {percent(theirs, 1)}. {_verdict(ours, theirs)}"
        )
        yield (
            f"{percent(top['segments']['repeat_rate'], 1)} of the ones came again, "
            f"{percent(top['spend']['repeat_rate'], 1)} of the others."
        )
    if outcome.newcomers and outcome.later_revenue > 0:
        share = outcome.newcomers_revenue / outcome.later_revenue
        yield (
            f"{counted(outcome.newcomers, 'customer')} came only later, with "
            f"{percent(share, 1)} of the later revenue "
            "of all that are known: no ranking of that day could know them, and no "
            "row counts them."
        )


def _verdict(ours: float, theirs: float) -> str:
    if percent(ours, 1) == percent(theirs, 1):
        return "The two rankings find the same money."
    better = "The segments find" if ours > theirs else "The plain ranking by spend finds"
    return f"{better} more of it, by {abs(ours - theirs) * 100:.1f} points."
