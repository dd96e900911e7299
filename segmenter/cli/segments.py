"""Use: ``segments``, ``rules`` and ``classify``."""

from __future__ import annotations

from typing import Annotated

import typer

from segmenter.cli.database_file import open_model
from segmenter.cli.options import Database, Format, FormatOption, Live, Quiet, Wait
from segmenter.cli.tables import Column, write, write_records
from segmenter.cli.terminal import messages, results
from segmenter.errors import SegmenterError

__all__ = ["classify", "rules", "segments"]

RULE_COLUMNS = (
    Column("frequency_from", "Frequency from", "count"),
    Column("frequency_to", "to", "count"),
    Column("monetary_from", "Monetary from", "money"),
    Column("monetary_below", "below", "money"),
    Column("segment", "Segment"),
    Column("segment_rank", "Rank", "count"),
)


def segments(
    database: Database,
    audit: Annotated[
        bool, typer.Option("--audit", help="Also tell how the segments came about.")
    ] = False,
    live: Live = True,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Show the segments: customers, revenue, means.

    Example: segmenter segments shop.duckdb

    Example: segmenter segments shop.duckdb --snapshot --format csv
    """
    from segmenter.cli.summary import show_audit, show_segments

    with open_model(database, wait, quiet=quiet) as con:
        show_segments(con, form, snapshot=not live, quiet=quiet)
        if audit:
            # sentences are no part of CSV or JSON
            show_audit(con, to=results if form is Format.TABLE else messages)


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
    from segmenter.operations.describe import rule_sentences
    from segmenter.operations.segments import rules as rules_of

    with open_model(database, wait, quiet=quiet) as con:
        if form is Format.TABLE:
            for sentence in rule_sentences(con):
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
