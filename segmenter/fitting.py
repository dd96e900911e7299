"""Fitting: train on a source and publish the model in the same database."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, Any

import duckdb

from segmenter.elsewhere import check_settings, points_stage, publisher
from segmenter.engine import Engine
from segmenter.errors import SegmenterError
from segmenter.layout import STORAGE
from segmenter.model import Model
from segmenter.progress import Progress, Silent
from segmenter.publish import check_target, publish
from segmenter.query import way_to
from segmenter.refit import refit_changes
from segmenter.settings import Settings
from segmenter.source import Source
from segmenter.stage import Stage
from segmenter.training import train

if TYPE_CHECKING:
    import psycopg
    from pyspark.sql import SparkSession

__all__ = ["fit"]


def fit(
    con: duckdb.DuckDBPyConnection | SparkSession | psycopg.Connection[Any],
    source: Source,
    settings: Settings | None = None,
    *,
    model: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Model:
    """Find segments in a table of sales and publish them in the schema ``segments``.

    Parameters
    ----------
    con : DuckDBPyConnection, SparkSession or psycopg.Connection
        Of DuckDB: open for writing and outside a transaction. On Spark and PostgreSQL the rows
        stay there, and so do function and views.
    source : Source
        The table and how its columns are read, in DuckDB's SQL whatever the engine.
    settings : Settings, optional
    model : str or path, optional
        With Spark and PostgreSQL: the DuckDB file to keep the model in, as another version where
        there is one.
    progress : Progress, optional
        Told of each step; silent when absent.

    Returns
    -------
    Model

    Raises
    ------
    SegmenterError
        Bad input. The database is as it was before.

    Examples
    --------
    >>> import duckdb
    >>> con = duckdb.connect()
    >>> _ = con.execute("create table sales as select i % 50 as customer, 1.0 * i as amount "
    ...                 "from range(500) as t(i)")
    >>> model = fit(con, Source(transactions="sales", customer="customer", amount="amount"))
    >>> model.names
    ('Elite', 'Loyal', 'At-Risk')
    >>> con.close()
    """
    listener = progress or Silent()
    if not isinstance(con, duckdb.DuckDBPyConnection):
        with closing(_engine(con)) as engine:
            return _fit_elsewhere(engine, source, settings or Settings(), model, listener)
    if model is not None:
        raise SegmenterError(
            "model names a file for a fit on another engine. In DuckDB the model is kept in the "
            "database itself: leave it out."
        )
    check_target(con)
    with Stage(con, source, settings or Settings()) as stage:
        fitted = train(stage, listener).model
        refit = refit_changes(stage, fitted)
        if refit is not None:
            listener.warn(refit.words())
        with listener.step("Publishing") as done:
            fitted = publish(con, fitted, stage.binding, stage.customers)
            done(f"model {fitted.model_id}")
    return fitted


def _engine(con: Any) -> Any:
    """Return the engine of a connection, by whose it is."""
    family = type(con).__module__.split(".")[0]
    if family == "pyspark":
        from segmenter.spark import Spark

        return Spark(con)
    if family == "psycopg" and not type(con).__name__.startswith("Async"):
        from segmenter.postgres import Postgres

        return Postgres(con)
    raise SegmenterError(
        "fit works on a connection of DuckDB, a Spark session or a connection of psycopg, not on "
        f"a {type(con).__name__}.{way_to(con)}"
    )


def _fit_elsewhere(
    engine: Engine,
    source: Source,
    settings: Settings,
    file: str | os.PathLike[str] | None,
    progress: Progress,
) -> Model:
    check_settings(settings)
    with Stage(engine, source, settings) as stage:
        model = train(stage, progress).model
        elsewhere = publisher(stage, progress)
        if file is None:
            elsewhere(model)
            return model
        with duckdb.connect(
            os.fspath(file), config={"storage_compatibility_version": STORAGE}
        ) as con:
            check_target(con)
            with points_stage(con, model) as points:
                refit = refit_changes(points, model)
                if refit is not None:
                    progress.warn(refit.words())
                return publish(con, model, points.binding, None, elsewhere)
