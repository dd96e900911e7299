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
    "LAYOUT_VERSION",
    "SCHEMA",
    "SNAPSHOT",
    "STORAGE",
    "SUMMARY",
    "SUMMARY_OF_SNAPSHOT",
    "check_layout",
    "find_macro",
    "has_macro",
    "has_model",
    "require_model",
]

SCHEMA = "segments"

CLASSIFIER = "classify_segment"

SNAPSHOT = "customer_segments_snapshot"
"""Table with the rows of the view ``customer_segments`` as of the last fit or refresh."""

SUMMARY = "segment_summary"

SUMMARY_OF_SNAPSHOT = "segment_summary_snapshot"
"""View like ``segment_summary``, but over the snapshot."""

STORAGE = "v1.4.0"
"""New files can be read by DuckDB 1.4 and later."""

LAYOUT_VERSION = 3
"""Raised when a stored table changes its columns; a model of another layout is refused."""


def has_model(con: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether the connection's database has the tables of a model."""
    return bool(
        first_row(
            con,
            "select 1 from duckdb_tables() where database_name = current_database() "
            "and schema_name = $1 and table_name = 'models'",
            [SCHEMA],
        )
    )


def find_macro(con: duckdb.DuckDBPyConnection, *names: str) -> str | None:
    """Return the first of these scalar macros that the connection's database has."""
    (found,) = first_row(
        con,
        "select min(function_name) from duckdb_functions() where list_contains($1, function_name) "
        "and function_type = 'macro' and database_name = current_database() "
        "and schema_name = 'main' and not internal",
        [names],
    )
    return None if found is None else str(found)


def has_macro(con: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether the connection's database has a compiled classifier."""
    return find_macro(con, CLASSIFIER) is not None


def check_layout(con: duckdb.DuckDBPyConnection) -> None:
    """Refuse a database whose model tables another version of the software wrote.

    Raises
    ------
    SegmenterError
        The stored layout is not the one that this version reads.
    """
    import duckdb

    try:
        (layout,) = first_row(con, f"select max(layout_version) from {SCHEMA}.models")
    except duckdb.BinderException:
        layout = 0
    if layout not in (None, LAYOUT_VERSION):
        raise SegmenterError(
            f"the model in this database has layout {layout}, and segmenter {__version__} reads "
            f"layout {LAYOUT_VERSION}. Fit again into a new file, or use the version that wrote it."
        )


def require_model(con: duckdb.DuckDBPyConnection) -> None:
    """Refuse a database without a current model that this version can read.

    Raises
    ------
    NoModelError
        There is none.
    SegmenterError
        It is of another layout, or damaged.
    """
    if has_model(con):
        check_layout(con)
        current = f"select model_id from {SCHEMA}.models where is_current"
        if first_row(con, f"select 1 from {SCHEMA}.model_segments where model_id in ({current})"):
            return
        if first_row(con, current):
            raise SegmenterError(
                f"the model is damaged: it has no segments in {SCHEMA}.model_segments. Take the "
                "database from a backup, or fit again."
            )
    raise NoModelError(
        "this database has no model yet. Fit one first: segmenter.fit(con, segmenter.Source("
        "transactions='TABLE', customer='COLUMN', amount='COLUMN'))."
    )
