"""``explain``: why a customer is in a segment, and what would change it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segmenter.cli.database_file import open_model
from segmenter.cli.options import Database, Format, FormatOption, Quiet, Wait
from segmenter.cli.tables import Column, write
from segmenter.cli.terminal import results
from segmenter.errors import SegmenterError
from segmenter.formatting import verb
from segmenter.schema.connection import first_row
from segmenter.schema.names import SCHEMA

if TYPE_CHECKING:
    import duckdb

__all__ = ["explain"]


def explain(
    database: Database,
    monetary: Annotated[
        float | None,
        typer.Argument(metavar="MONETARY", help="What the customer has spent.", show_default=False),
    ] = None,
    frequency: Annotated[
        float | None,
        typer.Argument(metavar="FREQUENCY", help="In how many orders.", show_default=False),
    ] = None,
    customer: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Id of the customer.")
    ] = None,
    form: FormatOption = Format.TABLE,
    quiet: Quiet = False,
    wait: Wait = None,
) -> None:
    """Tell why a customer is in a segment, and the smallest changes that would change it.

    Give what was spent and the number of orders, or the id of a customer with --id.

    Example: segmenter explain shop.duckdb 250 3

    Example: segmenter explain shop.duckdb --id 12347
    """
    with open_model(database, wait, quiet=quiet) as con:
        if customer is not None:
            if monetary is not None:
                raise SegmenterError("give the two numbers or --id, not both.")
            monetary, frequency = _profile(con, database, customer)
        if monetary is None or frequency is None:
            raise SegmenterError(
                "give what was spent and the number of orders, as in segmenter explain "
                f"{quote(str(database))} 250 3, or the id of a customer with --id."
            )
        found = _explanation(con, monetary, frequency)
    if form is Format.TABLE:
        who = f"Customer {customer}" if customer is not None else "A customer"
        for sentence in _sentences(who, monetary, frequency, found):
            results.line(sentence)
        return
    row = {"monetary": monetary, "frequency": frequency, **found}
    write([Column(name, name) for name in row], [list(row.values())], form)


def _profile(con: duckdb.DuckDBPyConnection, database: Path, customer: str) -> tuple[float, float]:
    if not first_row(
        con,
        "select 1 from duckdb_views() where schema_name = $1 and view_name = 'customer_profile'",
        [SCHEMA],
    ):
        raise SegmenterError(
            f"{database} was fitted from anonymous points and knows no customers. Give the two "
            "numbers instead."
        )
    row = first_row(
        con,
        f"select monetary, frequency from {SCHEMA}.customer_profile "
        "where cast(customer_id as varchar) = $1",
        [customer],
    )
    if not row:
        raise SegmenterError(
            f"{database} has no customer {customer!r}. See them in {SCHEMA}.customer_segments."
        )
    return row


def _explanation(
    con: duckdb.DuckDBPyConnection, monetary: float, frequency: float
) -> dict[str, Any]:
    import duckdb

    try:
        (found,) = first_row(con, "select explain_segment($1, $2)", [monetary, frequency])
    except duckdb.CatalogException:
        raise SegmenterError(
            "this model has too many rules for the macro explain_segment. Fit with a larger "
            "--max-rules, or look the profile up in segments.segment_rules."
        ) from None
    if found is None:
        raise SegmenterError(
            f"monetary and frequency must be finite numbers, not {monetary} and {frequency}."
        )
    explanation: dict[str, Any] = found
    return explanation


def _sentences(who: str, monetary: float, frequency: float, found: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{who} who spent {monetary:,.2f} in {frequency:,.10g} "
        f"{verb(int(frequency != 1) + 1, 'order', 'orders')} is "
        f"{found['segment']}."
    )
    yield f"The rule: {found['rule']}."
    yield _change_of_monetary(found["monetary_change"], found["monetary_segment"])
    yield _change_of_frequency(found["frequency_change"], found["frequency_segment"])


def _change_of_monetary(change: float | None, segment: str) -> str:
    if change is None:
        return "Whatever is spent in as many orders, the segment stays."
    more = "more" if change > 0 else "less"
    return f"{abs(change):,.2f} {more} in as many orders would make it {segment}."


def _change_of_frequency(change: int | None, segment: str) -> str:
    if change is None:
        return "In however many orders it is spent, the segment stays."
    more = "more" if change > 0 else "fewer"
    orders = verb(abs(change), "order", "orders")
    return f"{abs(change):,} {more} {orders} for the same money would make it {segment}."
