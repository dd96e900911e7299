"""What was published where the rows are, read by the operations that read a database of DuckDB."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict

import duckdb
from sqlglot import exp

from segmenter.engines.postgres import Postgres
from segmenter.engines.script_frame import KEPT
from segmenter.errors import InputError, SegmenterError
from segmenter.operations.model_functions import script_functions
from segmenter.operations.rollback import source_of
from segmenter.schema.files import TABLES, create_view, read
from segmenter.schema.names import CLASSIFIER, INTERNAL, SCHEMA
from segmenter.schema.temporary import registered
from segmenter.sources.engine import Engine
from segmenter.storage import store
from segmenter.storage.current import current_model, engine_of_current
from segmenter.training.stage import Stage

__all__ = ["read_remote"]

_LARGE = ("model_points", "model_rules", "customer_segments_history")
"""Tables of a model that no answer about its customers reads."""

_ROWS = "segmenter_rows"

CUT = "profile_cut"


@contextmanager
def read_remote(
    con: duckdb.DuckDBPyConnection, engine: Engine, views: Mapping[str, bool]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a database in memory with the model of a file, and views as they are over there.

    Parameters
    ----------
    con : DuckDBPyConnection
        The database of the model.
    engine : Engine
        That of the fit.
    views : mapping of str to bool
        The views that are read, and whether their rows are; otherwise only their columns. Of
        ``profile_cut``, which is not published, the row is found there, and ``drift`` is made.

    Raises
    ------
    InputError
        The model was fitted somewhere else, or to anonymous points.
    SegmenterError
        A view is missing over there, or must not be read, or is of another model.
    """
    of_fit = engine_of_current(con)
    if not isinstance(engine, Postgres) or of_fit != engine.dialect:
        raise InputError(
            f"this model was fitted on {of_fit}; what was published in PostgreSQL is read for a "
            "model that was fitted there."
        )
    if current_model(con)[1].kind == "points":
        raise InputError(
            "this model was fitted to anonymous points, so no customers were published with it."
        )
    with closing(duckdb.connect()) as there:
        there.execute(f"create schema {SCHEMA}; create schema {INTERNAL}; create schema there")
        for table in TABLES:
            there.execute(read(f"tables/{table}"))
            if table not in _LARGE:
                stored = con.sql(f"from {INTERNAL}.{table}").to_arrow_table()
                with registered(there, _ROWS, stored):
                    there.execute(f"insert into {INTERNAL}.{table} by name from {_ROWS}")
        for name, has_rows in views.items():
            if name == CUT:
                _add_drift(there, con, engine)
                continue
            engine.check_view(name)
            query = exp.select("*").from_(exp.table_(name, db=SCHEMA))
            found, types = engine.table(query if has_rows else query.where(exp.false()))
            columns = [
                exp.alias_(exp.cast(exp.column(column, quoted=True), kind), column, quoted=True)
                for column, kind in types.items()
            ]
            rows = exp.select(*columns).from_(_ROWS).sql(dialect="duckdb")
            with registered(there, _ROWS, found):
                there.execute(f"create table there.{name} as {rows}")
            there.execute(create_view(name, f"select * from there.{name}"))
        if not set(views) <= set(KEPT):
            _check_model(con, engine)
        yield there


def _check_model(con: duckdb.DuckDBPyConnection, engine: Engine) -> None:
    """Refuse live views of another model than the current one: their function tells."""
    called = exp.Literal.string(f"{SCHEMA}.{CLASSIFIER}(double precision, double precision)")
    oid = exp.column("oid").eq(exp.func("to_regprocedure", called))
    found = engine.rows(exp.select("prosrc").from_("pg_catalog.pg_proc").where(oid))
    expected = script_functions(store.load(con), engine.dialect)[CLASSIFIER]
    if not found or found[0]["prosrc"] not in expected:
        raise SegmenterError(
            f"the views of the schema {SCHEMA} in this database are of another model than the "
            "current one of this file: another one was published since. Ask with the file of that "
            "one, or publish this one: segmenter.open(model).publish_views(connection)."
        )


def _add_drift(
    there: duckdb.DuckDBPyConnection, con: duckdb.DuckDBPyConnection, engine: Engine
) -> None:
    """Make the view of drift, which has sentences that PostgreSQL's has not, over today's cut."""
    model = store.load(con)
    with Stage(engine, source_of(model), model.settings) as stage:
        stage.add_up()
        cut = asdict(stage.cut())
    columns = ", ".join(f"cast(${name} as double) as {name}" for name in cut)
    there.execute(f"create table there.{CUT} as select {columns}", cut)
    there.execute(create_view(CUT, f"select * from there.{CUT}"))
    there.execute(create_view("drift", read("views/drift")))
