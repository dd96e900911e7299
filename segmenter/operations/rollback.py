"""Versions: an earlier model over its source as it is today."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb

from segmenter.engines.duckdb import Embedded
from segmenter.errors import InputError, SegmenterError
from segmenter.formatting import counted
from segmenter.model import Model
from segmenter.operations.publish_remote import points_stage, publisher
from segmenter.progress import Progress, Silent
from segmenter.sources.engine import Engine
from segmenter.sources.source import Source
from segmenter.storage import store
from segmenter.storage.current import current_model
from segmenter.storage.publish import publish
from segmenter.training.stage import Stage
from segmenter.workplace.place import Place

__all__ = ["check_rollback", "restaged", "rollback", "source_of", "stage_of"]


@contextmanager
def stage_of(con: duckdb.DuckDBPyConnection, model: Model, progress: Progress) -> Iterator[Stage]:
    """Stage the source of a stored model, its customers added up.

    Raises
    ------
    SegmenterError
        The source is gone, or no longer what it was at the fit.
    """
    with Stage(con, source_of(model), model.settings) as stage:
        if stage.customers is not None:
            with progress.step("Adding up customers") as done:
                done(counted(stage.add_up(), "customer"))
        yield stage


@contextmanager
def restaged(
    con: duckdb.DuckDBPyConnection, engine: Engine, model: Model, progress: Progress
) -> Iterator[tuple[Stage, Callable[[Model], None] | None]]:
    """Stage a stored model where its rows are.

    Parameters
    ----------
    con : DuckDBPyConnection
        The database of the model.
    engine : Engine
        That of the fit.
    model : Model
    progress : Progress

    Yields
    ------
    Stage, callable or None
        What is published in the database, and what publishes the model on another engine.

    Raises
    ------
    SegmenterError
        The source is gone, or no longer what it was at the fit.
    """
    if engine.dialect == "duckdb":
        with stage_of(con, model, progress) as stage:
            yield stage, None
        return
    with (
        Stage(engine, source_of(model), model.settings) as rows,
        points_stage(con, model) as points,
    ):
        yield points, publisher(rows, progress)


def rollback(
    place: Place,
    model_id: int,
    *,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> Model:
    """Make an earlier version of the model the current one again.

    The views, the macros and the snapshot follow it, in one transaction; no version is lost.

    Parameters
    ----------
    place : Place
        The database with the models.
    model_id : int
    engine : Engine, optional
        That of the fit; DuckDB when absent.
    progress : Progress, optional

    Raises
    ------
    NoModelError
        There is no such version.
    InputError
        It is the current one, or of another engine than the one that was given.
    SegmenterError
        The source is gone, or no longer what it was at the fit.
    """
    listener = progress or Silent()
    rows = engine or Embedded(place.con)
    current, _, _ = current_model(place.con)
    of_fit = check_rollback(place.con, model_id)
    if rows.dialect != of_fit:
        raise InputError(
            f"model {model_id} was fitted on {of_fit}, and is published there again too. Give a "
            "session or connection of it."
        )
    model = store.load(place.con, model_id)
    with (
        restaged(place.con, rows, model, listener) as (stage, publish_remote),
        listener.step("Publishing") as done,
        place.writing(f"model {model_id} is the current one"),
    ):
        published = publish(place.con, model, stage.binding, stage.customers, publish_remote)
        done(f"model {model_id} instead of model {current}")
    return published


def check_rollback(con: duckdb.DuckDBPyConnection, model_id: int) -> str:
    """Return the dialect of the engine on which a version was fitted.

    Raises
    ------
    NoModelError
        There is no such version.
    InputError
        It is the current one.
    """
    model = store.load(con, model_id)
    current, _, _ = current_model(con)
    if current == model_id:
        raise InputError(f"model {model_id} is the current one already.")
    return str(model.source.get("engine") or "duckdb")


def source_of(model: Model) -> Source:
    """Return the source of a stored model, which its views read.

    Raises
    ------
    SegmenterError
        They cannot read it any more.
    """
    source = Source.from_dict(model.source)
    if source.is_read_again:
        raise SegmenterError(
            f"model {model.model_id} was fitted to {source.relation}, which its views cannot read: "
            "they would have nothing until it is read again. Fit again."
        )
    if source.was_frame:
        raise SegmenterError(
            f"model {model.model_id} was fitted to a data frame that ended with its session, so "
            "its views have nothing to read any more. Fit again with the frame."
        )
    return source
