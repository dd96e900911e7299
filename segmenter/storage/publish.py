"""Publishing: the model's tables, the views and the macro, in one transaction."""

from __future__ import annotations

from collections.abc import Callable

import duckdb
from sqlglot import exp

from segmenter import stopping
from segmenter.classifier.case_expression import case_expression
from segmenter.classifier.explanation import explanation
from segmenter.errors import SegmenterError
from segmenter.model import Model
from segmenter.schema.connection import first_row, transaction
from segmenter.schema.files import RULES, VIEWS, bind, create_view, query_text
from segmenter.schema.names import (
    CLASSIFIER,
    SCHEMA,
    SUMMARY,
    check_layout,
    find_macro,
    has_model,
)
from segmenter.schema.shadowing import refuse_shadows
from segmenter.sources.binding import Binding
from segmenter.sources.views import view_files
from segmenter.storage import snapshot, store
from segmenter.storage.comments import write_comments
from segmenter.storage.table_macros import table_macros

__all__ = ["check_target", "generation", "publish", "store_unpublished"]


_generation = 0


def generation() -> int:
    """Return a number that grows with each model that this process publishes."""
    return _generation


def publish(
    con: duckdb.DuckDBPyConnection,
    model: Model,
    binding: Binding,
    customers: str | None,
    publish_remote: Callable[[Model], None] | None = None,
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

    Returns
    -------
    Model
        With its ``model_id``.

    Raises
    ------
    SegmenterError
        The connection is in a transaction, or the schema holds objects of somebody else.
        Whatever the error, the database stays as it was.
    """
    global _generation
    check_target(con)
    with transaction(con):
        store.create_tables(con)
        if model.model_id is None:
            model = store.save(con, model)
        assert model.model_id is not None
        store.make_current(con, model.model_id)
        _drop_views(con)
        _replace_macros(con, model)
        _create_view(con, RULES, RULES, binding)
        files = view_files(binding.source, is_live=binding.is_live, has_macro=model.has_macro)
        snapshot.drop(con)
        if customers is not None:
            snapshot.create(con, files["customer_segments"], customers)
        for name, file in files.items():
            _create_view(con, name, file, binding)
        for macro in table_macros(binding, files).values():
            con.execute(macro)
        macros = [name for name in _BODIES if model.has_macro]
        write_comments(con, {RULES: RULES, **files}, macros, binding.values)
        # what cannot be read is undone; customers were read for the snapshot, points were not
        rows = "" if customers is None else "limit 0"
        con.execute(f"select * from {SCHEMA}.{SUMMARY} {rows}").fetchall()
        if publish_remote is not None:
            publish_remote(model)
            stopping.note_stored("function and views are published where the rows are")
    _generation += 1
    return model


def store_unpublished(con: duckdb.DuckDBPyConnection, model: Model) -> Model:
    """Keep a new model as a version, and leave the current one and all that follows it alone.

    Returns
    -------
    Model
        With its ``model_id``.
    """
    check_target(con)
    with transaction(con):
        return store.save(con, model)


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
    here, kind = _current_database(con)
    if kind != "duckdb":
        raise SegmenterError(
            f"the connection uses {here!r}, which is kept in {kind}, and a model is kept in a "
            "database of DuckDB. Copy the table into one, use that, then fit."
        )
    if _in_transaction(con):
        raise SegmenterError(
            "the connection is inside a transaction. Commit it or roll it back, then fit."
        )
    refuse_shadows(con)
    read_only = "select 1 from duckdb_databases() where readonly and database_name = $1"
    if writable and first_row(con, read_only, [here]):
        raise SegmenterError("the database is open read-only. Open it for writing, then fit.")
    if has_model(con):
        check_layout(con)
        return
    foreign = first_row(
        con,
        """
        select schema_name || '.' || table_name from duckdb_tables()
        where database_name = current_database() and schema_name = $schema
        union all
        select schema_name || '.' || view_name from duckdb_views()
        where database_name = current_database() and schema_name = $schema
        """,
        {"schema": SCHEMA},
    )
    if not foreign:
        macro = find_macro(con, *_BODIES)
        foreign = (f"{macro}()",) if macro else ()
    if foreign:
        raise SegmenterError(
            f"this database already has {foreign[0]}, which Segmenter did not make. Rename it, or "
            "fit into another file."
        )


def _current_database(con: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """Return the name of the database that is used, and what keeps it: duckdb, ducklake, sqlite."""
    query = "select database_name, type from duckdb_databases() where database_name = $1"
    (name,) = first_row(con, "select current_database()")
    return first_row(con, query, [name]) or (str(name), "duckdb")


def _in_transaction(con: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether two statements share a transaction; asking with BEGIN would abort it."""
    query = "select txid_current()"
    return first_row(con, query) == first_row(con, query)


def _create_view(con: duckdb.DuckDBPyConnection, name: str, file: str, binding: Binding) -> None:
    con.execute(create_view(name, query_text(f"views/{file}", binding.values)))


def _drop_views(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the views of the version before."""
    for view in reversed(VIEWS):
        con.execute(f"drop view if exists {SCHEMA}.{view}")


def _replace_macros(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Create the macros of a model, or drop those of the version before."""
    for name, body in _BODIES.items():
        if model.has_macro:
            macro = bind(f"macros/{name}", {"body": body(model)}, copy=False)
            con.execute(macro.sql(dialect="duckdb", copy=False))
        elif find_macro(con, name):
            con.execute(f"drop macro main.{name}")


def _explainer(model: Model) -> exp.Expr:
    return explanation(model.rules, model.names)


def _classifier(model: Model) -> exp.Expr:
    """Return the CASE of ranks and take the name from a list: faster than a CASE of names."""
    ranks = [exp.Literal.number(rank) for rank in range(1, len(model.names) + 1)]
    names = exp.array(*map(exp.Literal.string, model.names))
    return exp.Anonymous(
        this="list_extract",
        expressions=[names, case_expression(model.rules, ranks, model.points)],
    )


_BODIES: dict[str, Callable[[Model], exp.Expr]] = {
    CLASSIFIER: _classifier,
    "explain_segment": _explainer,
}
"""The macros of a model that is compiled, and what writes their bodies."""
