"""Versions: an earlier model over its source as it is today."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from segmenter.errors import SegmenterError
from segmenter.model import Model
from segmenter.progress import Progress
from segmenter.source import Source
from segmenter.stage import Stage

__all__ = ["stage_of"]


@contextmanager
def stage_of(con: duckdb.DuckDBPyConnection, model: Model, progress: Progress) -> Iterator[Stage]:
    """Stage the source of a stored model, its customers added up.

    Raises
    ------
    SegmenterError
        The source is gone, or no longer what it was at the fit.
    """
    source = Source(**model.source)
    if source.was_frame:
        raise SegmenterError(
            f"model {model.model_id} was fitted to a data frame that ended with its session, so "
            "its views have nothing to read any more. Fit again with the frame."
        )
    with Stage(con, source, model.settings) as stage:
        if stage.customers is not None:
            with progress.step("Adding up customers") as done:
                done(f"{stage.add_up():,} customers")
        yield stage
