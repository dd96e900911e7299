"""Fitting: train on a source and publish the model, with one safety net whoever asks for it.

Python, the SQL function ``fit_segments`` and the command line all come through `fit_into`: a fit
over the model of another source is refused, and a refit that moves too many customers is stored
but not published.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb

from segmenter.engines.duckdb import Embedded
from segmenter.errors import SegmenterError
from segmenter.formatting import percent
from segmenter.model import Model
from segmenter.operations.publish_remote import check_settings, points_stage, publisher
from segmenter.operations.refit import Refit, check_source, refit_changes
from segmenter.progress import Progress, Silent
from segmenter.schema.connection import way_to
from segmenter.schema.names import STORAGE
from segmenter.settings import MAX_CHANGE, SafetyNet, Settings
from segmenter.sources.drafts import move, private_folder
from segmenter.sources.engine import Engine
from segmenter.sources.source import Source
from segmenter.sources.special_files import refuse_special
from segmenter.storage.publish import check_target, publish, store_unpublished
from segmenter.training.stage import Stage
from segmenter.training.train import train

if TYPE_CHECKING:
    import psycopg
    from pyspark.sql import SparkSession

__all__ = ["FitResult", "OwnConnection", "Place", "fit", "fit_into", "unpublished"]


class Place(Protocol):
    """Where a model is kept.

    Attributes
    ----------
    con : DuckDBPyConnection
        May be read-only but inside `writing`.
    """

    con: duckdb.DuckDBPyConnection

    def writing(self, words: str) -> AbstractContextManager[None]:
        """Let the block write into the database; the words are true once it has committed."""
        ...


@dataclass(frozen=True)
class FitResult:
    """What a fit has done.

    Attributes
    ----------
    model : Model
        With its ``model_id`` where it was stored.
    refit : Refit or None
        Who changes segment; None where there was no model before, or nobody to compare.
    is_published : bool
        Whether the views and the macros follow this model now.
    """

    model: Model
    refit: Refit | None
    is_published: bool


def fit(
    con: duckdb.DuckDBPyConnection | SparkSession | psycopg.Connection[Any],
    source: Source,
    settings: Settings | None = None,
    *,
    model: str | os.PathLike[str] | None = None,
    max_change: float = MAX_CHANGE,
    publish: bool = False,
    replace: bool = False,
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
    max_change : float, default 0.1
        Over an existing model: when the refit alone would move a larger share of the customers,
        from 0 to 1, the version is stored but not published, and a `UserWarning` says so.
    publish : bool, default False
        Publish, however many customers move.
    replace : bool, default False
        Fit over the model of another source or condition, which is refused otherwise.
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
    net = SafetyNet(max_change, publish, replace)
    listener = progress or Silent()
    if isinstance(con, duckdb.DuckDBPyConnection):
        if model is not None:
            raise SegmenterError(
                "model names a file for a fit on another engine. In DuckDB the model is kept in "
                "the database itself: leave it out."
            )
        check_target(con)
        result = fit_into(OwnConnection(con), Embedded(con), source, settings, net, listener)
    else:
        with closing(_engine(con)) as engine:
            result = _fit_elsewhere(engine, source, settings, model, net, listener)
    if not result.is_published:
        warnings.warn(unpublished(result, net), stacklevel=2)
    return result.model


def fit_into(
    place: Place,
    rows: Engine,
    source: Source,
    settings: Settings | None,
    net: SafetyNet,
    progress: Progress,
    *,
    before_training: Callable[[Progress], None] | None = None,
) -> FitResult:
    """Train, and store the model in its place; publish it if the safety net holds.

    Parameters
    ----------
    place : Place
        Only read until there is something to store.
    rows : Engine
        Where the rows are.
    source : Source
    settings : Settings, optional
    net : SafetyNet
    progress : Progress
    before_training : callable, optional
        Called once the source and its columns are found, before any long work.

    Raises
    ------
    SegmenterError
        Bad input. The database is as it was before.
    """
    settings = settings or Settings()
    check_target(place.con, writable=False)
    if rows.dialect != "duckdb":
        check_settings(settings)
    with Stage(rows, source, settings) as stage:
        check_source(place.con, stage.binding.stored_source(), net.replace, progress)
        if before_training is not None:
            before_training(progress)
        model = train(stage, progress).model
        if rows.dialect == "duckdb":
            return _keep(place, stage, model, net, progress)
        with points_stage(place.con, model) as points:
            return _keep(place, points, model, net, progress, publisher(stage, progress))


def unpublished(result: FitResult, net: SafetyNet) -> str:
    """Return a sentence for callers from Python: what was not published, and what to do."""
    assert result.refit is not None
    versions = f"{result.refit.model_id}, {result.model.model_id}"
    return (
        f"model {result.model.model_id} is stored but not published: "
        f"{percent(result.refit.share, 1)} of the customers would change segment, more than "
        f"max_change = {net.max_change:g}. Look: select * from "
        f"segments.compare_models({versions}). Then fit again with publish = True, or leave it."
    )


class OwnConnection:
    """A connection of the caller's own: open for writing all the time."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def writing(self, words: str) -> AbstractContextManager[None]:
        """Write as it is."""
        del words
        return nullcontext()


