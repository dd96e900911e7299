"""Use: ``customers``, the list of whom to act on."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmenter.cli.database_file import open_model
from segmenter.cli.options import (
    Database,
    Format,
    FormatOption,
    Limit,
    Live,
    Quiet,
    SafeCsv,
    Wait,
)
from segmenter.cli.tables import Column, write
from segmenter.cli.terminal import messages
from segmenter.errors import SegmenterError, did_you_mean
from segmenter.formatting import counted
from segmenter.schema.connection import first_row
from segmenter.schema.names import SCHEMA, SNAPSHOT

if TYPE_CHECKING:
    import duckdb

__all__ = ["customers"]

COLUMNS = (
    Column("customer_id", "Customer"),
    Column("monetary", "Monetary", "money"),
    Column("frequency", "Orders", "count"),
    Column("first_order_at", ""),
    Column("last_order_at", "Last order"),
    Column("is_whale", ""),
    Column("segment", "Segment"),
    Column("segment_rank", "", "count"),
    Column("days_since_last_order", "Days ago", "count"),
    Column("lifecycle", "Lifecycle"),
)

UPGRADE_COLUMNS = (
    Column("customer_id", "Customer"),
    Column("monetary", "Monetary", "money"),
    Column("frequency", "Orders", "count"),
    Column("segment", "Segment"),
    Column("segment_rank", "", "count"),
    Column("monetary_needed", "Money\nneeded", "money"),
    Column("segment_by_monetary", "then"),
    Column("orders_needed", "Orders\nneeded", "count"),
    Column("segment_by_orders", "then"),
    Column("median_order", "", "money"),
    Column("segment_after_median_order", "After a\nmedian order"),
    Column("is_lifted_by_median_order", ""),
)


class OrderBy(StrEnum):
    """A column to sort by, and in which direction that is useful."""

    MONETARY = "monetary"
    FREQUENCY = "frequency"
    DAYS = "days_since_last_order"
    LAST_ORDER = "last_order_at"
    MONEY_NEEDED = "monetary_needed"
    ORDERS_NEEDED = "orders_needed"
    CUSTOMER = "customer_id"


ASCENDING = (OrderBy.MONEY_NEEDED, OrderBy.ORDERS_NEEDED, OrderBy.CUSTOMER)


class Lifecycle(StrEnum):
    """Where a customer stands by time."""

    NEW = "new"
    ACTIVE = "active"
    LAPSING = "lapsing"
    LAPSED = "lapsed"


def customers(
    database: Database,
    segment: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only customers of this segment.")
    ] = None,
    lifecycle: Annotated[
        Lifecycle | None, typer.Option(help="Only customers who stand there by time.")
    ] = None,
    upgrades: Annotated[
        bool, typer.Option("--upgrades", help="Show what would lift each into a higher segment.")
    ] = False,
    order_by: Annotated[
        OrderBy | None,
        typer.Option(
            metavar="COLUMN",
            help=f"One of {', '.join(OrderBy)}. Largest first; what is needed and ids smallest "
            "first.  [monetary, with --upgrades monetary_needed]",
        ),
    ] = None,
    limit: Limit = 100,
    live: Live = True,
    form: FormatOption = Format.TABLE,
    safe_csv: SafeCsv = True,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    r"""List customers with their segment: whom to write to, whom to call.

    Example: segmenter customers shop.duckdb --segment Loyal --order-by monetary \
        --limit 2000 --format csv

    Example: segmenter customers shop.duckdb --segment Elite --lifecycle lapsing

    Example: segmenter customers shop.duckdb --upgrades --limit 20
    """
    from segmenter.cli.console import waiting

    columns = UPGRADE_COLUMNS if upgrades else COLUMNS
    names = [column.name for column in columns]
    if upgrades and (lifecycle or not live):
        raise SegmenterError(
            "--upgrades is always live and knows no lifecycle. Leave out --snapshot and "
            "--lifecycle."
        )
    by = order_by or (OrderBy.MONEY_NEEDED if upgrades else OrderBy.MONETARY)
    if by.value not in names:
        raise SegmenterError(
            f"--order-by {by.value} is not a column of this list ({', '.join(names)})."
        )
    with open_model(database, wait, quiet=quiet) as con:
        _check(con, segment, lifecycle)
        view = "customer_upgrades" if upgrades else "customer_segments" if live else SNAPSHOT
        direction = "asc" if by in ASCENDING else "desc"
        query = f"""
            select {", ".join(names)}
            from {SCHEMA}.{view}
            where ($segment is null or segment = $segment)
                {"and ($lifecycle is null or lifecycle = $lifecycle)" * (not upgrades)}
            order by {by.value} {direction} nulls last, customer_id
            {f"limit {limit}" if limit else ""}
        """
        wanted = {"segment": segment}
        if not upgrades:
            wanted["lifecycle"] = None if lifecycle is None else lifecycle.value
        with waiting("Adding up customers", quiet):
            found = con.execute(query, wanted)
        write(columns, _rows(found), form, safe_csv=safe_csv)
        if upgrades and form is Format.TABLE and not quiet:
            _say_who_is_lifted(con, segment)


def _rows(found: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    """Fetch in portions, so that millions of rows can be written."""
    while rows := found.fetchmany(10_000):
        yield from rows


def _check(
    con: duckdb.DuckDBPyConnection, segment: str | None, lifecycle: Lifecycle | None
) -> None:
    model_id, has_lifecycle, source = first_row(
        con,
        f"select model_id, active_days is not null, source from {SCHEMA}.models where is_current",
    )
    if '"points"' in source and not first_row(
        con,
        "select 1 from duckdb_views() where schema_name = $1 and view_name = 'customer_segments'",
        [SCHEMA],
    ):
        raise SegmenterError(
            "this model was fitted to anonymous points, so there are no customers to list."
        )
    names = [
        row[0]
        for row in con.execute(
            f"select segment from {SCHEMA}.model_segments where model_id = $1 "
            "order by segment_rank",
            [model_id],
        ).fetchall()
    ]
    if segment is not None and segment not in names:
        raise SegmenterError(
            f"there is no segment {segment!r} ({', '.join(names)}).{did_you_mean(segment, names)}"
        )
    if lifecycle and not has_lifecycle:
        raise SegmenterError(
            "this model knows no lifecycle: it was fitted without a date column, or nobody has "
            "ordered twice. Fit with --date, or set --active-days and --lapsed-days."
        )


def _say_who_is_lifted(con: duckdb.DuckDBPyConnection, segment: str | None) -> None:
    order, lifted, everybody = first_row(
        con,
        f"""
        select max(median_order), count(*) filter (is_lifted_by_median_order), count(*)
        from {SCHEMA}.customer_upgrades
        where $1 is null or segment = $1
        """,
        [segment],
    )
    if order is not None:
        messages.line(
            f"One more order of {order:,.2f}, the median of the customers' mean orders, would lift "
            f"{lifted:,} of {counted(everybody, 'customer')}."
        )
