"""classify_segment_knn(monetary, frequency): the nearest-neighbour search itself.

The segment that the `n_neighbors` nearest training customers of the current model vote for. NULL,
NaN or infinity in gives NULL. It never reads the compiled rules, so that the macro
``classify_segment`` can be checked against it; the two agree everywhere.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from segmenter.udf import Function, Session

from segmenter.model import Model

__all__ = ["FUNCTION", "floats"]


def _classify(model: Model, monetary: pa.Array, frequency: pa.Array) -> pa.Array:
    """Return the segment of each profile as an Arrow array of text."""
    codes = model.neighbors.classify(floats(monetary), floats(frequency))
    known = pa.array(codes, mask=codes < 0)
    return pa.DictionaryArray.from_arrays(known, list(model.names)).cast(pa.string())


def floats(values: pa.Array) -> NDArray[np.float64]:
    """Return doubles with NaN for NULL."""
    column = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return np.asarray(column.fill_null(float("nan")).to_numpy(zero_copy_only=False))


def _make(session: Session) -> Callable[..., pa.Array]:
    def classify_segment_knn(monetary: pa.Array, frequency: pa.Array) -> pa.Array:
        return _classify(session.model(), monetary, frequency)

    return classify_segment_knn


FUNCTION = Function("classify_segment_knn", ["DOUBLE", "DOUBLE"], "VARCHAR", _make)