def _keep(
    place: Place,
    stage: Stage,
    model: Model,
    net: SafetyNet,
    progress: Progress,
    elsewhere: Callable[[Model], None] | None = None,
) -> FitResult:
    """Publish a model, or only store it where it moves too many customers."""
    refit = refit_changes(stage, model)
    if refit is not None:
        progress.warn(refit.words())
    is_published = refit is None or net.lets(refit.share)
    title, words = (
        ("Publishing", "the new model is the current one")
        if is_published
        else ("Storing", "the new model is stored, but not published")
    )
    with progress.step(title) as done, place.writing(words):
        if is_published:
            model = publish(place.con, model, stage.binding, stage.customers, elsewhere)
        else:
            model = store_unpublished(place.con, model)
        done(f"model {model.model_id}")
    return FitResult(model, refit, is_published)


def _engine(con: Any) -> Any:
    """Return the engine of a connection, by whose it is."""
    family = type(con).__module__.split(".")[0]
    if family == "pyspark":
        from segmenter.engines.spark import Spark

        return Spark(con)
    if family == "psycopg" and not type(con).__name__.startswith("Async"):
        from segmenter.engines.postgres import Postgres

        return Postgres(con)
    raise SegmenterError(
        "fit works on a connection of DuckDB, a Spark session or a connection of psycopg, not on "
        f"a {type(con).__name__}.{way_to(con)}"
    )


def _fit_elsewhere(
    engine: Engine,
    source: Source,
    settings: Settings | None,
    file: str | os.PathLike[str] | None,
    net: SafetyNet,
    progress: Progress,
) -> FitResult:
    """Fit where the rows are, and open the model's file only in the end: it may be a long while."""
    settings = settings or Settings()
    check_settings(settings)
    if file is not None:
        refuse_special(file, "Name a DuckDB file for the model.")
    with Stage(engine, source, settings) as stage:
        if file is not None and os.path.exists(file):
            with duckdb.connect(os.fspath(file), read_only=True) as con:
                _check_place(con, stage, net, progress)
        model = train(stage, progress).model
        publish_there = publisher(stage, progress)
        if file is None:
            publish_there(model)
            return FitResult(model, None, is_published=True)
        with _model_file(Path(file)) as con, points_stage(con, model) as points:
            check_target(con)
            return _keep(OwnConnection(con), points, model, net, progress, publish_there)


@contextmanager
def _model_file(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the file of a model, or make it as a draft that gets into its place when it is whole."""
    if path.exists():
        with duckdb.connect(str(path)) as con:
            yield con
        return
    try:
        with private_folder(path.absolute().parent) as folder:
            draft = folder / "draft.duckdb"
            config: Any = {"storage_compatibility_version": STORAGE}
            with duckdb.connect(str(draft), config=config) as con:
                yield con
                con.execute("checkpoint")  # closing it would hide that this failed
            move(draft, path, overwrite=False)
    except OSError as error:
        raise SegmenterError(
            f"{path} cannot be made: {error.strerror or error}. No model was stored in it."
        ) from None


def _check_place(
    con: duckdb.DuckDBPyConnection, stage: Stage, net: SafetyNet, progress: Progress
) -> None:
    """Refuse early what could not be stored in the end."""
    check_target(con, writable=False)
    check_source(con, stage.binding.stored_source(), net.replace, progress)
