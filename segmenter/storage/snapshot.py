"""The snapshot: the rows of ``customer_segments`` as a table, for dashboards that cannot wait.

A fit makes it from the profiles that it has just added up. A refresh brings it up to date: check
sums of the transactions, one for each small group of customers, show which groups have rows that
are new, changed or gone, and only their customers are added up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import duckdb
from sqlglot import exp

from segmenter.engines.inline_views import one_query
from segmenter.schema.connection import first_row, records
from segmenter.schema.files import bind, create_view, newest_order, query_text, redirect
from segmenter.schema.names import INTERNAL, SCHEMA, SNAPSHOT, SUMMARY_OF_SNAPSHOT
from segmenter.storage import history

__all__ = ["create", "create_views", "drop", "note", "segments_of", "state", "views_over"]


def create(
    con: duckdb.DuckDBPyConnection, files: Mapping[str, str], customers: str, event: history.Event
) -> None:
    """Make the snapshot of all customers and go on with their history, inside a transaction.

    Parameters
    ----------
    con : DuckDBPyConnection
    files : mapping of str to str
        The file of each view for the current model.
    customers : str
        Table with the profile of each customer.
    event : {'fit', 'refresh', 'rollback'}
        Why it is made.
    """
    publication = history.Publication.of(con, event)
    attributes = publication.attribute_values()
    views = views_over(files["customers_classified"], customers, attributes)
    history.write(con, publication, views, customers)
    create_views(con, attributes)
    con.execute(f"delete from {INTERNAL}.snapshot_buckets")
    note(con, None)


def segments_of(classified: str, customers: str) -> exp.Query:
    """Return the query of ``customer_segments`` over a table of profiles.

    Parameters
    ----------
    classified : str
        The view file of ``customers_classified`` for the model.
    customers : str
        Table with the profile of each customer.
    """
    query = one_query(views_over(classified, customers), customers)
    assert isinstance(query, exp.Query)
    return query


def views_over(
    classified: str, customers: str, attributes: Mapping[str, exp.Expr] | None = None
) -> dict[str, exp.Expr]:
    """Return the views up to ``customer_segments``, over a table of profiles.

    Parameters
    ----------
    classified, customers
        As in `segments_of`.
    attributes : mapping of str to Expression, optional
        What stands for those of the customers.
    """
    values = {"newest_order": newest_order({}, added_up=True), **(attributes or {})}
    views = {
        "customers_classified": bind(f"views/{classified}", values),
        "customer_segments": bind("views/customer_segments", values),
    }
    for view in views.values():
        redirect(view, {"customer_profile": customers})
    return views


def create_views(
    con: duckdb.DuckDBPyConnection, attributes: Mapping[str, exp.Expr] | None = None
) -> None:
    """Create the views of the snapshot: its rows, their summary, and their history.

    Parameters
    ----------
    con : DuckDBPyConnection
    attributes : mapping of str to Expression, optional
        What stands for those of the customers.
    """
    con.execute(create_view(SNAPSHOT, query_text(f"views/{SNAPSHOT}", attributes or {})))
    summary = redirect(
        bind("views/segment_summary", {}), {"customer_segments": f"{INTERNAL}.{SNAPSHOT}"}
    )
    con.execute(create_view(SUMMARY_OF_SNAPSHOT, summary.sql(dialect="duckdb")))
    history.create_history_view(con, has_customers=True)


def drop(con: duckdb.DuckDBPyConnection, event: history.Event) -> None:
    """Drop the snapshot of the version before, where the current one knows no customers."""
    for view in (SUMMARY_OF_SNAPSHOT, SNAPSHOT):
        con.execute(f"drop view if exists {SCHEMA}.{view}")
    history.leave(con, history.Publication.of(con, event))
    history.create_history_view(con, has_customers=False)
    con.execute(f"delete from {INTERNAL}.snapshots")
    con.execute(f"delete from {INTERNAL}.snapshot_buckets")


def state(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return the row of ``segments_internal.snapshots``, empty where there is no snapshot."""
    found = records(con, f"select * from {INTERNAL}.snapshots")
    return found[0] if found else {}


def note(con: duckdb.DuckDBPyConnection, buckets: int | None) -> None:
    """Write down what the snapshot is now."""
    (model_id,) = first_row(con, f"select model_id from {INTERNAL}.models where is_current")
    (customers,) = first_row(con, f"select count(*) from {INTERNAL}.{SNAPSHOT}")
    con.execute(f"delete from {INTERNAL}.snapshots")
    con.execute(
        f"insert into {INTERNAL}.snapshots (model_id, refreshed_at, customers, buckets) "
        "values ($1, $2, $3, $4)",
        [model_id, datetime.now(UTC).replace(tzinfo=None, microsecond=0), customers, buckets],
    )
