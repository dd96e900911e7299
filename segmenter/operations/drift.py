"""Drift: whether the customers are still like those that the model learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmenter.errors import InputError, SegmenterError
from segmenter.operations.table import Query, Table, Tabular
from segmenter.schema.names import SCHEMA
from segmenter.storage.current import current_model

if TYPE_CHECKING:
    import duckdb

__all__ = ["Drift", "drift"]

_OVERALL = "overall"


@dataclass(frozen=True, repr=False)
class Drift(Tabular):
    """How far the base has moved from the one that the model learned.

    Attributes
    ----------
    is_due : bool
        Whether a refit is due.
    message : str
        Why, or why not.
    table : Table
        The rows of ``segments.drift``, of which the last is the sum of all.
    """

    is_due: bool
    message: str
    table: Table

    def words(self) -> str:
        """Return the message."""
        return self.message


def drift(con: duckdb.DuckDBPyConnection) -> Drift:
    """Tell whether the customers are still like those that the model learned from.

    Parameters
    ----------
    con : DuckDBPyConnection
        With a model.

    Raises
    ------
    InputError
        The model was fitted to what does not change any more: points or a data frame.
    SegmenterError
        There are no customers now, say.
    """
    _refuse_sources_that_stand_still(con)
    metrics = Query(con, f"from {SCHEMA}.drift").short_table()
    overall = next(row for row in metrics if row["metric"] == _OVERALL)
    message = str(overall["message"])
    if overall["is_drifted"] is None:
        raise SegmenterError(f"drift cannot be told: {message}.")
    return Drift(overall["is_drifted"], f"{message[0].upper()}{message[1:]}.", metrics)


def _refuse_sources_that_stand_still(con: duckdb.DuckDBPyConnection) -> None:
    model_id, source, _ = current_model(con)
    if source.kind == "points":
        raise InputError(
            f"model {model_id} was fitted to anonymous points, so there are no customers to watch. "
            "Fit to new points, and compare the two versions."
        )
    if source.is_read_again:
        raise InputError(
            f"model {model_id} was fitted to {source.relation}, which views cannot read, so there "
            "is nothing live to watch. Fit again, and compare the two versions."
        )
    if source.was_frame:
        raise InputError(
            f"model {model_id} was fitted to a data frame that ended with its session, so there is "
            "nothing live to watch. Fit again with the frame of today."
        )
