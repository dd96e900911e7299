"""Use: ``customers``, the list of whom to act on."""

from __future__ import annotations

from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, Annotated

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
from segmenter.errors import SegmenterError
from segmenter.formatting import counted

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
    Column("frequency_needed", "Orders\nneeded", "count"),
    Column("segment_by_frequency", "then"),
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
    ORDERS_NEEDED = "frequency_needed"
    CUSTOMER = "customer_id"


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
    from segmenter.operations.customers import customers as customers_of

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
        asked = customers_of(
            con,
            segment=segment,
            lifecycle=lifecycle,
            upgrades=upgrades,
            order_by=by,
            limit=limit or None,
            snapshot=not live,
        )
        with waiting("Adding up customers", quiet):
            rows = asked.rows(names)
            first = next(rows, None)
        found = rows if first is None else chain([first], rows)
        write(columns, found, form, safe_csv=safe_csv)
        if upgrades and form is Format.TABLE and not quiet:
            _say_who_is_lifted(con, segment)


def _say_who_is_lifted(con: duckdb.DuckDBPyConnection, segment: str | None) -> None:
    from segmenter.operations.customers import lifted_by_median_order

    order, lifted, everybody = lifted_by_median_order(con, segment)
    if order is not None:
        messages.line(
            f"One more order of {order:,.2f}, the median of the customers' mean orders, would lift "
            f"{lifted:,} of {counted(everybody, 'customer')}."
        )
