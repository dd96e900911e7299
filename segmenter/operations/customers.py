"""Customers with their segment: whom to write to, whom to call, who is close to a higher one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from sqlglot import exp

from segmenter.errors import InputError, did_you_mean
from segmenter.operations.lifecycle import require_lifecycle
from segmenter.operations.table import Query
from segmenter.schema.connection import records
from segmenter.schema.files import literal, read
from segmenter.schema.names import INTERNAL, SCHEMA, SNAPSHOT
from segmenter.storage.added_views import added_view
from segmenter.storage.current import current_model

if TYPE_CHECKING:
    import duckdb

__all__ = ["LIFECYCLE", "Lifecycle", "at_stake", "customers", "lifted_by_median_order"]

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
    next_actions: bool = False,
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
    next_actions : bool, default False
        Whom to do something about now, and what, as in ``segments.next_actions``.
    order_by : str, optional
        A column: largest first, but what is needed for an upgrade smallest first. By default
        monetary, the money that is needed, or the revenue at stake.
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
    if next_actions and (upgrades or snapshot):
        raise InputError(
            "next_actions are live and have the upgrades that matter: leave the other out."
        )
    _check_limit(limit)
    _check(con, segment, lifecycle)
    view = "customer_upgrades" if upgrades else SNAPSHOT if snapshot else "customer_segments"
    rows = added_view(con, "next_actions") if next_actions else exp.table_(view, db=SCHEMA)
    by = order_by or _largest_first(upgrades, next_actions)
    _check_column(con, rows, by)
    query = (
        exp.select("*")
        .from_(rows)
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


def at_stake(con: duckdb.DuckDBPyConnection, segment: str | None) -> dict[str, tuple[int, float]]:
    """Return by what should be done: of how many customers, and how much is at stake."""
    query = exp.select("next_action", "count(*)", "sum(revenue_at_stake)")
    query = query.from_(added_view(con, "next_actions")).group_by("next_action")
    if segment is not None:
        query = query.where(exp.column("segment").eq(literal(segment)))
    found = con.execute(query.sql(dialect="duckdb")).fetchall()
    return {action: (customers, revenue) for action, customers, revenue in found}


def _check_limit(limit: Any) -> None:
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 0):
        raise InputError(f"limit must be a whole number, at least 0, or None, not {limit!r}.")


def _largest_first(upgrades: bool, next_actions: bool) -> str:
    if next_actions:
        return "revenue_at_stake"
    return "monetary_needed" if upgrades else "monetary"


def _check_column(con: duckdb.DuckDBPyConnection, rows: exp.Expr, name: str) -> None:
    query = exp.select("*").from_(rows.copy()).sql(dialect="duckdb")
    found = con.execute(f"describe {query}").fetchall()
    columns = [row[0] for row in found]
    if name in _RENAMED and _RENAMED[name] in columns:
        raise InputError(f"{name} is called {_RENAMED[name]} now: order_by = {_RENAMED[name]!r}.")
    if name not in columns:
        raise InputError(
            f"order_by = {name!r} is not a column of this list ({', '.join(columns)})."
            f"{did_you_mean(name, columns)}"
        )


def _check(con: duckdb.DuckDBPyConnection, segment: str | None, lifecycle: str | None) -> None:
    model_id, source, _ = current_model(con)
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
    require_lifecycle(con)
