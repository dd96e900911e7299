"""Changes: who is published otherwise now than at a moment, and why."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from segmenter.errors import InputError
from segmenter.operations.table import Query
from segmenter.schema.names import HISTORY, SCHEMA, require_model
from segmenter.sources.moments import parse_moment
from segmenter.storage.added_views import CHANGES, has_object

if TYPE_CHECKING:
    import duckdb

__all__ = ["customer_changes", "customer_history", "segment_history"]


def customer_changes(
    con: duckdb.DuckDBPyConnection, changes_since: object, *, limit: int | None = None
) -> Query:
    """Ask who entered, left or moved since a moment, and why; the oldest change first.

    Parameters
    ----------
    con : DuckDBPyConnection
        With a model.
    changes_since : str, date or datetime
        In UTC; a date means its beginning, so that all that was published on it is there.
    limit : int, optional
        At most so many.

    Raises
    ------
    InputError
        It is no moment, or the file has no history yet.
    """
    require_history(con)
    moment = parse_moment(changes_since, "changes_since")
    is_date = isinstance(changes_since, dt.date) and not isinstance(changes_since, dt.datetime)
    if is_date or (isinstance(changes_since, str) and len(changes_since.strip()) <= 10):
        moment = dt.datetime.combine(moment.date(), dt.time.min)
    rows = "" if limit is None else f" limit {int(limit)}"
    sql = (
        f"select * from {SCHEMA}.{CHANGES}($1::timestamp) "
        f"order by changed_at, customer_id nulls last{rows}"
    )
    return Query(con, sql, [moment])


def customer_history(con: duckdb.DuckDBPyConnection) -> Query:
    """Ask what each customer was published as, and when."""
    require_history(con)
    return Query(con, f"select * from {SCHEMA}.{HISTORY} order by customer_id, valid_from")


def segment_history(con: duckdb.DuckDBPyConnection) -> Query:
    """Ask how many customers and how much revenue each segment had, month by month."""
    require_history(con)
    return Query(con, f"select * from {SCHEMA}.segment_history")


def require_history(con: duckdb.DuckDBPyConnection) -> None:
    """Refuse a file that an earlier version wrote, whose history has not begun.

    Raises
    ------
    InputError
        With what lets it begin.
    """
    require_model(con)
    if not has_object(con, SCHEMA, HISTORY):
        raise InputError(
            "this database has no history yet: an earlier version of Segmenter wrote it. A refresh "
            "or a fit lets it begin, with the snapshot that is there."
        )
