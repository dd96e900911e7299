"""Reach: whether other clients of a database can read what a source reads.

The live views go where the file goes. What only this session has, such as a Python function, a
temporary macro or another attached database, would break them for everybody else, so it is
refused before anything is stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import duckdb
import sqlglot
from sqlglot import TokenType, exp
from sqlglot.errors import SqlglotError

from segmenter.errors import InputError, SegmenterError, first_line
from segmenter.schema.connection import first_row
from segmenter.schema.names import SCHEMAS

__all__ = ["check_calls", "check_view", "definitions", "tables_of"]

_FRAME_SCANS = ("PANDAS_SCAN", "ARROW_SCAN")


def check_calls(
    con: duckdb.DuckDBPyConnection, sql: str, caller: str, *, allow_volatile: bool = False
) -> None:
    """Refuse functions that other clients lack, also where a macro calls them.

    Parameters
    ----------
    con : DuckDBPyConnection
    sql : str
        An expression or a statement.
    caller : str
        What calls the functions, for the message.
    allow_volatile : bool, default False
        Whether a function may give another value at each call.

    Raises
    ------
    InputError
        The message names the function.
    """
    (here,) = first_row(con, "select current_database()")
    pending, seen = _called(sql), set[str]()
    while pending:
        seen |= pending
        more = set[str]()
        for name, rows in _functions(con, pending).items():
            reason = _why_not(name, rows, here, allow_volatile=allow_volatile)
            if reason:
                raise InputError(f"{caller} calls {name}(), {reason}")
            for row in _own_macros(rows, here):
                _refuse_attached(con, row["macro_definition"], f"the macro {name}()")
                more |= _called(row["macro_definition"])
        pending = more - seen


def check_view(con: duckdb.DuckDBPyConnection, schema: str, view: str, relation: str) -> None:
    """Refuse a view of the connection's database that other clients cannot read.

    Parameters
    ----------
    con : DuckDBPyConnection
    schema, view : str
    relation : str
        The view's name in messages.

    Raises
    ------
    InputError
        It reads another database, a temporary table, a data frame or our own views, or calls a
        function that only this session has. All the same where views that it reads do.

    Notes
    -----
    Names that say an attached database are looked for in the text of the views and macros. Then a
    second connection, with the search path of another client, plans a query on the view, without
    the optimizer, which could leave out a table: it resolves names as the engine does, through any
    depth of views and macros.
    """
    for sql in definitions(con, view):
        check_calls(con, sql, relation, allow_volatile=True)
        _refuse_attached(con, sql, relation)
        if own := _own_object(con, sql):
            raise InputError(
                f"{relation} reads {own}, which is written by each fit, and cannot be its "
                f"source. Copy it into a table first: create table my_copy as from {relation}."
            )
    table = exp.table_(exp.to_identifier(view, True), exp.to_identifier(schema, True))
    try:
        plan = _plan(con, exp.select("*").from_(table).sql(dialect="duckdb"))
    except duckdb.PermissionException:
        raise  # it may not be read, which has nothing to do with other clients
    except duckdb.Error as error:
        raise InputError(
            f"{relation} works in this session only: {first_line(error)} Let it read tables of "
            "the database that are not temporary."
        ) from None
    (here, kind) = first_row(
        con,
        "select database_name, type from duckdb_databases() "
        "where database_name = current_database()",
    )
    for node in _nodes(plan):
        if node["name"].strip() in _FRAME_SCANS:
            raise InputError(
                f"{relation} reads a data frame of this session, which no other client has. Load "
                "the frame into a table, or give it as the source itself."
            )
        scanned = node.get("extra_info", {}).get("Table", "")
        database = exp.to_table(scanned, dialect="duckdb").catalog if scanned else here
        # the engine names the database of its own tables only, not that of a lake or of SQLite
        if database not in (here, "system") and not (kind != "duckdb" and not database):
            raise _is_attached(relation, scanned, database, here, relation)


def _refuse_attached(con: duckdb.DuckDBPyConnection, sql: str, caller: str) -> None:
    """Refuse a definition that names a table of an attached database."""
    tables = tables_of(sql)
    qualifiers = {(table.catalog or table.db).lower() for table in tables} - {""}
    if not qualifiers:
        return
    found = first_row(
        con,
        """
        select database_name, current_database()
        from duckdb_databases()
        where not internal
            and database_name <> current_database()
            and list_contains($1, lower(database_name))
            and lower(database_name) not in (
                select lower(schema_name) from duckdb_schemas()
                where database_name = current_database()
            )
        order by database_name
        """,
        [sorted(qualifiers)],
    )
    if found:
        database, here = found
        read = next(t for t in tables if (t.catalog or t.db).lower() == database.lower())
        read.set("alias", None)
        name = read.sql(dialect="duckdb")
        raise _is_attached(caller, name, database, here, name)


def _is_attached(
    caller: str, scanned: str, database: str, here: str, copied: str
) -> SegmenterError:
    whose = f"the attached database {database!r}" if database else "an attached database"
    return SegmenterError(
        f"{caller} reads {scanned} of {whose}, which other clients of {here!r} do not have. Copy "
        f"the rows into {here!r} first: create table my_copy as from {copied}."
    )


@cache
def _built_in() -> frozenset[str]:
    """Return the functions that every client has; Python's look like them where registered."""
    with duckdb.connect() as con:
        found = con.execute("select distinct lower(function_name) from duckdb_functions()")
        return frozenset(name for (name,) in found.fetchall())


