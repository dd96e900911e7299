"""measure_quality(model_id): measures from SQL how good the segments of a version are.

NULL is the current one. The figures are in ``segments.model_quality`` then, as after every
measurement. Returns what happened in one sentence. It works on a cursor of the connection, so it
sees what is committed.

    select measure_quality(null)
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from segmenter.udf import Function, Session, run_verb

from segmenter.formatting import counted
from segmenter.operations.quality import quality
from segmenter.workplace.place import OwnConnection

__all__ = ["FUNCTION"]


def _make(session: Session) -> Callable[..., pa.Array]:
    def measure_quality(model_id: pa.Array) -> pa.Array:
        return run_verb(session, _measure, model_id)

    return measure_quality


def _measure(place: OwnConnection, model_id: int | None) -> str:
    found = quality(place, model_id)
    figures = counted(len(found.table), "figure")
    return f"model {found.model_id}: {figures} in segments.model_quality"


FUNCTION = Function(
    "measure_quality",
    ["BIGINT"],
    "VARCHAR",
    _make,
    has_side_effects=True,
)
