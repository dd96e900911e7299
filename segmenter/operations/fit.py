"""Fitting: train on a source and publish the model, with one safety net whoever asks for it.

Python, the SQL function ``fit_segments`` and the command line all come through `fit_into`: a fit
over the model of another source is refused, and a refit that moves too many customers is stored
but not published.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from segmenter.engines.duckdb import Embedded
from segmenter.errors import InputError, refuse_old_names
from segmenter.formatting import percent
from segmenter.model import Model
from segmenter.operations.attribute_notes import attribute_notes
from segmenter.operations.publish_remote import check_settings, points_stage, publisher
from segmenter.operations.refit_changes import Refit, check_source, refit_changes
from segmenter.operations.steadiness import say_steadiness
from segmenter.operations.table import Table, Tabular
from segmenter.progress import Note, Progress, Silent, tell
from segmenter.schema.connection import unwrapped, way_to
from segmenter.settings import MAX_CHANGE, SafetyNet, Settings
from segmenter.sources.engine import Engine
from segmenter.sources.source import Source
from segmenter.sources.special_files import refuse_special
from segmenter.storage.publish import check_target, publish, store_unpublished
from segmenter.storage.result_notes import result_notes
from segmenter.training.stage import Stage
from segmenter.training.train import train
from segmenter.workplace.file import workplace
from segmenter.workplace.opening import Access, threads_of
from segmenter.workplace.place import OwnConnection, Place

if TYPE_CHECKING:
    import psycopg
    from pyspark.sql import SparkSession

__all__ = [
    "FitResult",
    "engine_of",
    "fit",
    "fit_into",
    "unpublished",
]


@dataclass(frozen=True, repr=False)
class FitResult(Tabular):
    """What a fit has done.

    Attributes
    ----------
    model : Model
        With its ``model_id`` where it was stored.
    refit : Refit or None
        Who changes segment; None where there was no model before, or nobody to compare.
    is_published : bool
        Whether the views and the macros follow this model now.
    notes : tuple of Note
        Where its segments may not mean what their names say, each with a code and a message.
    """

    model: Model
    refit: Refit | None
    is_published: bool
    notes: tuple[Note, ...] = ()

    @property
    def table(self) -> Table:
        """The training customers by segment."""
        everybody = sum(segment.customers for segment in self.model.segments)
        return Table.of(
            [
                {
                    "segment": segment.name,
                    "customers": segment.customers,
                    "share_of_customers": segment.customers / everybody,
                    "mean_monetary": segment.mean_monetary,
                    "mean_frequency": segment.mean_frequency,
                }
                for segment in self.model.segments
            ]
        )

    def words(self) -> str:
        """Say whether the model is the current one, and what it did to the one before."""
        done = "the current one" if self.is_published else "stored, but not published"
        moved = f"; {self.refit.words()}" if self.refit is not None else "."
        return f"Model {self.model.model_id} is {done}{moved}"


def fit(
    con: duckdb.DuckDBPyConnection | SparkSession | psycopg.Connection[Any],
    source: Source,
    settings: Settings | None = None,
    *,
    model_file: str | os.PathLike[str] | None = None,
    max_change: float = MAX_CHANGE,
    publish: bool = False,
    replace: bool = False,
    progress: Progress | None = None,
    **renamed: Any,
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
    model_file : str or path, optional
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
    **renamed
        Refused, with the new name of what had another one in an earlier version.

    Returns
    -------
    Model

    Raises
    ------
    InputError
        Bad input. The database is as it was before.
    BusyError
        The model's file is open in another program.

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
    refuse_old_names(renamed, {"model": "model_file"})
    net = SafetyNet(max_change, publish, replace)
    listener = progress or Silent()
    con = unwrapped(con)
    if isinstance(con, duckdb.DuckDBPyConnection):
        if model_file is not None:
            raise InputError(
                "model_file is for a fit on another engine. In DuckDB the model is kept in the "
                "database itself: leave it out."
            )
        with threads_of(con):
            result = fit_into(OwnConnection(con), Embedded(con), source, settings, net, listener)
    else:
        with closing(engine_of(con)) as engine:
            result = _fit_remotely(engine, source, settings, model_file, net, listener)
    if not result.is_published:
        warnings.warn(unpublished(result, net), stacklevel=2)
    return result.model


def fit_into(
    place: Place,
    rows: Engine | None,
    source: Source,
    settings: Settings | None,
    net: SafetyNet,
    progress: Progress,
) -> FitResult:
    """Train, and store the model in its place; publish it if the safety net holds.

    Parameters
    ----------
    place : Place
        Only read until there is something to store.
    rows : Engine or None
        Where the rows are; None is the place itself.
    source : Source
    settings : Settings, optional
    net : SafetyNet
    progress : Progress

    Raises
    ------
    SegmenterError
        Bad input. The database is as it was before.
    """
    settings = settings or Settings()
    rows = rows or Embedded(place.con)
    checked = place.con
    check_target(checked, writable=place.is_writable)
    if rows.dialect != "duckdb":
        check_settings(settings)
    with Stage(rows, source, settings) as stage:
        check_source(place.con, stage.binding.stored_source(), net.replace, progress)
        model = train(stage, progress).model
        if rows.dialect == "duckdb":
            return _keep(place, stage, model, net, progress, checked)
        with points_stage(place.con, model) as points:
            publish_remote = publisher(stage, progress)
            return _keep(place, points, model, net, progress, checked, publish_remote)


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


def _keep(
    place: Place,
    stage: Stage,
    model: Model,
    net: SafetyNet,
    progress: Progress,
    checked: duckdb.DuckDBPyConnection,
    publish_remote: Callable[[Model], None] | None = None,
) -> FitResult:
    """Publish a model, or only store it where it moves too many customers."""
    say_steadiness(model, progress)
    refit = refit_changes(stage, model)
    if refit is not None:
        progress.warn(refit.words(), "refit_moves")
    is_published = refit is None or net.lets(refit.share)
    told = attribute_notes(stage)
    title, words = (
        ("Publishing", "the new model is the current one")
        if is_published
        else ("Storing", "the new model is stored, but not published")
    )
    with progress.step(title) as done, place.writing(words):
        if is_published:
            model = publish(
                place.con,
                model,
                stage.binding,
                stage.customers,
                publish_remote,
                is_checked=place.is_writable and place.con is checked,
            )
        else:
            model = store_unpublished(place.con, model, stage.customers)
        notes = [*told, *(model.notes if is_published else [])]
        done(f"model {model.model_id}")
    tell(progress, notes)
    return FitResult(model, refit, is_published, tuple(notes))


def engine_of(con: Any) -> Any:
    """Return the engine of a session of Spark or a connection of psycopg.

    Raises
    ------
    InputError
        It is neither.
    """
    family = type(con).__module__.split(".")[0]
    if family == "pyspark":
        from segmenter.engines.spark import Spark

        return Spark(con)
    if family == "psycopg" and not type(con).__name__.startswith("Async"):
        from segmenter.engines.postgres import Postgres

        return Postgres(con)
    raise InputError(
        "fit works on a connection of DuckDB, a Spark session or a connection of psycopg, not on "
        f"a {type(con).__name__}.{way_to(con)}"
    )


def _fit_remotely(
    engine: Engine,
    source: Source,
    settings: Settings | None,
    file: str | os.PathLike[str] | None,
    net: SafetyNet,
    progress: Progress,
) -> FitResult:
    """Fit where the rows are; the model's file is open for writing only in the end."""
    if file is not None:
        refuse_special(file, "Name a DuckDB file for the model.")
        access = Access(warn=lambda message: progress.warn(message, "file"))
        with workplace(Path(file), access) as place:
            return fit_into(place, engine, source, settings, net, progress)
    settings = settings or Settings()
    check_settings(settings)
    with Stage(engine, source, settings) as stage:
        model = train(stage, progress).model
        publisher(stage, progress)(model)
        model = replace(model, notes=tuple(result_notes(None, model)))
        tell(progress, model.notes)
        return FitResult(model, None, is_published=True, notes=model.notes)
