"""What a database may lack: rows of an object, or a sentence that says how to get them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb

from segmenter.errors import first_line
from segmenter.schema.connection import first_row, records
from segmenter.schema.names import INTERNAL, SCHEMA
from segmenter.storage.added_views import has_object

__all__ = [
    "Missing",
    "RowsOrMissing",
    "backtest",
    "data_quality",
    "drift",
    "history",
    "measured_lifecycle",
    "moves",
    "no_time",
    "quality",
]


_GONE = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ConversionException,
    duckdb.IOException,
    duckdb.InvalidInputException,
)
"""What the engine says when the user's table is gone or no longer what it was."""


class Missing(str):
    """Why something is not in the report, and how to get it."""


RowsOrMissing = list[dict[str, Any]] | Missing

NO_RHYTHM = Missing(
    "Too few customers of this base come back to tell what is late. Say in the fit how "
    "many days a customer counts as active, and from how many on as lapsed."
)
NO_CUSTOMERS = Missing(
    "This model was fitted to anonymous points, so there is nobody to do something about. Fit to "
    "transactions or profiles to see it."
)
ONLY_LIVE = Missing(
    "Whom to do something about is asked of the transactions as they are now, and this report "
    "shows a snapshot: segmenter report DB --live has it."
)
NOTHING_TO_DO = Missing("Nobody is lapsing, and one more order lifts nobody into a higher segment.")
_NO_TIME = {
    "transactions": "This model was fitted without a date column, so nothing is known of time. Fit "
    "with a date column to see it.",
    "profile": "This model was fitted to finished profiles, which know nothing of time. Fit to "
    "transactions with a date column to see it.",
    "points": "This model was fitted to anonymous points, so there are no customers whose time "
    "could be followed. Fit to transactions with a date column to see it.",
}


def no_time(kind: str) -> Missing:
    """Say why nothing is known of time, by the kind of source."""
    return Missing(_NO_TIME[kind])


def has(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Tell whether the schema has a table, view or macro."""
    return bool(
        first_row(
            con,
            """
            select 1 from duckdb_tables()
            where database_name = current_database() and schema_name = $schema
                and table_name = $name
            union all
            select 1 from duckdb_views()
            where database_name = current_database() and schema_name = $schema
                and view_name = $name
            union all
            select 1 from duckdb_functions()
            where database_name = current_database() and schema_name = $schema
                and function_name = $name
            """,
            {"schema": SCHEMA, "name": name},
        )
    )


def moves(con: duckdb.DuckDBPyConnection, start: dt.datetime, end: dt.datetime) -> RowsOrMissing:
    """Return the matrix of moves between two moments."""
    if not has(con, "segment_moves"):
        return Missing("This database cannot tell who moved. Fit again to make it.")
    query = f"select * from {SCHEMA}.segment_moves($1::timestamp, $2::timestamp)"
    nobody = Missing("Nobody was a customer at either of the two moments, so nobody moved.")
    return _asked(con, query, [start, end]) or nobody


def backtest(con: duckdb.DuckDBPyConnection, model_id: int) -> RowsOrMissing:
    """Return the backtests of a model, of all days and rankings."""
    missing = Missing(
        "No backtest of this model was made yet. segmenter backtest DB --as-of DATE fits on what "
        "was known on an earlier day and measures what came after it, beside other ways to order "
        "customers."
    )
    if not has(con, "backtest"):
        return missing
    query = f"""
        select * from {INTERNAL}.backtest
        where model_id = $1
        order by as_of, segment_rank, ranking
        """
    return _asked(con, query, [model_id]) or missing


def measured_lifecycle(con: duckdb.DuckDBPyConnection, model_id: int) -> list[dict[str, Any]]:
    """Return what the newest backtest of a model says of each segment and lifecycle."""
    if not has_object(con, INTERNAL, "backtest_lifecycle"):
        return []
    query = f"""
        select * from {INTERNAL}.backtest_lifecycle
        where model_id = $1
        qualify as_of = max(as_of) over ()
        """
    return records(con, query, [model_id])


def history(con: duckdb.DuckDBPyConnection) -> RowsOrMissing:
    """Return the segments month by month, from the second month on."""
    if not has(con, "segment_history"):
        return Missing("This database has no history yet. A refresh or a fit lets it begin.")
    rows = _asked(con, f"select * from {SCHEMA}.segment_history", [])
    if isinstance(rows, Missing):
        return rows
    if len({row["month"] for row in rows}) < 2:
        return Missing(
            "The history of the segments is of one month yet. Each month in which a fit or a "
            "refresh is published adds one: segmenter refresh DB."
        )
    return rows


def quality(con: duckdb.DuckDBPyConnection, model_id: int) -> RowsOrMissing:
    """Return the measured quality of a model."""
    missing = Missing(
        "The quality of this model was not measured yet. segmenter quality DB measures how well "
        "its segments are apart and how stable they are, beside a flat clustering."
    )
    if not has(con, "model_quality"):
        return missing
    query = f"select * from {INTERNAL}.model_quality where model_id = $1"
    return _asked(con, query, [model_id]) or missing


def drift(con: duckdb.DuckDBPyConnection) -> RowsOrMissing:
    """Return how far the base has moved from the one that the model learned."""
    if not has(con, "drift"):
        return Missing("This model did not store what it learned from. Fit again to see drift.")
    return _asked(con, f"select * from {SCHEMA}.drift", [])


def data_quality(con: duckdb.DuckDBPyConnection) -> RowsOrMissing:
    """Return the checks of the transactions."""
    if not has(con, "data_quality"):
        return Missing("Only transactions can be checked; this model was fitted to aggregates.")
    return _asked(con, f"select * from {SCHEMA}.data_quality", [])


def _asked(con: duckdb.DuckDBPyConnection, query: str, values: list[Any]) -> RowsOrMissing:
    """Ask a live object; where its source is gone, say so instead of failing."""
    try:
        return records(con, query, values)
    except _GONE as error:
        return Missing(
            f"It cannot be read any more: {first_line(error)} Bring the table back as it was at "
            "the fit, or fit again."
        )