def _called(sql: str) -> set[str]:
    """Return the names before an opening parenthesis."""
    try:
        tokens = sqlglot.tokenize(sql, read="duckdb")
    except SqlglotError:
        return set()
    return {
        name.text.lower()
        for name, after in pairwise(tokens)
        if after.token_type is TokenType.L_PAREN and name.token_type is not TokenType.STRING
    }


def _functions(con: duckdb.DuckDBPyConnection, names: set[str]) -> dict[str, list[dict[str, Any]]]:
    found = con.execute(
        """
        select
            lower(function_name) as name, function_type, database_name, internal, stability,
            coalesce(macro_definition, '') as macro_definition
        from duckdb_functions()
        where list_contains($1, lower(function_name))
        order by name
        """,
        [sorted(names)],
    )
    columns = [column[0] for column in found.description or ()]
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in found.fetchall():
        by_name.setdefault(row[0], []).append(dict(zip(columns, row, strict=True)))
    return by_name


def _own_macros(rows: list[dict[str, Any]], here: str) -> list[dict[str, Any]]:
    """Return the macros of the connection's database, which come before functions."""
    return [row for row in rows if row["database_name"] == here and not row["internal"]]


def _why_not(
    name: str, rows: list[dict[str, Any]], here: str, *, allow_volatile: bool
) -> str | None:
    """Return why a function cannot be called in a live view, as the end of a sentence."""
    databases = {row["database_name"] for row in rows}
    if "temp" in databases:
        return (
            "a temporary macro, which no other client has. Create it without TEMP, or write out "
            "what it does."
        )
    if _own_macros(rows, here):
        return None
    if name not in _built_in():
        if other := sorted(databases - {"system"}):
            return (
                f"a macro of the attached database {other[0]!r}, which other clients do not have. "
                f"Create it in {here!r}."
            )
        return (
            "a function of this session only, such as one written in Python, which no other "
            "client has. Write it in SQL, or store its result in a column first."
        )
    if not allow_volatile and any(row["stability"] == "VOLATILE" for row in rows):
        return (
            "which is a volatile or random function: it may give another value at each call. "
            "Store its result in a column first."
        )
    return None


def definitions(con: duckdb.DuckDBPyConnection, view: str) -> Iterator[str]:
    """Yield the SQL of a view and of all views that it may read, by their bare names."""
    stored: dict[str, list[str]] = {}
    for name, sql in con.execute(
        "select lower(view_name), sql from duckdb_views() "
        "where database_name = current_database() and not internal "
        "and not list_contains($1, schema_name)",
        [list(SCHEMAS)],
    ).fetchall():
        stored.setdefault(name, []).append(sql)
    pending, seen = [view.lower()], set[str]()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        for sql in stored.get(name, ()):
            yield sql
            pending += [table.name.lower() for table in tables_of(sql)]


def _own_object(con: duckdb.DuckDBPyConnection, sql: str) -> str | None:
    """Return an object of our schemas that a statement reads."""
    read = [
        f"{table.db}.{table.name}".lower()
        for table in tables_of(sql)
        if table.db.lower() in SCHEMAS
    ]
    found = first_row(
        con,
        """
        select schema_name || '.' || table_name from (
            select database_name, schema_name, table_name from duckdb_tables()
            union all
            select database_name, schema_name, view_name from duckdb_views()
        )
        where
            database_name = current_database()
            and list_contains($read, lower(schema_name || '.' || table_name))
        """,
        {"read": read},
    )
    return found[0] if found else None


def tables_of(sql: str) -> list[exp.Table]:
    """Return the tables that a statement reads, none where it is not understood."""
    try:
        return list(sqlglot.parse_one(sql, dialect="duckdb").find_all(exp.Table))
    except SqlglotError:
        return []  # the plan still tells which tables are read


def _plan(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """Return the plan of a query for another client, whose search path is the database's main."""
    (here,) = first_row(con, "select current_database()")
    other = con.cursor()
    try:
        other.execute(f"use {exp.to_identifier(here, quoted=True).sql(dialect='duckdb')}")
        other.execute("pragma disable_optimizer")
        plan: list[dict[str, Any]] = json.loads(
            other.execute(f"explain (format json) {query}").fetchall()[0][1]
        )
        return plan
    finally:
        other.close()


def _nodes(plan: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for node in plan:
        yield node
        yield from _nodes(node.get("children", []))
