"""The layout of a database with a model: its schema, and whether this version can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.errors import NoModelError, SegmenterError
from segmenter.schema.connection import first_row
from segmenter.version import __version__

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "CLASSIFIER",
    "EXPLAINER",
    "HISTORY",
    "INTERNAL",
    "LAYOUT_VERSION",
    "PUBLICATION",
    "SCHEMA",
    "SCHEMAS",
    "SNAPSHOT",
    "STORAGE",
    "SUMMARY",
    "SUMMARY_OF_SNAPSHOT",
    "check_layout",
    "has_macro",
    "has_model",
    "require_model",
    "schema_of_tables",
    "stored_layout",
]

SCHEMA = "segments"
"""What people use: views and functions."""

INTERNAL = "segments_internal"
"""The tables of the models, and the steps between the user's table and the views."""

SCHEMAS = (SCHEMA, INTERNAL)

CLASSIFIER = "classify_segment"

EXPLAINER = "explain_segment"

SNAPSHOT = "customer_segments_snapshot"
"""The rows of ``customer_segments`` as of the last fit or refresh: a table, and a view of it."""

HISTORY = "customer_segments_history"
"""What each customer was published as, and when: a table of what is over, and a view of all."""

SUMMARY = "segment_summary"

SUMMARY_OF_SNAPSHOT = "segment_summary_snapshot"
"""View like ``segment_summary``, but over the snapshot."""

PUBLICATION = "publication"
"""The table that a published copy has, and a database with models has not."""

STORAGE = "v1.4.0"
"""New files can be read by DuckDB 1.4 and later."""

LAYOUT_VERSION = 4
"""Raised when a stored table changes its name or columns, with a step of ``storage.migrations``."""

OLDEST_LAYOUT = 3
"""An older one is refused; from this on files are read as they are, and migrated when written."""


def has_model(con: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether the connection's database has the tables of a model."""
    return schema_of_tables(con) is not None


def schema_of_tables(con: duckdb.DuckDBPyConnection) -> str | None:
    """Return the schema that has the tables of the models: up to layout 3 it was `SCHEMA`."""
    columns = con.execute(
        """
        select schema_name, column_name = 'layout_version'
        from system.main.duckdb_columns()
        where database_name = system.main.current_database()
            and table_name = 'models' and schema_name in ($1, $2)
        """,
        [INTERNAL, SCHEMA],
    ).fetchall()
    ranked = sorted((is_layout, schema == INTERNAL, schema) for schema, is_layout in columns)
    return str(ranked[-1][2]) if ranked else None


def has_macro(con: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether the connection's database has a compiled classifier."""
    query = (
        "select 1 from duckdb_functions() where function_name = $1 and function_type = 'macro' "
        "and database_name = current_database() and schema_name = 'main' and not internal"
    )
    return bool(first_row(con, query, [CLASSIFIER]))


def check_layout(con: duckdb.DuckDBPyConnection) -> int | None:
    """Refuse a database whose model tables this version does not know; see older ones as of today.

    Returns
    -------
    int or None
        The stored layout; None where there are no tables of a model.

    Raises
    ------
    SegmenterError
        The stored layout is not one that this version reads.
    """
    layout = stored_layout(con)
    if layout is not None and OLDEST_LAYOUT <= layout < LAYOUT_VERSION:
        from segmenter.schema.older_layout import show

        show(con)
    elif layout == 0 and _is_published(con):
        raise SegmenterError(
            "this file is a copy that segmenter publish made, to be read: it has no sales and no "
            "models. Name the database that it was published from."
        )
    elif layout not in (None, LAYOUT_VERSION):
        raise SegmenterError(
            f"the model in this database has layout {layout}, and segmenter {__version__} reads "
            f"layouts {OLDEST_LAYOUT} to {LAYOUT_VERSION}. Fit again into a new file, or use the "
            "version that wrote it."
        )
    return layout


def stored_layout(con: duckdb.DuckDBPyConnection) -> int | None:
    """Return the layout of the stored tables: 0 where it is unknown, None where there are none."""
    import duckdb

    schema = schema_of_tables(con)
    if schema is None:
        return None
    here = f"{_quoted(str(first_row(con, 'select current_database()')[0]))}.{schema}"
    try:
        found = first_row(con, f"select max(layout_version) from {here}.models")[0]
    except duckdb.BinderException:
        return 0
    if found is None:  # there are tables, but no model
        return LAYOUT_VERSION if schema == INTERNAL else OLDEST_LAYOUT
    return int(found)


def _is_published(con: duckdb.DuckDBPyConnection) -> bool:
    query = (
        "select 1 from duckdb_tables() where database_name = current_database() "
        "and schema_name = $1 and table_name = $2"
    )
    return bool(first_row(con, query, [SCHEMA, PUBLICATION]))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def require_model(con: duckdb.DuckDBPyConnection) -> None:
    """Refuse a database without a current model that this version can read.

    Raises
    ------
    NoModelError
        There is none.
    SegmenterError
        It is of another layout, or damaged.
    """
    if check_layout(con) is not None:
        current = f"select model_id from {INTERNAL}.models where is_current"
        if first_row(con, f"select 1 from {INTERNAL}.model_segments where model_id in ({current})"):
            return
        if first_row(con, current):
            raise SegmenterError(
                f"the model is damaged: it has no segments in {INTERNAL}.model_segments. Take the "
                "database from a backup, or fit again."
            )
    raise NoModelError(
        "this database has no model yet. Fit one first: segmenter.fit(con, segmenter.Source("
        "transactions='TABLE', customer='COLUMN', amount='COLUMN'))."
    )
