"""Migrations: the tables of an older layout moved to where this version keeps them.

They run in the transaction of the next command that writes; until then a file is read as it is (see
`segmenter.schema.older_layout`, which shares the queries of ``sql/migrations``).
"""

from __future__ import annotations

import duckdb
from sqlglot import exp

from segmenter.errors import SegmenterError, first_line
from segmenter.schema.connection import first_row, is_lake
from segmenter.schema.files import TABLES, bind, read
from segmenter.schema.names import INTERNAL, LAYOUT_VERSION, SCHEMA, SNAPSHOT, stored_layout
from segmenter.schema.older_layout import moved
from segmenter.storage.history import add_columns

__all__ = ["create_tables", "migrate", "refuse_foreign"]

_VIEWS = (
    "segment_rules",
    "transactions",
    "customer_profile",
    "profile_cut",
    "profile_points",
    "customer_segments",
    "whales",
    "customer_upgrades",
    "segment_summary",
    "segment_summary_snapshot",
    "drift_bins",
    "drift",
    "data_quality_counts",
    "data_quality",
)
"""The views of layout 3."""


_ADDED = {
    ("models", "raised_customers"): "bigint",
    ("models", "notes"): "json",
    ("model_splits", "method"): "varchar",
    ("model_splits", "far_customers"): "bigint",
    ("model_splits", "far_segment"): "varchar",
    ("model_splits", "monetary_weight"): "double",
    ("model_splits", "frequency_weight"): "double",
    ("model_splits", "threshold"): "double",
    ("model_splits", "gap_index"): "double",
}
"""Columns of this layout that its first files lack; NULL there."""


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create the schemas, the models' tables and their columns where they are missing."""
    for schema in (SCHEMA, INTERNAL):
        con.execute(f"create schema if not exists {schema}")
    lake = is_lake(con)
    for table in TABLES:
        con.execute(_without_keys(f"tables/{table}") if lake else read(f"tables/{table}"))
    _add_columns(con)


def _without_keys(path: str) -> str:
    """Return the statement for a DuckLake, which keeps no keys; the store numbers the rows."""
    tree = bind(path, {})
    for key in list(tree.find_all(exp.PrimaryKey, exp.PrimaryKeyColumnConstraint)):
        (key.parent if isinstance(key.parent, exp.ColumnConstraint) else key).pop()
    return tree.sql(dialect="duckdb")


def _add_columns(con: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select table_name, column_name from duckdb_columns() "
        "where database_name = current_database() and schema_name = $1"
    )
    known = set(con.execute(query, [INTERNAL]).fetchall())
    for (table, column), kind in _ADDED.items():
        if (table, column) not in known:
            con.execute(f"alter table {INTERNAL}.{table} add column {column} {kind}")


def migrate(con: duckdb.DuckDBPyConnection) -> bool:
    """Bring the tables to the layout of today, inside the caller's transaction.

    Returns
    -------
    bool
        Whether there was anything to do. Then the views are gone, and have to be made anew.

    Raises
    ------
    SegmenterError
        What is stored is damaged.
    """
    layout = stored_layout(con)
    if layout == LAYOUT_VERSION:
        _add_columns(con)
    if layout in (None, LAYOUT_VERSION):
        return False
    refuse_foreign(con, INTERNAL)
    for view in _VIEWS:
        con.execute(f"drop view if exists {SCHEMA}.{view}")
    create_tables(con)
    tables = [table for table in (*TABLES, SNAPSHOT) if _has_table(con, table)]
    for table in tables:
        _move(con, table)
    for table in tables:
        con.execute(f"drop table {SCHEMA}.{table}")
    con.execute(f"update {INTERNAL}.models set layout_version = $1", [LAYOUT_VERSION])
    add_columns(con)
    return True


def _move(con: duckdb.DuckDBPyConnection, table: str) -> None:
    rows = moved(table).sql(dialect="duckdb")
    statement = f"insert into {INTERNAL}.{table} by name {rows}"
    if table == SNAPSHOT:
        statement = f"create table {INTERNAL}.{table} as {rows}"
    try:
        con.execute(statement)
    except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
        raise SegmenterError(
            f"the model is damaged: {SCHEMA}.{table} holds what a fit has not written "
            f"({first_line(error)}) Take the database from a backup, or fit into a new file."
        ) from None


def refuse_foreign(con: duckdb.DuckDBPyConnection, *schemas: str) -> None:
    """Refuse a database where somebody else has tables or views in our schemas.

    Raises
    ------
    SegmenterError
        The message names the object.
    """
    found = first_row(
        con,
        """
        select schema_name || '.' || table_name from duckdb_tables()
        where database_name = current_database() and list_contains($1, schema_name)
        union all
        select schema_name || '.' || view_name from duckdb_views()
        where database_name = current_database() and list_contains($1, schema_name)
        """,
        [list(schemas)],
    )
    if found:
        raise SegmenterError(
            f"this database already has {found[0]}, which Segmenter did not make. Rename it, or "
            "fit into another file."
        )


def _has_table(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    query = (
        "select 1 from duckdb_tables() where database_name = current_database() "
        "and schema_name = $1 and table_name = $2"
    )
    return bool(first_row(con, query, [SCHEMA, table]))
