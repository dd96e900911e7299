"""Registration: the functions of this folder on a connection."""

from __future__ import annotations

import weakref
from typing import Any

import duckdb
from segmenter.udf import (
    Function,
    backtest_segments,
    classify_segment,
    classify_segment_knn,
    explain_segment_knn,
    fit_segments,
    measure_quality,
    recursive_segments,
    refresh_segments,
)

from segmenter.errors import SegmenterError
from segmenter.model import Model
from segmenter.schema.connection import check_connection
from segmenter.schema.names import has_macro
from segmenter.storage import store
from segmenter.storage.publish import generation

__all__ = ["register"]


def register(con: duckdb.DuckDBPyConnection, model: Model | None = None) -> None:
    """Register the SQL functions on a connection.

    Parameters
    ----------
    con : DuckDBPyConnection
        Close it when done: DuckDB warns at exit about connections left open with functions.
    model : Model, optional
        What the classifying functions use, for example one that `segmenter.load` read from a file.
        Without it they follow the current model of the connection's database.

    Notes
    -----
    ``recursive_segments``, ``classify_segment_knn``, ``explain_segment_knn``, ``fit_segments``,
    ``refresh_segments``, ``measure_quality`` and ``backtest_segments`` are always registered;
    ``classify_segment`` only where no compiled macro of that name exists. A second call replaces
    the functions of the first.

    Examples
    --------
    >>> import duckdb
    >>> con = duckdb.connect()
    >>> register(con)
    >>> con.execute("select recursive_segments([], null)").fetchone()
    ([],)
    >>> con.close()
    """
    check_connection(con, "register")
    session = _ConnectionSession(con, model)
    functions = [
        recursive_segments.FUNCTION,
        classify_segment_knn.FUNCTION,
        explain_segment_knn.FUNCTION,
        fit_segments.FUNCTION,
        refresh_segments.FUNCTION,
        measure_quality.FUNCTION,
        backtest_segments.FUNCTION,
    ]
    compiled = has_macro(con)
    _remove(con, functions if compiled else [*functions, classify_segment.FUNCTION])
    if not compiled:
        functions.append(classify_segment.FUNCTION)
    create: Any = con.create_function  # its stubs know the types only as each version's enums
    for function in functions:
        create(
            function.name,
            function.make(session),
            function.parameters,
            function.returns,
            type="arrow",
            null_handling="special",
            side_effects=function.has_side_effects,
        )


class _ConnectionSession:
    """What the functions know of their connection; it does not keep the connection alive."""

    def __init__(self, con: duckdb.DuckDBPyConnection, model: Model | None) -> None:
        self._con = weakref.ref(con)
        self._given = model
        self._loaded: Model | None = None
        self._generation = -1

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """Return a second connection to the same database."""
        con = self._con()
        if con is None:
            raise SegmenterError(
                "the connection of this function is closed. Open another one, and register the "
                "functions there: segmenter.register(con)."
            )
        return con.cursor()

    def model(self) -> Model:
        """Return the model that was given, or the current one of the database."""
        if self._given is not None:
            return self._given
        now = generation()
        if self._loaded is None or self._generation != now:
            cursor = self.cursor()
            try:
                self._loaded, self._generation = store.load(cursor), now
            finally:
                cursor.close()
        return self._loaded


def _remove(con: duckdb.DuckDBPyConnection, functions: list[Function]) -> None:
    for function in functions:
        try:
            con.remove_function(function.name)
        except duckdb.InvalidInputException:
            continue  # it was not registered
