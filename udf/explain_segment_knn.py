"""explain_segment_knn(monetary, frequency): the neighbours that vote on a profile.

A list of the training points that decide, nearest first: their profile, how many customers have it,
how many of them vote, their distance and their segment. Distances are in the currency of monetary:
one order counts as much as sqrt(r) of money, with the scaling r of the model. NULL, NaN or infinity
in gives NULL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from segmenter.udf import Function, Session
from segmenter.udf.classify_segment_knn import floats

from segmenter.classifier.knn import to_cents
from segmenter.model import Model

__all__ = ["FUNCTION"]

_VOTER = pa.struct(
    [
        ("monetary", pa.float64()),
        ("frequency", pa.int64()),
        ("customers", pa.int64()),
        ("votes", pa.int64()),
        ("distance", pa.float64()),
        ("segment", pa.string()),
    ]
)


def _make(session: Session) -> Callable[..., pa.Array]:
    def explain_segment_knn(monetary: pa.Array, frequency: pa.Array) -> pa.Array:
        model = session.model()
        rows = zip(floats(monetary), floats(frequency), strict=True)
        return pa.array([_voters(model, m, f) for m, f in rows], type=pa.list_(_VOTER))

    return explain_segment_knn


def _voters(model: Model, monetary: float, frequency: float) -> list[dict[str, Any]] | None:
    if not np.isfinite(monetary) or not np.isfinite(frequency):
        return None
    whole = int(np.clip(np.floor(frequency), 0, 2**53))
    found = model.neighbors.neighbors(int(to_cents(np.array([monetary]))[0]), whole)
    points, codes = model.points, model.segmentation.codes
    return [
        {
            "monetary": int(points.cents[place]) / 100,
            "frequency": int(points.frequency[place]),
            "customers": int(points.customers[place]),
            "votes": int(votes),
            "distance": float(distance) / 100,
            "segment": model.names[codes[place]],
        }
        for place, distance, votes in zip(found.index, found.distance, found.votes, strict=True)
    ]


FUNCTION = Function(
    "explain_segment_knn",
    ["DOUBLE", "DOUBLE"],
    "STRUCT(monetary DOUBLE, frequency BIGINT, customers BIGINT, votes BIGINT, distance DOUBLE, "
    "segment VARCHAR)[]",
    _make,
)
