"""Use: ``segments``, ``rules`` and ``classify``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmenter.cli.answering import answering
from segmenter.cli.database_file import open_model
from segmenter.cli.engine_options import There
from segmenter.cli.options import ByLifecycle, Database, Format, FormatOption, Live, Quiet, Wait
from segmenter.cli.tables import Column, write, write_records
from segmenter.cli.terminal import messages, results
from segmenter.errors import SegmenterError
from segmenter.formatting import day
from segmenter.schema.names import SNAPSHOT, SUMMARY, SUMMARY_OF_SNAPSHOT

if TYPE_CHECKING:
    import duckdb

__all__ = ["classify", "rules", "segments"]

RULE_COLUMNS = (
    Column("frequency_from", "Frequency from", "count"),
    Column("frequency_to", "to", "count"),
    Column("monetary_from", "Monetary from", "money"),
    Column("monetary_below", "below", "money"),
    Column("segment", "Segment"),
    Column("segment_rank", "Rank", "count"),
)


LIFECYCLE_COLUMNS = (
    Column("segment", "Segment"),
    Column("segment_rank", "", "count"),
    Column("lifecycle", "Lifecycle"),
    Column("customers", "Customers", "count"),
    Column("share_of_customers", "Share", "share"),
    Column("revenue", "Revenue", "revenue"),
    Column("share_of_revenue", "Of ident.\nrevenue", "share"),
    Column("repeat_rate", "Came\nagain", "share"),
    Column("repeat_rate_low", "from", "share"),
    Column("repeat_rate_high", "to", "share"),
    Column("mean_later_revenue", "Spent\nlater", "mean"),
    Column("mean_later_revenue_low", "from", "mean"),
    Column("mean_later_revenue_high", "to", "mean"),
    Column("measured_customers", "", "count"),
    Column("as_of", ""),
    Column("until", ""),
)


def segments(
    database: Database,
    by_lifecycle: ByLifecycle = False,
    audit: Annotated[
        bool, typer.Option("--audit", help="Also tell how the segments came about.")
    ] = False,
    live: Live = True,
    dsn: There = None,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Show the segments: customers, revenue, means.

    By lifecycle they have what a backtest has measured of such customers, too. With --dsn they are
    those of PostgreSQL, where the model was fitted, as its published views have them, or with
    --snapshot as of the last refresh there.

    Example: segmenter segments shop.duckdb

    Example: segmenter segments shop.duckdb --snapshot --format csv

    Example: segmenter segments shop.duckdb --by-lifecycle
    """
    from segmenter.cli.summary import show_audit, show_segments

    customers = "customer_segments" if live else SNAPSHOT
    summary = SUMMARY if live else SUMMARY_OF_SNAPSHOT
    views = {customers: True} if by_lifecycle else {summary: True, customers: False}
    with answering(database, wait, dsn, views, customers=by_lifecycle, quiet=quiet) as con:
        if by_lifecycle:
            _show_lifecycle(con, form, snapshot=not live, quiet=quiet)
        else:
            rows = show_segments(con, form, snapshot=not live, quiet=quiet)
            if form is Format.TABLE and not quiet:
                _say_what_whales_do(rows[0])
        if audit:
            # sentences are no part of CSV or JSON
            show_audit(con, to=results if form is Format.TABLE else messages)


def _say_what_whales_do(top: dict[str, Any]) -> None:
    """Say what the mean of the highest segment is without the few who make most of it."""
    mean, without = top["mean_monetary"], top["mean_monetary_without_whales"]
    if mean is not None and without is not None and mean != without:
        messages.line(
            f"The mean of {top['segment']} is {mean:,.2f} with its whales and {without:,.2f} "
            "without them."
        )


def _show_lifecycle(
    con: duckdb.DuckDBPyConnection, form: Format, *, snapshot: bool, quiet: bool
) -> None:
    """Write segments by lifecycle, and what the measured columns are of."""
    from segmenter.cli.console import waiting
    from segmenter.operations.lifecycle import lapsed, segment_lifecycle

    with waiting("Adding up customers", quiet):
        rows = segment_lifecycle(con, snapshot=snapshot).records()
    measured = next((row for row in rows if row["as_of"] is not None), None)
    is_bare = measured is None and form is Format.TABLE
    write_records(LIFECYCLE_COLUMNS[:7] if is_bare else LIFECYCLE_COLUMNS, rows, form)
    if form is not Format.TABLE:
        return
    if measured is None:
        results.line(
            "Not measured yet: who comes again, the lapsed too, and what they spend then. "
            "segmenter backtest DB --as-of DATE measures it."
        )
        return
    results.line(
        f"Came again and spent later: of customers of the same segment and lifecycle on "
        f"{day(measured['as_of'])}, up to {day(measured['until'])}, with 95 % intervals."
    )
    known = lapsed(con)
    if known is not None:
        results.line(known.words())


def rules(
    database: Database,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Show the rules of the current model: which spend and how many orders lead where.

    As a table they are sentences; CSV and JSON have the rows of segments.segment_rules.

    Example: segmenter rules shop.duckdb
    """
    from segmenter.operations.describe import line_sentences, rule_sentences
    from segmenter.operations.segments import rules as rules_of

    with open_model(database, wait, quiet=quiet) as con:
        if form is Format.TABLE:
            for sentence in rule_sentences(con):
                results.line(sentence)
            for sentence in line_sentences(con):
                results.line(sentence)
        else:
            write_records(RULE_COLUMNS, rules_of(con), form)


def classify(
    database: Database,
    monetary: Annotated[
        float, typer.Argument(metavar="MONETARY", help="What the customer has spent.")
    ],
    frequency: Annotated[float, typer.Argument(metavar="FREQUENCY", help="In how many orders.")],
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Tell the segment of a customer who has spent so much in so many orders.

    Example: segmenter classify shop.duckdb 250 3
    """
    from math import isfinite

    from segmenter.operations.classify import classify as segments_of

    for name, value in (("MONETARY", monetary), ("FREQUENCY", frequency)):
        if not isfinite(value):
            raise SegmenterError(f"{name} must be a finite number, not {value}.")
    with open_model(database, wait, quiet=quiet) as con:
        (segment,) = segments_of(con, monetary, frequency)
    if form is Format.TABLE:
        results.line(str(segment))
    else:
        columns = (Column("monetary", ""), Column("frequency", ""), Column("segment", ""))
        write(columns, [[monetary, frequency, segment]], form)
