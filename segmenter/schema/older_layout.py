"""A file of an older layout, read under the names of this one.

The file stays as it is. A database in memory gets the two schemas, with a view for each object that
has another place or other columns now, and comes before the file in the connection's search path.
What is not there is found in the file, as it was. Writing ends that, and migrates the file.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import sqlglot
from sqlglot import exp

from segmenter.schema.connection import first_row
from segmenter.schema.files import (
    MODEL_VIEWS,
    STEPS,
    TABLES,
    bind,
    has_file,
)
from segmenter.schema.names import CLASSIFIER, INTERNAL, SCHEMA, SNAPSHOT, SUMMARY_OF_SNAPSHOT

if TYPE_CHECKING:
    import duckdb

__all__ = ["MIGRATION", "hide", "moved", "show"]

MIGRATION = "migrations/layout_4"
"""What is in the tables now, as queries over those of layout 3."""

_READ = "migrations/layout_4_read"
"""What the views of layout 3 say, with the columns of today."""

_CHANGED = (
    "customer_segments",
    "segment_summary",
    SUMMARY_OF_SNAPSHOT,
    "drift",
    "data_quality",
    "customer_upgrades",
)

_MACROS = ("segment_moves", "customer_moves", "compare_models", "compare_rules")

_FUNCTIONS = (CLASSIFIER, "explain_segment")


def moved(table: str) -> exp.Expr:
    """Return a table's rows as of today, as a query over the older one."""
    path = f"{MIGRATION}/{table}"
    if has_file(path):
        return bind(path, {})
    return exp.select("*").from_(exp.table_(table, db=SCHEMA))


def show(con: duckdb.DuckDBPyConnection) -> None:
    """See the older file that the connection uses as if it were of this layout."""
    import duckdb

    (here,) = first_row(con, "select current_database()")
    over = _name_over(here)
    if first_row(con, "select 1 from duckdb_databases() where database_name = $1", [over]):
        _put_first(con, here)
        return
    con.execute(f"attach ':memory:' as {_quoted(over)} (read_write)")
    for schema in (SCHEMA, INTERNAL):
        con.execute(f"create schema {_quoted(over)}.{schema}")
    for name, schema, query in _views():
        _qualify(query, here)
        statement = exp.Create(
            this=exp.table_(name, db=schema, catalog=exp.to_identifier(over, quoted=True)),
            kind="VIEW",
            expression=query,
        )
        with suppress(duckdb.Error):  # what the file does not have, or whose source is gone
            con.execute(statement.sql(dialect="duckdb"))
    _put_first(con, here)
    for macro in _macros(con, here):
        macro.this.this.set("catalog", exp.to_identifier(over, quoted=True))
        with suppress(duckdb.Error):
            con.execute(macro.sql(dialect="duckdb"))


def hide(con: duckdb.DuckDBPyConnection) -> None:
    """See the file as it is again."""
    import duckdb

    (here,) = first_row(con, "select current_database()")
    over = _name_over(here)
    if not first_row(con, "select 1 from duckdb_databases() where database_name = $1", [over]):
        return
    others = [place for place in _search_path(con, here) if place not in _places(here)]
    _search(con, others)
    with suppress(duckdb.Error):  # another connection may look at it
        con.execute(f"detach {_quoted(over)}")


def _views() -> list[tuple[str, str, exp.Expr]]:
    """Return name, schema and query of each view, after those that it reads."""
    found = [(table, INTERNAL, moved(table)) for table in (*TABLES, SNAPSHOT)]
    steps = (exp.table_(step, db=SCHEMA) for step in sorted(STEPS))
    found += [(step.name, INTERNAL, exp.select("*").from_(step)) for step in steps]
    found += [
        (name, SCHEMA, bind(f"views/{name}", {}))
        for name in (*MODEL_VIEWS, SNAPSHOT)
        if name not in ("segment_rules", "whales")  # the file has them
    ]
    return found + [(name, SCHEMA, bind(f"{_READ}/{name}", {})) for name in _CHANGED]


def _qualify(query: exp.Expr, here: str) -> None:
    """Say where each object is: the old ones are in the file, the new ones beside the view."""
    over = _name_over(here)
    new = {INTERNAL: (*TABLES, SNAPSHOT), SCHEMA: MODEL_VIEWS}
    is_new = any(table.db == INTERNAL for table in query.find_all(exp.Table))
    for table in query.find_all(exp.Table):
        if table.db not in new:
            continue
        if not table.alias:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name)))
        catalog = over if is_new and table.name in new[table.db] else here
        table.set("catalog", exp.to_identifier(catalog, quoted=True))


def _macros(con: duckdb.DuckDBPyConnection, here: str) -> list[exp.Expr]:
    """Return the functions of today, over what the search path has of the older file."""
    (is_anonymous,) = first_row(
        con, "select count(*) = 0 from duckdb_views() where view_name = 'customer_profile'"
    )
    profiles = exp.table_("profile_points", db=INTERNAL)
    values = {
        "profiles": profiles if is_anonymous else exp.table_("customer_profile", db=SCHEMA),
        "customers": exp.column("customers") if is_anonymous else exp.Literal.number(1),
    }
    found = [*_customers_at(con, here), *(bind(f"macros/{name}", values) for name in _MACROS)]
    for name in _FUNCTIONS:
        call = exp.Dot(
            this=exp.to_identifier("main"),
            expression=exp.Anonymous(
                this=name, expressions=[exp.column("monetary"), exp.column("frequency")]
            ),
        )
        macro = bind(f"macros/{name}", {"body": call})
        macro.this.this.set("db", exp.to_identifier(SCHEMA))
        found.append(macro)
    return found


def _customers_at(con: duckdb.DuckDBPyConnection, here: str) -> list[exp.Expr]:
    """Return the stored function, with the file's name before what it reads."""
    stored = first_row(
        con,
        "select macro_definition from duckdb_functions() where database_name = $1 "
        "and schema_name = $2 and function_name = 'customer_segments_at'",
        [here, SCHEMA],
    )
    if not stored:
        return []
    macro = bind("macros/customer_segments_at", {})
    macro.set("expression", sqlglot.parse_one(stored[0], dialect="duckdb"))
    for table in macro.expression.find_all(exp.Table):
        if table.db == SCHEMA:
            table.set("catalog", exp.to_identifier(here, quoted=True))
    return [macro]


def _put_first(con: duckdb.DuckDBPyConnection, here: str) -> None:
    given = _search_path(con, here)
    if missing := [place for place in _places(here) if place not in given]:
        _search(con, [*given, *missing])


_Place = tuple[str, str]


def _places(here: str) -> list[_Place]:
    over = _name_over(here)
    return [(over, SCHEMA), (over, INTERNAL), (here, SCHEMA)]


def _search_path(con: duckdb.DuckDBPyConnection, here: str) -> list[_Place]:
    """Return the databases and schemas that names are looked for in."""
    (text,) = first_row(con, "select current_setting('search_path')")
    parts = (one.rpartition(".") for one in str(text).split(",") if one.strip())
    return [(catalog or here, schema) for catalog, _, schema in parts] or [(here, "main")]


def _search(con: duckdb.DuckDBPyConnection, places: list[_Place]) -> None:
    path = ",".join(f"{_quoted(catalog)}.{_quoted(schema)}" for catalog, schema in places)
    con.execute("set search_path = $1", [path])


def _name_over(here: str) -> str:
    return f"{here}_as_layout_4"


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="duckdb")
