"""Customers with their segment: whom to write to, whom to call, who is close to a higher one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from sqlglot import exp

from segmenter.errors import InputError, did_you_mean
from segmenter.operations.table import Query
from segmenter.schema.connection import first_row, records
from segmenter.schema.files import literal, read
from segmenter.schema.names import INTERNAL, SCHEMA, SNAPSHOT
from segmenter.storage import store

if TYPE_CHECKING:
    import duckdb

__all__ = ["LIFECYCLE", "Lifecycle", "customers", "lifted_by_median_order"]

Lifecycle = Literal["new", "active", "lapsing", "lapsed"]
"""Where a customer stands by time."""

LIFECYCLE: tuple[str, ...] = get_args(Lifecycle)

_ASCENDING = ("monetary_needed", "frequency_needed", "customer_id")
"""What is useful from its smallest value on."""

_RENAMED = {"orders_needed": "frequency_needed", "segment_by_orders": "segment_by_frequency"}
"""Columns of the release before, which are named in a message for one release."""


def customers(
    con: duckdb.DuckDBPyConnection,
    *,
    segment: str | None = None,
    lifecycle: str | None = None,
    upgrades: bool = False,
    order_by: str | None = None,
    limit: int | None = None,
    snapshot: bool = False,
) -> Query:
    """Ask for customers with their segment.

    Parameters
    ----------
    con : DuckDBPyConnection
        With a model.
    segment : str, optional
        Only customers of this segment.
    lifecycle : {'new', 'active', 'lapsing', 'lapsed'}, optional
        Only customers at this point of their life.
    upgrades : bool, default False
        What leads each to a segment of higher value, as in ``segments.customer_upgrades``.
    order_by : str, optional
        A column: largest first, but what is needed for an upgrade smallest first. By default
        monetary, or the money that is needed.
    limit : int, optional
        At most so many.
    snapshot : bool, default False
        As of the last fit or refresh, which adds nothing up.

    Returns
    -------
    Query
        Its rows can be written one by one, or its table read whole.

    Raises
    ------
    InputError
        There is no such segment, column or lifecycle, or the model knows no customers or no time.
    """
    if upgrades and (lifecycle is not None or snapshot):
        raise InputError("upgrades are live and know no lifecycle: leave the other out.")
    _check_limit(limit)
    _check(con, segment, lifecycle)
    view = "customer_upgrades" if upgrades else SNAPSHOT if snapshot else "customer_segments"
    by = order_by or ("monetary_needed" if upgrades else "monetary")
    _check_column(con, view, by)
    query = (
        exp.select("*")
        .from_(exp.to_table(f"{SCHEMA}.{view}"))
        .order_by(
            exp.Ordered(this=exp.column(by), desc=by not in _ASCENDING, nulls_first=False),
            exp.column("customer_id"),
        )
    )
    if limit is not None:
        query = query.limit(limit)
    for name, wanted in (("segment", segment), ("lifecycle", lifecycle)):
        if wanted is not None:
            query = query.where(exp.column(name).eq(literal(wanted)))
    return Query(con, query.sql(dialect="duckdb"))


def lifted_by_median_order(
    con: duckdb.DuckDBPyConnection, segment: str | None = None
) -> tuple[float | None, int, int]:
    """Return the median of the mean orders, whom one more of it would lift, and of how many."""
    (found,) = records(con, read("queries/lifted_by_median_order"), {"segment": segment})
    return found["median_order"], found["lifted"], found["customers"]


def _check_limit(limit: Any) -> None:
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 0):
        raise InputError(f"limit must be a whole number, at least 0, or None, not {limit!r}.")


def _check_column(con: duckdb.DuckDBPyConnection, view: str, name: str) -> None:
    found = con.execute(f"describe {SCHEMA}.{view}").fetchall()
    columns = [row[0] for row in found]
    if name in _RENAMED and _RENAMED[name] in columns:
        raise InputError(f"{name} is called {_RENAMED[name]} now: order_by = {_RENAMED[name]!r}.")
    if name not in columns:
        raise InputError(
            f"order_by = {name!r} is not a column of this list ({', '.join(columns)})."
            f"{did_you_mean(name, columns)}"
        )


def _check(con: duckdb.DuckDBPyConnection, segment: str | None, lifecycle: str | None) -> None:
    model_id, source, _ = store.current(con)
    if source.kind == "points":
        raise InputError(
            "this model was fitted to anonymous points, so there are no customers to list."
        )
    names = [
        row[0]
        for row in con.execute(
            f"select segment from {INTERNAL}.model_segments where model_id = $1 "
            "order by segment_rank",
            [model_id],
        ).fetchall()
    ]
    if segment is not None and segment not in names:
        raise InputError(
            f"there is no segment {segment!r} ({', '.join(names)}).{did_you_mean(segment, names)}"
        )
    if lifecycle is None:
        return
    if lifecycle not in LIFECYCLE:
        raise InputError(
            f"lifecycle must be one of {', '.join(LIFECYCLE)}, not {lifecycle!r}."
            f"{did_you_mean(str(lifecycle), LIFECYCLE)}"
        )
    if not first_row(
        con, f"select 1 from {INTERNAL}.models where is_current and active_days is not null"
    ):
        raise InputError(
            "this model knows no lifecycle: it was fitted without a date column, or nobody has "
            "ordered twice. Fit with date = 'COLUMN', or set active_days and lapsed_days."
        )
