"""A query in a file as a source: one statement that selects, read as a temporary view."""

from __future__ import annotations

from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from segmenter.errors import InputError, reason

__all__ = ["query_table"]

_VIEW = "segmenter_query"


def query_table(con: duckdb.DuckDBPyConnection, path: str) -> exp.Table:
    """Return the temporary view of a query in a file.

    Parameters
    ----------
    con : DuckDBPyConnection
        Other databases that the query reads are attached to it.
    path : str

    Raises
    ------
    InputError
        There is no such file, it has not one query in it, or the query does not work.
    """
    query = _parsed(path).sql(dialect="duckdb")
    try:
        con.execute(f"create or replace temp view {_VIEW} as {query}")
    except duckdb.Error as error:
        raise InputError(f"the query in {path} does not work: {reason(error)}") from None
    return exp.table_(_VIEW, db="main", catalog="temp")


def _parsed(path: str) -> exp.Query:
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        statements = [tree for tree in sqlglot.parse(text, read="duckdb") if tree is not None]
    except OSError as error:
        raise InputError(f"the query {path} cannot be read: {error.strerror}.") from None
    except (SqlglotError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is no SQL that can be read: {str(error).splitlines()[0]}"
        ) from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise InputError(
            f"{path} must have one query in it, a statement that starts with select, with or from."
        )
    return statements[0]
