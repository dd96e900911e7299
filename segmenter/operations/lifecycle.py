"""Segments crossed with the lifecycle: who is where, and what such customers did later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlglot import exp

from segmenter.errors import InputError
from segmenter.formatting import counted, day, percent
from segmenter.operations.table import Query, Table
from segmenter.schema.connection import first_row
from segmenter.schema.names import INTERNAL, SCHEMA, SNAPSHOT
from segmenter.storage.added_views import added_view, has_object
from segmenter.storage.current import current_model

if TYPE_CHECKING:
    import duckdb

__all__ = ["Lapsed", "lapsed", "require_lifecycle", "segment_lifecycle"]


@dataclass(frozen=True)
class Lapsed:
    """How many of the lapsed customers came again, as the newest backtest has measured.

    Attributes
    ----------
    customers, customers_again : int
        Those who were lapsed at `as_of`, and those of them with an order up to `until`.
    as_of, until : datetime
    """

    customers: int
    customers_again: int
    as_of: datetime
    until: datetime

    def words(self) -> str:
        """Say it in a sentence."""
        days = (self.until.date() - self.as_of.date()).days
        return (
            f"Lapsed is not gone: of {counted(self.customers, 'customer')} who "
            f"{'was' if self.customers == 1 else 'were'} lapsed on {day(self.as_of)}, "
            f"{percent(self.customers_again / self.customers)} came again within "
            f"{counted(days, 'day')}."
        )


def segment_lifecycle(con: duckdb.DuckDBPyConnection, *, snapshot: bool = False) -> Table:
    """Return each segment and lifecycle, as in ``segments.segment_lifecycle``.

    Parameters
    ----------
    con : DuckDBPyConnection
        With a model.
    snapshot : bool, default False
        As of the last fit or refresh, which adds nothing up.

    Raises
    ------
    InputError
        The model knows no customers or no time.
    """
    _, source, _ = current_model(con)
    if source.kind == "points":
        raise InputError(
            "this model was fitted to anonymous points, so there are no customers whose lifecycle "
            "could be told."
        )
    require_lifecycle(con)
    others = {"customer_segments": f"{SCHEMA}.{SNAPSHOT}"} if snapshot else None
    query = exp.select("*").from_(added_view(con, "segment_lifecycle", others))
    order = "list_position(['new', 'active', 'lapsing', 'lapsed'], lifecycle) nulls last"
    return Query(con, query.order_by("segment_rank", order).sql(dialect="duckdb")).short_table()


def lapsed(con: duckdb.DuckDBPyConnection) -> Lapsed | None:
    """Return how many of the lapsed came again; None where no backtest of the model measured it."""
    if not has_object(con, INTERNAL, "backtest_lifecycle"):
        return None
    found = first_row(
        con,
        f"""
        select sum(customers) as customers, sum(customers_again), as_of, max(until)
        from {INTERNAL}.backtest_lifecycle
        where lifecycle = 'lapsed'
            and model_id in (select model_id from {INTERNAL}.models where is_current)
        group by as_of
        order by as_of desc
        limit 1
        """,
    )
    return Lapsed(int(found[0]), int(found[1]), found[2], found[3]) if found else None


def require_lifecycle(con: duckdb.DuckDBPyConnection) -> None:
    """Refuse a model that does not tell where customers stand by time.

    Raises
    ------
    InputError
        It was fitted without dates, or nobody came again.
    """
    query = f"select 1 from {INTERNAL}.models where is_current and active_days is not null"
    if not first_row(con, query):
        raise InputError(
            "this model knows no lifecycle: it was fitted without a date column, or nobody has "
            "ordered twice. Fit with date = 'COLUMN', or set active_days and lapsed_days."
        )
