"""The segments and the rules of the current model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.operations.table import Query, Table
from segmenter.schema.connection import first_row
from segmenter.schema.files import read
from segmenter.schema.names import INTERNAL, SCHEMA, SNAPSHOT, SUMMARY, SUMMARY_OF_SNAPSHOT

if TYPE_CHECKING:
    import duckdb

__all__ = ["rules", "segments"]

_OF_CUSTOMERS = ("customer_segments", SNAPSHOT)
"""Views that a database has where it knows the customers."""


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
    # a file that an earlier version made has a summary without the last column
    summaries = (
        f"from {SCHEMA}.{summary} union all by name "
        "select null::double as mean_monetary_without_whales where false"
    )
    query = f"with summaries as ({summaries})\n{read('queries/segments')}"
    return Query(
        con, query, {"has_whales": not views.isdisjoint(_OF_CUSTOMERS) or not whales}
    ).short_table()


def rules(con: duckdb.DuckDBPyConnection) -> Table:
    """Return the rules of the current model: which spend and how many orders lead where.

    Parameters
    ----------
    con : DuckDBPyConnection
        With a model.
    """
    return Query(
        con, f"from {SCHEMA}.segment_rules order by frequency_from, monetary_from"
    ).short_table()
