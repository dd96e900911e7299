"""Measuring how good the segments are, beside a flat clustering into as many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segmenter.evaluation.quality import Measure, measure, save_measures, trained_model
from segmenter.evaluation.resampling import DRAWS
from segmenter.formatting import counted
from segmenter.operations.table import Table, Tabular
from segmenter.progress import Progress, Silent
from segmenter.training.kernels import get_kernels
from segmenter.workplace.place import Place

__all__ = ["Quality", "quality"]


@dataclass(frozen=True, repr=False)
class Quality(Tabular):
    """Measures of a model's segments, beside those of a flat clustering.

    Attributes
    ----------
    model_id : int
    table : Table
        A row a measure: ``model_id, metric, value, flat_value, message, basis``; the message says
        what it means and what is good.
    """

    model_id: int
    table: Table

    def words(self) -> str:
        """Say what was measured."""
        return f"Model {self.model_id}, beside a flat clustering into as many segments."


def quality(
    place: Place, model_id: int | None = None, *, progress: Progress | None = None
) -> Quality:
    """Measure a model, and keep the figures in ``segments.model_quality``.

    Parameters
    ----------
    place : Place
        The database with the model.
    model_id : int, optional
        A version; the current one when absent.
    progress : Progress, optional

    Raises
    ------
    NoModelError
        There is no such version.
    SegmenterError
        It was told to forget its points.
    """
    listener = progress or Silent()
    with listener.step("Reading the model") as done:
        model = trained_model(place.con, model_id)
        done(f"model {model.model_id}, {counted(len(model.points), 'point')}")
    get_kernels(model.points, model.settings.n_neighbors, listener, times=DRAWS)
    measures = measure(place.con, model, listener)
    with (
        listener.step("Writing segments.model_quality") as done,
        place.writing("the figures are kept"),
    ):
        save_measures(place.con, model, measures)
        done(counted(len(measures), "figure"))
    assert model.model_id is not None
    return Quality(model.model_id, Table.of([_row(model.model_id, one) for one in measures]))


def _row(model_id: int, one: Measure) -> dict[str, Any]:
    return {
        "model_id": model_id,
        "metric": one.metric,
        "value": one.value,
        "flat_value": one.flat_value,
        "message": one.words,
        "basis": one.basis,
    }
