"""Comments: what each object and column is, for the catalogue of whoever opens the database.

An object's comment is the head of its SQL file; a column's comes from
``sql/queries/column_comments.sql``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
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

_Comment = tuple[str, str, str]
"""The kind of an object, its full name, and what it is."""

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
    comments = [
        *(("table", f"{INTERNAL}.{table}", _head(f"tables/{table}", {})) for table in TABLES),
        *(_of_function(SCHEMA, macro) for macro in (*TABLE_MACROS, *MACROS)),
        *(_of_function(schema, macro) for macro in macros for schema in ("main", SCHEMA)),
        *(
            ("view", qualified(view), _head(f"views/{file}", values))
            for view, file in views.items()
        ),
    ]
    if "customer_segments" in views:
        comments += _of_snapshot(views)
    else:
        comments.append(("view", f"{SCHEMA}.{HISTORY}", _head(f"views/{HISTORY}_over", {})))
    _write(con, comments)


def comment_attributes(con: duckdb.DuckDBPyConnection, names: Collection[str]) -> None:
    """Say what the columns are that a fit has named, where they stand with customers."""
    if not names or is_lake(con):
        return  # they are columns of views
    found = con.execute(
        """
        select schema_name, table_name, column_name from duckdb_columns()
        where database_name = current_database() and list_contains($1, schema_name)
            and list_contains($2, column_name)
        """,
        [[SCHEMA, INTERNAL], list(names)],
    ).fetchall()
    names_of = (
        exp.column(column, table, schema, quoted=True).sql(dialect="duckdb")
        for schema, table, column in found
    )
    _execute(con, [("column", name, ATTRIBUTE) for name in names_of])


def comment_added(
    con: duckdb.DuckDBPyConnection,
    tables: Iterable[str],
    views: Iterable[str],
    macros: Iterable[str],
) -> None:
    """Say what tables, views and functions are that a file has got since its fit."""
    comments = [
        *(("table", f"{INTERNAL}.{table}", _head(f"tables/{table}", {})) for table in tables),
        *(("view", qualified(view), _head(f"views/{view}", {})) for view in views),
        *(_of_function(SCHEMA, macro) for macro in macros),
    ]
    _write(con, comments)


def comment_snapshot(con: duckdb.DuckDBPyConnection, views: Mapping[str, str]) -> None:
    """Say what the snapshot and its summary are, which a refresh makes anew."""
    _write(con, _of_snapshot(views))


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
    comments = []
    for kind, name in found:
        if kind == "macro":
            comments.append(_of_function(*name.split(".")))
        elif name == PUBLICATION:
            comments.append((kind, f"{SCHEMA}.{name}", _head(f"published/{name}", {})))
        elif name in texts:
            comments.append((kind, f"{SCHEMA}.{name}", f"{_AS_PUBLISHED}\n{texts[name]}"))
    _write(con, comments)


def _of_function(schema: str, name: str) -> _Comment:
    kind = "macro table" if name in TABLE_MACROS else "macro"
    return kind, f"{schema}.{name}", _head(f"macros/{name}", {})


def _of_snapshot(views: Mapping[str, str]) -> list[_Comment]:
    summary = f"{_AS_OF}\n{_head('views/' + views[SUMMARY], {})}"
    snapshot = _head(f"views/{SNAPSHOT}", {})
    return [
        ("table", f"{INTERNAL}.{SNAPSHOT}", snapshot),
        ("view", f"{SCHEMA}.{SNAPSHOT}", snapshot),
        ("view", f"{SCHEMA}.{SUMMARY_OF_SNAPSHOT}", summary),
        ("view", f"{SCHEMA}.{HISTORY}", _head(f"views/{HISTORY}", {})),
    ]


def _write(con: duckdb.DuckDBPyConnection, objects: list[_Comment]) -> None:
    """Comment on objects, and on all columns that lack theirs."""
    keeps_all = not is_lake(con)  # which keeps none on macros, and on columns those of tables only
    columns = con.execute(
        f"""
        select 'column', schema_name || '.' || table_name || '.' || column_name,
            comments.description
        from duckdb_columns() as columns
        inner join ({read("queries/column_comments")}) as comments using (column_name)
        where columns.database_name = current_database()
            and columns.schema_name in ('{SCHEMA}', '{INTERNAL}')
            and columns.comment is distinct from comments.description
            and ($1 or (schema_name, table_name) in (
                select (schema_name, table_name) from duckdb_tables()
                where database_name = current_database()
            ))
        """,
        [keeps_all],
    ).fetchall()
    kept = [each for each in objects if keeps_all or not each[0].startswith("macro")]
    _execute(con, [*kept, *columns])


def _execute(con: duckdb.DuckDBPyConnection, comments: Iterable[_Comment]) -> None:
    """Write all comments with one call; there are hundreds."""
    statements = (f"comment on {kind} {name} is {_quoted(text)}" for kind, name, text in comments)
    if script := ";\n".join(statements):
        con.execute(script)


@lru_cache(maxsize=1024)
def _quoted(text: str) -> str:
    """Return a text as a literal; many columns share theirs."""
    return exp.Literal.string(text).sql("duckdb", copy=False)


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
