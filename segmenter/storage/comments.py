"""Comments: what each object and column is, for the catalogue of whoever opens the database.

An object's comment is the head of its SQL file; a column's comes from
``sql/queries/column_comments.sql``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

import duckdb
from sqlglot import exp

from segmenter.schema.connection import is_lake
from segmenter.schema.files import MACROS, TABLE_MACROS, TABLES, qualified, read
from segmenter.schema.names import (
    HISTORY,
    INTERNAL,
    PUBLICATION,
    SCHEMA,
    SNAPSHOT,
    SUMMARY,
    SUMMARY_OF_SNAPSHOT,
)

__all__ = [
    "comment_added",
    "comment_attributes",
    "comment_publication",
    "comment_snapshot",
    "head_of_view",
    "write_comments",
]

_AS_OF = "As of the last fit or refresh; otherwise as the live view."

ATTRIBUTE = (
    "Attribute that the fit names: the latest value of this column of the source that is known of "
    "the customer."
)

_AS_PUBLISHED = "As of the publication, see segments.publication; otherwise as what was copied."


def write_comments(
    con: duckdb.DuckDBPyConnection,
    views: Mapping[str, str],
    macros: Iterable[str],
    values: Mapping[str, exp.Expr],
) -> None:
    """Say in the catalogue what everything is.

    Parameters
    ----------
    con : DuckDBPyConnection
    views : mapping of str to str
        The file of each view.
    macros : iterable of str
    values : mapping of str to Expression
        What stands for each ``$placeholder`` of the views.
    """
    for table in TABLES:
        _comment(con, "table", f"{INTERNAL}.{table}", _head(f"tables/{table}", {}))
    for macro in TABLE_MACROS:
        _comment(con, "macro table", f"{SCHEMA}.{macro}", _head(f"macros/{macro}", {}))
    for macro in MACROS:
        _comment(con, "macro", f"{SCHEMA}.{macro}", _head(f"macros/{macro}", {}))
    for macro in macros:
        for schema in ("main", SCHEMA):
            _comment(con, "macro", f"{schema}.{macro}", _head(f"macros/{macro}", {}))
    for view, file in views.items():
        _comment(con, "view", qualified(view), _head(f"views/{file}", values))
    if "customer_segments" in views:
        _comment_snapshot(con, views)
    else:
        _comment(con, "view", f"{SCHEMA}.{HISTORY}", _head(f"views/{HISTORY}_over", {}))
    _comment_columns(con)


def comment_attributes(con: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Say what the columns are that a fit has named, where they stand with customers."""
    if is_lake(con):
        return  # they are columns of views
    found = con.execute(
        """
        select schema_name, table_name, column_name from duckdb_columns()
        where database_name = current_database() and list_contains($1, schema_name)
            and list_contains($2, column_name)
        """,
        [[SCHEMA, INTERNAL], list(names)],
    ).fetchall()
    for schema, table, column in found:
        name = exp.column(column, table, schema, quoted=True).sql(dialect="duckdb")
        _comment(con, "column", name, ATTRIBUTE)


def comment_added(
    con: duckdb.DuckDBPyConnection,
    tables: Iterable[str],
    views: Iterable[str],
    macros: Iterable[str],
) -> None:
    """Say what tables, views and functions are that a file has got since its fit."""
    for table in tables:
        _comment(con, "table", f"{INTERNAL}.{table}", _head(f"tables/{table}", {}))
    for view in views:
        _comment(con, "view", qualified(view), _head(f"views/{view}", {}))
    for macro in macros:
        kind = "macro table" if macro in TABLE_MACROS else "macro"
        _comment(con, kind, f"{SCHEMA}.{macro}", _head(f"macros/{macro}", {}))
    _comment_columns(con)


def comment_snapshot(con: duckdb.DuckDBPyConnection, views: Mapping[str, str]) -> None:
    """Say what the snapshot and its summary are, which a refresh makes anew."""
    _comment_snapshot(con, views)
    _comment_columns(con)


def comment_publication(con: duckdb.DuckDBPyConnection, texts: Mapping[str, str]) -> None:
    """Say what the objects of a publication are.

    Parameters
    ----------
    con : DuckDBPyConnection
        Its database is the publication.
    texts : mapping of str to str
        What the database that it was copied from says of each view.
    """
    found = con.execute(
        """
        select 'table', table_name from duckdb_tables() where schema_name = $1
        union all
        select 'view', view_name from duckdb_views() where schema_name = $1
        union all
        select distinct 'macro', schema_name || '.' || function_name from duckdb_functions()
        where not internal and function_type = 'macro'
        """,
        [SCHEMA],
    ).fetchall()
    for kind, name in found:
        if kind == "macro":
            _comment(con, kind, name, _head(f"macros/{name.partition('.')[2]}", {}))
        elif name == PUBLICATION:
            _comment(con, kind, f"{SCHEMA}.{name}", _head(f"published/{name}", {}))
        elif name in texts:
            _comment(con, kind, f"{SCHEMA}.{name}", f"{_AS_PUBLISHED}\n{texts[name]}")
    _comment_columns(con)


def _comment_snapshot(con: duckdb.DuckDBPyConnection, views: Mapping[str, str]) -> None:
    summary = f"{_AS_OF}\n{_head('views/' + views[SUMMARY], {})}"
    snapshot = _head(f"views/{SNAPSHOT}", {})
    _comment(con, "table", f"{INTERNAL}.{SNAPSHOT}", snapshot)
    _comment(con, "view", f"{SCHEMA}.{SNAPSHOT}", snapshot)
    _comment(con, "view", f"{SCHEMA}.{SUMMARY_OF_SNAPSHOT}", summary)
    _comment(con, "view", f"{SCHEMA}.{HISTORY}", _head(f"views/{HISTORY}", {}))


def _comment(con: duckdb.DuckDBPyConnection, kind: str, name: str, text: str) -> None:
    if kind.startswith("macro") and is_lake(con):
        return  # it keeps none
    con.execute(_statement(kind, name, text))


@lru_cache(maxsize=1024)
def _statement(kind: str, name: str, text: str) -> str:
    return f"comment on {kind} {name} is {exp.Literal.string(text).sql('duckdb', copy=False)}"


def _comment_columns(con: duckdb.DuckDBPyConnection) -> None:
    lacking = con.execute(
        f"""
        select schema_name, table_name, column_name, comments.description
        from duckdb_columns() as columns
        inner join ({read("queries/column_comments")}) as comments using (column_name)
        where columns.database_name = current_database()
            and columns.schema_name in ('{SCHEMA}', '{INTERNAL}')
            and columns.comment is distinct from comments.description
            and (not $1 or (schema_name, table_name) in (
                select (schema_name, table_name) from duckdb_tables()
                where database_name = current_database()
            ))
        """,
        [is_lake(con)],  # which keeps comments on columns of tables only
    ).fetchall()
    for schema, table, column, text in lacking:
        _comment(con, "column", f"{schema}.{table}.{column}", text)


def head_of_view(file: str) -> str:
    """Return what a file of ``sql/views`` says that the view is."""
    return _head(f"views/{file}", {})


def _head(path: str, values: Mapping[str, exp.Expr]) -> str:
    """Return the head of a SQL file without its title, with what its ``$placeholders`` mean."""
    lines: list[str] = []
    for line in read(path).splitlines():
        if not line.startswith("--"):
            break
        lines.append(line.removeprefix("--").strip())

    def meaning(found: re.Match[str]) -> str:
        value = values.get(found[1])
        return found[1] if value is None else value.sql(dialect="duckdb")

    return re.sub(r"\$(\w+)", meaning, "\n".join(lines[1:]))
