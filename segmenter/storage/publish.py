"""Publishing: the model's tables, the views and the macro, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import duckdb

from segmenter import stopping
from segmenter.engines.duckdb import Embedded
from segmenter.errors import BusyError, SegmenterError
from segmenter.model import Model
from segmenter.schema.connection import (
    current_database,
    first_row,
    in_transaction,
    is_lake,
    transaction,
)
from segmenter.schema.files import (
    MACROS,
    MODEL_VIEWS,
    TABLES,
    VIEWS,
    create_view,
    qualified,
    query_text,
    read,
)
from segmenter.schema.names import (
    HISTORY,
    INTERNAL,
    SCHEMA,
    SUMMARY,
    check_layout,
    has_model,
    schema_of_tables,
)
from segmenter.schema.older_layout import hide
from segmenter.schema.shadowing import refuse_shadows
from segmenter.settings import Settings
from segmenter.sources.binding import Binding, bind_source, bind_stored
from segmenter.sources.source import Source
from segmenter.sources.views import view_files
from segmenter.storage import snapshot, store
from segmenter.storage.added_views import complete
from segmenter.storage.comments import comment_attributes, write_comments
from segmenter.storage.functions import FUNCTIONS, replace_functions
from segmenter.storage.history import Event, add_columns, create_history_view
from segmenter.storage.migrations import create_tables, migrate, refuse_foreign
from segmenter.storage.model_attributes import save_attributes
from segmenter.storage.result_notes import result_notes
from segmenter.storage.table_macros import table_macros

__all__ = ["check_target", "delete", "generation", "publish", "store_unpublished", "updating"]

_generation = 0

_KEPT = ("snapshots", HISTORY, "publishing_log")
"""Tables that name versions and stay when those are deleted: they say what was published."""


def generation() -> int:
    """Return a number that grows with each model that this process publishes."""
    return _generation


def publish(
    con: duckdb.DuckDBPyConnection,
    model: Model,
    binding: Binding,
    customers: str | None,
    publish_remote: Callable[[Model], None] | None = None,
    *,
    is_checked: bool = False,
) -> Model:
    """Make a model the current version, with the views, the macros and the snapshot over it.

    A new model is stored first. One that was stored before becomes current again.

    Parameters
    ----------
    con : DuckDBPyConnection
        Open for writing and outside a transaction.
    model : Model
    binding : Binding
        The user's source, which the live views read.
    customers : str or None
        Table with the profile of each customer, from which the snapshot is made; None where the
        source is anonymous points.
    publish_remote : callable, optional
        Publishes the model on another engine too, as the last step; if that fails, nothing is
        published here either.
    is_checked : bool, default False
        Whether `check_target` has seen this connection before; it takes as long as some views.

    Returns
    -------
    Model
        With its ``model_id`` and its notes.

    Raises
    ------
    SegmenterError
        The connection is in a transaction, or the schema holds objects of somebody else.
        Whatever the error, the database stays as it was.
    """
    global _generation
    if not is_checked:
        check_target(con)
    hide(con)
    with transaction(con):
        _claim(con)
        if not migrate(con):
            create_tables(con)
            add_columns(con)
        is_new = model.model_id is None
        if is_new:
            model = store.save(con, model)
            save_attributes(con, model, customers)
        assert model.model_id is not None
        store.make_current(con, model.model_id)
        _drop_views(con)
        files = view_files(binding.source, is_live=binding.is_live, has_macro=model.has_macro)
        replace_functions(con, model)
        for name in MODEL_VIEWS:
            _create_view(con, name, name, binding)
        event: Event = "fit" if is_new else "rollback"
        if customers is None:
            snapshot.drop(con, event)
        else:
            snapshot.create(con, files, customers, event)
        model = replace(model, notes=tuple(result_notes(con, model)))
        store.save_notes(con, model)
        _create_views(con, model, binding, files)
        # what cannot be read is undone; customers were read for the snapshot, points were not
        rows = "" if customers is None else "limit 0"
        con.execute(f"select * from {SCHEMA}.{SUMMARY} {rows}").fetchall()
        if publish_remote is not None:
            publish_remote(model)
            stopping.note_stored("function and views are published where the rows are")
    _generation += 1
    return model


@contextmanager
def updating(
    con: duckdb.DuckDBPyConnection, *, while_current: int | None = None, again: str = ""
) -> Iterator[None]:
    """Let the block write into the tables, in one transaction; an older layout is migrated first.

    Parameters
    ----------
    con : DuckDBPyConnection
    while_current : int, optional
        What is written belongs to this version, and is of no use where another is the current one.
    again : str, optional
        What to do again then.

    Raises
    ------
    BusyError
        Another version was published meanwhile.
    SegmenterError
        The views of an older layout cannot be made anew: their source is gone, say. Whatever the
        error, the database stays as it was.
    """
    hide(con)
    with transaction(con):
        _claim(con)
        if migrate(con):
            _publish_again(con)
        else:
            complete(con)
        if while_current is not None:
            query = f"select model_id from {INTERNAL}.models where is_current"
            if first_row(con, query) != (while_current,):
                raise BusyError(f"another model was published meanwhile. {again} again.")
        yield


def _claim(con: duckdb.DuckDBPyConnection) -> None:
    """Let of several writers of a DuckLake one commit: it takes rows from all, under equal keys."""
    if is_lake(con) and has_model(con):
        con.execute(f"update {INTERNAL}.models set layout_version = layout_version")


def _publish_again(con: duckdb.DuckDBPyConnection) -> None:
    """Make the views and functions of the current model anew, over tables that were migrated."""
    model = store.load(con)
    source = Source.from_dict(model.source)
    try:
        binding = _stored_binding(con, source, model.settings)
    except SegmenterError as error:
        raise SegmenterError(
            "this file is of an older layout, and its views cannot be made anew: what they read "
            f"has changed since the fit. {error} Put it back, or fit again to it as it is."
        ) from None
    files = view_files(source, is_live=binding.is_live, has_macro=model.has_macro)
    replace_functions(con, model)
    for name in MODEL_VIEWS:
        _create_view(con, name, name, binding)
    if "customer_segments" in files:
        snapshot.create_views(con)
    else:
        create_history_view(con, has_customers=False)
    _create_views(con, model, binding, files)


def _stored_binding(con: duckdb.DuckDBPyConnection, source: Source, settings: Settings) -> Binding:
    if source._engine is None and not source.is_stored:
        return bind_source(Embedded(con), source, settings)
    return bind_stored(source, settings)


def _create_views(
    con: duckdb.DuckDBPyConnection, model: Model, binding: Binding, files: Mapping[str, str]
) -> None:
    """Create what reads the source, and say in the catalogue what everything is."""
    for name, file in files.items():
        _create_view(con, name, file, binding)
    for macro in table_macros(binding, files).values():
        con.execute(macro)
    for name in MACROS:
        con.execute(read(f"macros/{name}"))
    functions = [name for name in FUNCTIONS if model.has_macro]
    views = {**{name: name for name in MODEL_VIEWS}, **files}
    write_comments(con, views, functions, binding.values)
    comment_attributes(con, binding.source.attributes or ())


def store_unpublished(con: duckdb.DuckDBPyConnection, model: Model, customers: str | None) -> Model:
    """Keep a new model as a version, and leave the current one and all that follows it alone.

    Parameters
    ----------
    con : DuckDBPyConnection
    model : Model
    customers : str or None
        As in `publish`.

    Returns
    -------
    Model
        With its ``model_id``.
    """
    check_target(con)
    with updating(con):
        stored = store.save(con, model)
        save_attributes(con, stored, customers)
        return stored


def delete(con: duckdb.DuckDBPyConnection, model_ids: Iterable[int]) -> None:
    """Delete versions with everything that is stored about them, in one transaction.

    Raises
    ------
    SegmenterError
        One of them is the current version.
    """
    gone = list(model_ids)
    with updating(con):
        if first_row(
            con, f"select 1 from {INTERNAL}.models where is_current and model_id in $1", [gone]
        ):
            raise SegmenterError(
                "the current version cannot be deleted. Roll back to another first."
            )
        for (table,) in con.execute(
            "select table_name from duckdb_columns() where database_name = current_database() "
            "and schema_name = $1 and column_name = 'model_id' and list_contains($2, table_name)",
            [INTERNAL, [table for table in TABLES if table not in _KEPT]],
        ).fetchall():
            con.execute(f"delete from {INTERNAL}.{table} where model_id in $1", [gone])


def check_target(con: duckdb.DuckDBPyConnection, *, writable: bool = True) -> None:
    """Refuse a database where our names belong to somebody else, or of another layout.

    Parameters
    ----------
    con : DuckDBPyConnection
    writable : bool, default True
        Refuse a read-only connection too.

    Raises
    ------
    SegmenterError
        The message names the object. Also when the connection is inside a transaction.
    """
    here, kind = current_database(con)
    if kind not in ("duckdb", "ducklake"):
        raise SegmenterError(
            f"the connection uses {here!r}, which is kept in {kind}, and a model is kept in a "
            "database of DuckDB or in a DuckLake. Copy the table into one, use that, then fit."
        )
    if in_transaction(con):
        raise SegmenterError(
            "the connection is inside a transaction. Commit it or roll it back, then fit."
        )
    macros = refuse_shadows(con)
    read_only = "select 1 from duckdb_databases() where readonly and database_name = $1"
    if writable and first_row(con, read_only, [here]):
        raise SegmenterError("the database is open read-only. Open it for writing, then fit.")
    if check_layout(con) is not None:
        if schema_of_tables(con) != INTERNAL:  # an older layout, which has nothing there yet
            refuse_foreign(con, INTERNAL)
        return
    refuse_foreign(con, SCHEMA, INTERNAL)
    names = {macro.name for macro in macros if (macro.database, macro.schema) == (here, "main")}
    if taken := sorted(names.intersection(FUNCTIONS)):
        raise SegmenterError(
            f"this database already has {taken[0]}(), which Segmenter did not make. Rename it, or "
            "fit into another file."
        )


def _create_view(con: duckdb.DuckDBPyConnection, name: str, file: str, binding: Binding) -> None:
    con.execute(create_view(name, query_text(f"views/{file}", binding.values)))


def _drop_views(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the views of the version before."""
    there = con.execute(
        "select schema_name || '.' || view_name from duckdb_views() "
        "where database_name = current_database() and not internal"
    ).fetchall()
    for view in map(qualified, reversed((*MODEL_VIEWS, *VIEWS))):
        if (view,) in there:
            con.execute(f"drop view {view}")
