"""Versions: an earlier model over its source as it is today."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb

from segmenter.errors import SegmenterError
from segmenter.formatting import counted
from segmenter.model import Model
from segmenter.operations.publish_remote import points_stage, publisher
from segmenter.progress import Progress
from segmenter.sources.engine import Engine
from segmenter.sources.source import Source
from segmenter.training.stage import Stage

__all__ = ["restaged", "stage_of"]


@contextmanager
def stage_of(con: duckdb.DuckDBPyConnection, model: Model, progress: Progress) -> Iterator[Stage]:
    """Stage the source of a stored model, its customers added up.

    Raises
    ------
    SegmenterError
        The source is gone, or no longer what it was at the fit.
    """
    with Stage(con, _source(model), model.settings) as stage:
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
        Stage(engine, _source(model), model.settings) as rows,
        points_stage(con, model) as points,
    ):
        yield points, publisher(rows, progress)


def _source(model: Model) -> Source:
    source = Source(**model.source)
    if source.was_frame:
        raise SegmenterError(
            f"model {model.model_id} was fitted to a data frame that ended with its session, so "
            "its views have nothing to read any more. Fit again with the frame."
        )
    return source
