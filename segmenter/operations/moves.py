"""Moves: who changed segment between two moments, under the rules as they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from segmenter.errors import InputError
from segmenter.operations.table import Query, Table, Tabular
from segmenter.schema.connection import first_row
from segmenter.schema.names import INTERNAL, SCHEMA
from segmenter.sources.moments import parse_moment
from segmenter.storage.current import current_model

if TYPE_CHECKING:
    import duckdb

__all__ = ["Moves", "customer_moves", "moves"]


@dataclass(frozen=True, repr=False)
class Moves(Tabular):
    """Customers by their segment at two moments.

    Attributes
    ----------
    start, end : datetime or None
        The moments; None is the newest transaction.
    table : Table
        A row a pair: ``segment_from, segment_to, customers, revenue_from, revenue_to,
        segment_rank_from, segment_rank_to``; no segment before for who came new, none after for
        who left the time window.
    can_fall : bool
        Whether anybody can come to a lower segment: by a refund, or by leaving a time window.
    """

    start: datetime
    end: datetime | None
    table: Table
    can_fall: bool

    @property
    def customers(self) -> int:
        """Customers who were there at the start."""
        return sum(row["customers"] for row in self.table if row["segment_from"] is not None)

    @property
    def newcomers(self) -> int:
        """Customers who came after the start."""
        return sum(row["customers"] for row in self.table if row["segment_from"] is None)

    @property
    def risen(self) -> int:
        """Customers who came to a segment of higher value."""
        return self._moved(1)

    @property
    def fallen(self) -> int:
        """Customers who came to a segment of lower value."""
        return self._moved(-1)

    def _moved(self, sign: int) -> int:
        return sum(
            row["customers"]
            for row in self.table
            if row["segment_rank_from"]
            and row["segment_rank_to"]
            and sign * (row["segment_rank_from"] - row["segment_rank_to"]) > 0
        )

    def words(self) -> str:
        """Say how many rose and fell."""
        return (
            f"Of {self.customers:,} customers {self.risen:,} rose and {self.fallen:,} fell; "
            f"{self.newcomers:,} came new."
        )


def moves(con: duckdb.DuckDBPyConnection, start: object, end: object = None) -> Moves:
    """Count who changed segment between two moments.

    Parameters
    ----------
    con : DuckDBPyConnection
        With a model.
    start, end : str, date or datetime
        A date means to its end. Without an end it is the newest transaction.

    Raises
    ------
    InputError
        The end is not after the start, nobody was a customer at the start, or the model knows no
        time.
    """
    span = _span(start, end)
    segments = _asked(con, "segment_moves", span).short_table()
    if not any(row["segment_from"] for row in segments):
        raise InputError(_nobody(con, start))
    return Moves(*span, segments, _can_fall(con))


def customer_moves(
    con: duckdb.DuckDBPyConnection, start: object, end: object = None, *, limit: int | None = None
) -> Query:
    """Ask who moved, the largest change of money first.

    Parameters
    ----------
    con : DuckDBPyConnection
        With a model.
    start, end : str, date or datetime
        As in `moves`.
    limit : int, optional
        At most so many.

    Raises
    ------
    InputError
        As in `moves`.
    """
    query = _asked(con, "customer_moves", _span(start, end))
    if limit is None:
        return query
    return Query(con, f"{query.sql} limit {int(limit)}", query.parameters)


def _span(start: object, end: object) -> tuple[datetime, datetime | None]:
    first = parse_moment(start, "start")
    last = None if end is None else parse_moment(end, "end")
    if last is not None and last <= first:
        raise InputError(f"start = {str(start)!r} must be before end = {str(end)!r}.")
    return first, last


def _asked(
    con: duckdb.DuckDBPyConnection, macro: str, span: tuple[datetime, datetime | None]
) -> Query:
    return Query(con, f"select * from {SCHEMA}.{macro}($1::timestamp, $2::timestamp)", list(span))


def _nobody(con: duckdb.DuckDBPyConnection, start: object) -> str:
    (first,) = first_row(
        con, f"select min(first_order_at) from {SCHEMA}.customer_segments_at(null)"
    )
    when = (
        f"the first order is of {str(first).removesuffix(':00')}" if first else "no row has a date"
    )
    return f"nobody was a customer at start = {str(start)!r}: {when}. Name a later day."


def _can_fall(con: duckdb.DuckDBPyConnection) -> bool:
    _, source, _ = current_model(con)
    refund = f"select 1 from {INTERNAL}.transactions where amount < 0 limit 1"
    return source.window is not None or bool(first_row(con, refund))
