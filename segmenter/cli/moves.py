"""Watch: ``moves``, who changed segment between two moments."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmenter.cli.database_file import open_model
from segmenter.cli.options import Database, Format, FormatOption, Limit, Quiet, SafeCsv, Wait
from segmenter.cli.tables import Column, write
from segmenter.cli.terminal import results
from segmenter.errors import SegmenterError, first_line
from segmenter.formatting import counted, percent, visible
from segmenter.schema.connection import first_row
from segmenter.schema.names import SCHEMA

if TYPE_CHECKING:
    import duckdb

__all__ = ["moves"]

COLUMNS = (
    Column("segment_from", "From"),
    Column("segment_to", "To"),
    Column("customers", "Customers", "count"),
    Column("revenue_from", "Revenue\nthen", "revenue"),
    Column("revenue_to", "Revenue\nlater", "revenue"),
    Column("rank_from", "", "count"),
    Column("rank_to", "", "count"),
)

CUSTOMER_COLUMNS = (
    Column("customer_id", "Customer"),
    Column("segment_from", "From"),
    Column("segment_to", "To"),
    Column("rank_change", "", "count"),
    Column("monetary_from", "Monetary\nthen", "money"),
    Column("monetary_to", "later", "money"),
    Column("frequency_from", "Orders\nthen", "count"),
    Column("frequency_to", "later", "count"),
    Column("last_order_at", "Last order"),
)


def moves(
    database: Database,
    from_moment: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="DATE",
            help="Day, to its end, or moment: who was where then?",
            show_default=False,
        ),
    ],
    to_moment: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="DATE",
            help="Day, to its end, or moment: who is where now?  [newest transaction]",
        ),
    ] = None,
    customers: Annotated[
        bool, typer.Option("--customers", help="List who moved, the largest change of spend first.")
    ] = False,
    limit: Limit = 100,
    form: FormatOption = Format.TABLE,
    safe_csv: SafeCsv = True,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Show who changed segment between two moments, under the rules as they are.

    The table counts customers, from a segment in each row to one in each column. CSV and JSON have
    the rows of segments.segment_moves(from, to), or with --customers of segments.customer_moves.

    Example: segmenter moves shop.duckdb --from 2010-12-31 --to 2011-12-09

    Example: segmenter moves shop.duckdb --from 2011-06-30 --customers --format csv
    """
    from segmenter.sources.source import parse_moment

    start = parse_moment(from_moment, "--from")
    end = None if to_moment is None else parse_moment(to_moment, "--to")
    if end is not None and end <= start:
        raise SegmenterError(f"--from {from_moment} must be before --to {to_moment}.")
    with open_model(database, wait, quiet=quiet) as con:
        if customers:
            many = f"limit {limit}" if limit else ""
            rows = _ask(con, "customer_moves", start, end, many, quiet=quiet)
            write(CUSTOMER_COLUMNS, rows, form, safe_csv=safe_csv)
            return
        rows = _ask(con, "segment_moves", start, end, quiet=quiet)
        if not any(row[0] for row in rows):
            raise SegmenterError(_nobody(con, from_moment))
        if form is Format.TABLE:
            _show_matrix(rows, can_fall=_can_fall(con))
        else:
            write(COLUMNS, rows, form, safe_csv=safe_csv)


def _ask(
    con: duckdb.DuckDBPyConnection,
    macro: str,
    start: datetime,
    end: datetime | None,
    limit: str = "",
    *,
    quiet: bool,
) -> list[tuple[Any, ...]]:
    import duckdb

    from segmenter.cli.console import waiting

    query = f"select * from {SCHEMA}.{macro}($1::timestamp, $2::timestamp) {limit}"
    try:
        with waiting("Adding up customers at both moments", quiet):
            return con.execute(query, [start, end]).fetchall()
    except duckdb.InvalidInputException as error:
        raise SegmenterError(first_line(error)) from None


def _nobody(con: duckdb.DuckDBPyConnection, from_moment: str) -> str:
    (first,) = first_row(
        con, f"select min(first_order_at) from {SCHEMA}.customer_segments_at(null)"
    )
    when = (
        f"the first order is of {str(first).removesuffix(':00')}" if first else "no row has a date"
    )
    return f"nobody was a customer at --from {from_moment}: {when}. Name a later day."


def _can_fall(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether anybody can come to a lower segment: by a refund, or by leaving a time window."""
    (source,) = first_row(con, f"select source from {SCHEMA}.models where is_current")
    refund = f"select 1 from {SCHEMA}.transactions where amount < 0 limit 1"
    return "window" in json.loads(source) or bool(first_row(con, refund))


def _show_matrix(rows: list[tuple[Any, ...]], *, can_fall: bool) -> None:
    """Write a table with a row for each earlier segment and a column for each later one."""
    later = sorted({(row[6], row[1]) for row in rows if row[1]})
    earlier = sorted({(row[5], row[0]) for row in rows if row[0]})
    counts = {(row[0], row[1]): row[2] for row in rows}
    columns = [
        Column("segment_from", "From \\ to"),
        *(Column(n, visible(n), "count") for _, n in later),
    ]
    has_left = any(row[1] is None for row in rows)
    if has_left:
        columns.append(Column("left", "Out of the window", "count"))
    names = [name for _, name in later] + [None] * has_left
    body = [
        (start or "Not a customer yet", *(counts.get((start, end), 0) for end in names))
        for start in [*(name for _, name in earlier), None]
    ]
    write(columns, body, Format.TABLE)
    up, down = (
        sum(row[2] for row in rows if row[5] and row[6] and sign * (row[5] - row[6]) > 0)
        for sign in (1, -1)
    )
    there = sum(row[2] for row in rows if row[0])
    new = sum(row[2] for row in rows if not row[0])
    results.line(
        f"Of {counted(there, 'customer')} {percent((up + down) / there, 1)} changed segment: "
        f"{up:,} up{f', {down:,} down' * can_fall}. {new:,} came new."
    )
