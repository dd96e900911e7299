"""The segments and the rules of the current model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from segmenter.operations.table import Query, Table
from segmenter.schema.connection import first_row
from segmenter.schema.files import bind, literal
from segmenter.schema.names import INTERNAL, SCHEMA, SUMMARY, SUMMARY_OF_SNAPSHOT

if TYPE_CHECKING:
    import duckdb

__all__ = ["rules", "segments"]


def segments(con: duckdb.DuckDBPyConnection, *, snapshot: bool = False) -> Table:
    """Return the segments, highest first: customers, revenue, means.

    Parameters
    ----------
    con : DuckDBPyConnection
        With a model.
    snapshot : bool, default False
        As of the last fit or refresh, which adds nothing up. A model of anonymous points has no
        snapshot: its figures are those of the points.

    Returns
    -------
    Table
        As ``segments.segment_summary``, and ``share_of_all_revenue``: of the revenue with that of
        rows without a customer; and ``mean_monetary_without_whales``. A model that has only the
        points that it learned from, as one whose customers are in another warehouse, knows nothing
        of its whales: there both are NULL, and the rest is of those customers.
    """
    views = {
        name
        for (name,) in con.execute(
            "select view_name from duckdb_views() "
            "where database_name = current_database() and schema_name = $1",
            [SCHEMA],
        ).fetchall()
    }
    (whales,) = first_row(con, f"select whales from {INTERNAL}.models where is_current")
    summary = SUMMARY_OF_SNAPSHOT if snapshot and SUMMARY_OF_SNAPSHOT in views else SUMMARY
    values = {
        "summary": _summary(con, summary),
        "has_whales": literal("customer_segments" in views or not whales),
    }
    return Query(con, bind("queries/segments", values).sql(dialect="duckdb")).table()


def _summary(con: duckdb.DuckDBPyConnection, view: str) -> exp.Expr:
    """Return a summary with all of its columns, also of a file that an earlier version made."""
    name = "mean_monetary_without_whales"
    query = (
        "select 1 from duckdb_columns() where database_name = current_database() "
        "and schema_name = $1 and table_name = $2 and column_name = $3"
    )
    table = exp.table_(view, db=SCHEMA)
    if first_row(con, query, [SCHEMA, view, name]):
        return table
    unknown = exp.alias_(exp.cast(exp.null(), "double"), name)
    return exp.select("*", unknown).from_(table).subquery()


def rules(con: duckdb.DuckDBPyConnection) -> Table:
    """Return the rules of the current model: which spend and how many orders lead where.

    Parameters
    ----------
    con : DuckDBPyConnection
        With a model.
    """
    return Query(con, f"from {SCHEMA}.segment_rules order by frequency_from, monetary_from").table()
