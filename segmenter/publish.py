"""Publishing: the model's tables, the views and the macro, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb
from sqlglot import exp

from segmenter import store
from segmenter.binding import Binding
from segmenter.catalog import STORED_PROFILE, VIEWS, bind, create_view, view_files
from segmenter.errors import SegmenterError
from segmenter.explanation_sql import explanation
from segmenter.layout import SCHEMA, check_layout, has_model
from segmenter.model import Model
from segmenter.query import first_row
from segmenter.rules_sql import case_expression

__all__ = ["check_target", "generation", "has_macro", "publish"]

CLASSIFIER = "classify_segment"


_generation = 0


def generation() -> int:
    """Return a number that grows with each model that this process publishes."""
    return _generation


def publish(
    con: duckdb.DuckDBPyConnection, model: Model, binding: Binding, stored: str | None = None
) -> Model:
    """Store a model as the current version and create the views and the macro over it.

    Parameters
    ----------
    con : DuckDBPyConnection
        Open for writing and outside a transaction.
    model : Model
    binding : Binding
        The user's source, which the live views read.
    stored : str, optional
        Table with the profile of a source that ends with the session.

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
    with _transaction(con):
        store.create_tables(con)
        model = store.save(con, model)
        _drop_objects(con)
        if stored is not None:
            con.execute(f"create table {SCHEMA}.{STORED_PROFILE} as select * from {stored}")
        files = view_files(binding.source, is_live=stored is None, has_macro=model.has_macro)
        _replace_macros(con, model)
        for name, file in files.items():
            con.execute(create_view(name, bind(f"views/{file}", binding.values)))
        con.execute(f"select * from {SCHEMA}.segment_summary limit 0")
    _generation += 1
    return model


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
    if _in_transaction(con):
        raise SegmenterError(
            "the connection is inside a transaction. Commit it or roll it back, then fit."
        )
    read_only = "select 1 from duckdb_databases() where readonly and database_name = $1"
    (here,) = first_row(con, "select current_database()")
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
        foreign = tuple(f"{name}()" for name in _BODIES if has_macro(con, name))
    if foreign:
        raise SegmenterError(
            f"this database already has {foreign[0]}, which Segmenter did not make. Rename it, or "
            "fit into another file."
        )


def _in_transaction(con: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether two statements share a transaction; asking with BEGIN would abort it."""
    query = "select txid_current()"
    return first_row(con, query) == first_row(con, query)


@contextmanager
def _transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    con.execute("begin")
    try:
        yield
        con.execute("commit")
    except BaseException as error:
        con.execute("rollback")
        if isinstance(error, duckdb.TransactionException):
            raise SegmenterError(
                f"somebody else changed the database meanwhile ({error}). Try again."
            ) from None
        raise


def _drop_objects(con: duckdb.DuckDBPyConnection) -> None:
    """Drop the views of the version before."""
    for view in reversed(VIEWS):
        con.execute(f"drop view if exists {SCHEMA}.{view}")
    con.execute(f"drop table if exists {SCHEMA}.{STORED_PROFILE}")


def has_macro(con: duckdb.DuckDBPyConnection, name: str = CLASSIFIER) -> bool:
    """Tell whether the connection's database has a compiled macro."""
    return bool(
        first_row(
            con,
            "select 1 from duckdb_functions() where function_name = $1 and function_type = 'macro' "
            "and database_name = current_database() and schema_name = 'main' and not internal",
            [name],
        )
    )


def _replace_macros(con: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Create the macros of a model, or drop those of the version before."""
    for name, body in _BODIES.items():
        if model.has_macro:
            values = {"body": body(model)}
            con.execute(bind(f"macros/{name}", values).sql(dialect="duckdb"))
        elif has_macro(con, name):
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
