"""Views and functions that files of an earlier version do not have yet.

They are read from their SQL files until the next command that writes makes them, so that such a
file answers like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from segmenter.engines.inline_views import one_query
from segmenter.schema.connection import first_row
from segmenter.schema.files import MACROS, bind, create_view, query_text, read, redirect
from segmenter.schema.names import HISTORY, INTERNAL, SCHEMA, SNAPSHOT
from segmenter.storage.comments import comment_added
from segmenter.storage.history import add_columns, create_history_view

if TYPE_CHECKING:
    import duckdb

__all__ = ["CHANGES", "LINES", "added_view", "complete", "has_object"]

_TABLES = ("backtest_lifecycle",)

_OF_FITS = ("model_attributes",)
"""Tables that the next fit fills."""

_OF_HISTORY = ("customer_segments_history", "publishing_log", "published_segments")
"""Tables that are empty in a file from before: its history begins with its snapshot."""

_OVER_HISTORY = ("publishing_log", "segment_history")

_VIEWS = ("segment_lifecycle", "next_actions")
"""Each after those that it reads; all of them read customers."""

CHANGES = "customer_changes"
"""The function over the history."""

LINES = "segment_lines"
"""The lines of the model, which nothing else reads."""


def added_view(
    con: duckdb.DuckDBPyConnection, name: str, redirected: Mapping[str, str] | None = None
) -> exp.Subquery | exp.Table:
    """Return a view as what a query can read, whether the file has it or not.

    Parameters
    ----------
    con : DuckDBPyConnection
    name : str
    redirected : mapping of str to str, optional
        Objects that it reads, and others to read in their place.
    """
    if not redirected and has_object(con, SCHEMA, name):
        return exp.table_(name, db=SCHEMA)
    parts: dict[str, exp.Expr] = {
        table: _nobody(table) for table in _TABLES if not has_object(con, INTERNAL, table)
    }
    for view in _VIEWS[: _VIEWS.index(name) + 1]:
        parts[view] = redirect(bind(f"views/{view}", {}), redirected or {})
    query = one_query(parts, "")
    assert isinstance(query, exp.Query)
    return query.subquery(name)


def complete(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables, views and functions that a file of this layout lacks, in a transaction.

    Views are made where their customers are; none of them has anything of the source in it.
    """
    known = _objects(con)
    lacking = [t for t in (*_TABLES, *_OF_FITS, *_OF_HISTORY) if (INTERNAL, t) not in known]
    for table in lacking:
        con.execute(read(f"tables/{table}"))
    add_columns(con)
    wanted = _VIEWS if (SCHEMA, "customer_segments") in known else ()
    wanted = (LINES, *wanted, *_OVER_HISTORY)
    made = [view for view in wanted if (SCHEMA, view) not in known]
    for view in made:
        con.execute(create_view(view, query_text(f"views/{view}", {})))
    if (SCHEMA, HISTORY) not in known:
        create_history_view(con, has_customers=(INTERNAL, SNAPSHOT) in known)
        made.append(HISTORY)
    functions = [macro for macro in (*MACROS, CHANGES) if (SCHEMA, macro) not in known]
    for macro in functions:
        con.execute(read(f"macros/{macro}"))
    if lacking or made or functions:
        comment_added(con, lacking, made, functions)


def _objects(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Return schema and name of all tables, views and functions of the connection's database."""
    query = " union all ".join(
        f"select schema_name, {kind}_name from duckdb_{kind}s() "
        "where database_name = current_database()"
        for kind in ("table", "view", "function")
    )
    return set(con.execute(query).fetchall())


def has_object(con: duckdb.DuckDBPyConnection, schema: str, name: str) -> bool:
    """Tell whether the connection's database has a table or view."""
    return any(
        first_row(
            con,
            f"select 1 from duckdb_{kind}s() where database_name = current_database() "
            f"and schema_name = $1 and {kind}_name = $2",
            [schema, name],
        )
        for kind in ("table", "view")  # views take longer: all of them are bound
    )


def _nobody(table: str) -> exp.Select:
    """Return a query without rows that has the columns of a table."""
    made = sqlglot.parse_one(read(f"tables/{table}"), dialect="duckdb")
    columns = (
        exp.alias_(exp.cast(exp.null(), one.args["kind"]), one.name)
        for one in made.find_all(exp.ColumnDef)
    )
    return exp.select(*columns).limit(0)
