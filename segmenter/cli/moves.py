"""Watch: ``moves``, who changed segment between two moments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmenter.cli.database_file import open_model
from segmenter.cli.options import (
    Database,
    Format,
    FormatOption,
    Limit,
    Quiet,
    SafeCsv,
    Wait,
    rows_at_most,
)
from segmenter.cli.tables import Column, write, write_records
from segmenter.cli.terminal import results
from segmenter.formatting import counted, percent, visible

if TYPE_CHECKING:
    from segmenter.operations.moves import Moves

__all__ = ["moves"]

COLUMNS = (
    Column("segment_from", "From"),
    Column("segment_to", "To"),
    Column("customers", "Customers", "count"),
    Column("revenue_from", "Revenue\nthen", "revenue"),
    Column("revenue_to", "Revenue\nlater", "revenue"),
    Column("segment_rank_from", "", "count"),
    Column("segment_rank_to", "", "count"),
)

CUSTOMER_COLUMNS = (
    Column("customer_id", "Customer"),
    Column("segment_from", "From"),
    Column("segment_to", "To"),
    Column("ranks_up", "", "count"),
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
    limit: Limit = None,
    form: FormatOption = Format.TABLE,
    safe_csv: SafeCsv = True,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Show who changed segment between two moments, under the rules as they are.

    The table counts customers, from a segment in each row to one in each column. CSV and JSON have
    the rows of segments.segment_moves, or with --customers of segments.customer_moves.

    Example: segmenter moves shop.duckdb --from 2010-12-31 --to 2011-12-09

    Example: segmenter moves shop.duckdb --from 2011-06-30 --customers --format csv
    """
    from segmenter.cli.console import waiting
    from segmenter.operations.moves import customer_moves
    from segmenter.operations.moves import moves as moves_between
    from segmenter.sources.moments import parse_moment

    for moment, option in ((from_moment, "--from"), (to_moment, "--to")):
        if moment is not None:
            parse_moment(moment, option)
    with open_model(database, wait, quiet=quiet) as con:
        words = "Adding up customers at both moments"
        if customers:
            asked = customer_moves(con, from_moment, to_moment, limit=rows_at_most(limit, form))
            with waiting(words, quiet):
                rows = list(asked.rows([column.name for column in CUSTOMER_COLUMNS]))
            write(CUSTOMER_COLUMNS, rows, form, safe_csv=safe_csv)
            return
        with waiting(words, quiet):
            found = moves_between(con, from_moment, to_moment)
    if form is Format.TABLE:
        _show_matrix(found)
    else:
        write_records(COLUMNS, found.table, form, safe_csv=safe_csv)


def _show_matrix(found: Moves) -> None:
    """Write a table with a row for each earlier segment and a column for each later one."""
    pairs = found.table.records()
    later = _in_order(pairs, "segment_to", "segment_rank_to")
    earlier = _in_order(pairs, "segment_from", "segment_rank_from")
    counts = {(row["segment_from"], row["segment_to"]): row["customers"] for row in pairs}
    columns = [
        Column("segment_from", "From \\ to"),
        *(Column(name, visible(name), "count") for name in later),
    ]
    has_left = any(row["segment_to"] is None for row in pairs)
    if has_left:
        columns.append(Column("left", "Out of the window", "count"))
    names = [*later, *([None] * has_left)]
    body = [
        (start or "Not a customer yet", *(counts.get((start, end), 0) for end in names))
        for start in [*earlier, None]
    ]
    write(columns, body, Format.TABLE)
    share = (found.risen + found.fallen) / found.customers
    down = f", {found.fallen:,} down" if found.can_fall else ""
    results.line(
        f"Of {counted(found.customers, 'customer')} {percent(share, 1)} changed segment: "
        f"{found.risen:,} up{down}. {found.newcomers:,} came new."
    )


def _in_order(pairs: list[dict[str, Any]], segment: str, rank: str) -> list[str]:
    """Return the segments of one of the two moments, highest first."""
    known = {(row[rank], row[segment]) for row in pairs if row[segment]}
    return [name for _, name in sorted(known)]
