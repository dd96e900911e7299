"""The snapshot: the rows of ``customer_segments`` as a table, for dashboards that cannot wait.

A fit makes it from the profiles that it has just added up. A refresh brings it up to date: check
sums of the transactions, one for each small group of customers, show which groups have rows that
are new, changed or gone, and only their customers are added up again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb

from segmenter.schema.connection import first_row, records
from segmenter.schema.files import bind, create_view, newest_order, redirect
from segmenter.schema.names import SCHEMA, SNAPSHOT, SUMMARY_OF_SNAPSHOT

__all__ = ["create", "drop", "note", "state"]


def create(con: duckdb.DuckDBPyConnection, file: str, customers: str) -> None:
    """Make the snapshot of all customers, inside the caller's transaction.

    Parameters
    ----------
    con : DuckDBPyConnection
    file : str
        The view file of ``customer_segments`` for the current model.
    customers : str
        Table with the profile of each customer.
    """
    values = {"newest_order": newest_order({}, added_up=True)}
    tree = redirect(bind(f"views/{file}", values), {"customer_profile": customers})
    query = tree.sql(dialect="duckdb", copy=False)
    con.execute(f"create or replace table {SCHEMA}.{SNAPSHOT} as {query}")
    summary = redirect(
        bind("views/segment_summary", {}), {"customer_segments": f"{SCHEMA}.{SNAPSHOT}"}
    )
    con.execute(create_view(SUMMARY_OF_SNAPSHOT, summary.sql(dialect="duckdb")))
    con.execute(f"delete from {SCHEMA}.snapshot_buckets")
    note(con, None)


def drop(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the snapshot of the version before, and what is known about it."""
    con.execute(f"drop view if exists {SCHEMA}.{SUMMARY_OF_SNAPSHOT}")
    con.execute(f"drop table if exists {SCHEMA}.{SNAPSHOT}")
    con.execute(f"delete from {SCHEMA}.snapshots")
    con.execute(f"delete from {SCHEMA}.snapshot_buckets")


def state(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return the row of ``segments.snapshots``, empty where there is no snapshot."""
    found = records(con, f"select * from {SCHEMA}.snapshots")
    return found[0] if found else {}


def note(con: duckdb.DuckDBPyConnection, buckets: int | None) -> None:
    """Write down what the snapshot is now."""
    (model_id,) = first_row(con, f"select model_id from {SCHEMA}.models where is_current")
    (customers,) = first_row(con, f"select count(*) from {SCHEMA}.{SNAPSHOT}")
    con.execute(f"delete from {SCHEMA}.snapshots")
    con.execute(
        f"insert into {SCHEMA}.snapshots (model_id, refreshed_at, customers, buckets) "
        "values ($1, $2, $3, $4)",
        [model_id, datetime.now(UTC).replace(tzinfo=None, microsecond=0), customers, buckets],
    )
