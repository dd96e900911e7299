"""recursive_segments(points, settings): the recursive clustering as a SQL expression.

Takes a list of points (monetary, frequency, customers) and a STRUCT of settings or NULL, and
returns the list, in its order, with the segment of each point. NULL gives NULL and an empty list an
empty one. A point with a NULL, NaN or infinite value, or with no customers, gets no segment; nor
does any point of a list that has nothing to split (too few customers, or all equal).

    select unnest(recursive_segments(list(p), {'levels': 2}), recursive := true)
    from segments_internal.profile_points as p
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from segmenter.udf import Function, Session

from segmenter.clustering.recursion import recursive_segments
from segmenter.errors import SegmenterError
from segmenter.points import MAX_CENTS, MAX_FREQUENCY, Points, distinct_pairs
from segmenter.settings import Settings

__all__ = ["FUNCTION"]

_POINT = "monetary DOUBLE, frequency BIGINT, customers BIGINT"
_SEGMENTED = pa.list_(
    pa.struct(
        [
            ("monetary", pa.float64()),
            ("frequency", pa.int64()),
            ("customers", pa.int64()),
            ("segment", pa.string()),
        ]
    )
)


def _make(session: Session) -> Callable[..., pa.Array]:
    del session  # the clustering depends on its arguments alone

    def segment_lists(points: pa.Array, settings: pa.Array) -> pa.Array:
        rows = zip(_chunk(points), settings.to_pylist(), strict=True)
        return pa.array([_segment_list(row, text) for row, text in rows], type=_SEGMENTED)

    return segment_lists


def _chunk(points: pa.Array) -> pa.Array:
    return points.combine_chunks() if isinstance(points, pa.ChunkedArray) else points


def _segment_list(points: Any, settings: str | None) -> list[dict[str, Any]] | None:
    """Segment one list; `points` is an Arrow list scalar."""
    chosen = Settings.from_mapping(json.loads(settings) if settings else {})
    if points.values is None:
        return None
    structs = points.values
    columns = {name: structs.field(name) for name in ("monetary", "frequency", "customers")}
    monetary = columns["monetary"].fill_null(float("nan")).to_numpy(zero_copy_only=False)
    frequency = columns["frequency"].fill_null(-1).to_numpy(zero_copy_only=False)
    customers = columns["customers"].fill_null(0).to_numpy(zero_copy_only=False)
    usable = (
        (np.abs(monetary) <= MAX_CENTS / 100)
        & (frequency >= 0)
        & (frequency <= MAX_FREQUENCY)
        & (customers >= 1)
        & structs.is_valid().to_numpy(zero_copy_only=False)
    )
    segments = np.full(len(structs), None, dtype=object)
    cents = np.floor(monetary[usable] * 100 + 0.5).astype(np.int64)
    segments[usable] = _segments(cents, frequency[usable], customers[usable], chosen)
    values = (columns[name].to_pylist() for name in columns)
    return [
        {"monetary": m, "frequency": f, "customers": c, "segment": segment}
        for m, f, c, segment in zip(*values, segments, strict=True)
    ]


def _segments(
    cents: np.ndarray[Any, Any],
    frequency: np.ndarray[Any, Any],
    customers: np.ndarray[Any, Any],
    settings: Settings,
) -> Any:
    """Return the segment name of each profile, None where there is nothing to split."""
    points = Points.group(cents, frequency, customers)
    try:
        found = recursive_segments(points, settings)
    except SegmenterError:
        return None
    order, group = distinct_pairs(cents, frequency)
    point = np.empty_like(group)
    point[order] = group
    return np.array(found.names, dtype=object)[found.codes[point]]


FUNCTION = Function(
    "recursive_segments",
    [f"STRUCT({_POINT})[]", "JSON"],
    f"STRUCT({_POINT}, segment VARCHAR)[]",
    _make,
)
