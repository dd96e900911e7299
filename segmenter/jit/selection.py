# mypy: disable-error-code="no-any-return, arg-type"
"""Selecting points by two coordinates, as the builders of kd-trees do."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.jit.kernels import bare_inner as inner

__all__ = ["Axes", "select", "spread", "swap"]

FloatArray = NDArray[np.float64]


class Axes(NamedTuple):
    """Points by a first and a second coordinate."""

    x: FloatArray
    y: FloatArray
    origin: NDArray[Any]  # where each point was before


@inner
def swap(points: Axes, i: int, j: int) -> None:
    """Exchange two points."""
    points.x[i], points.x[j] = points.x[j], points.x[i]
    points.y[i], points.y[j] = points.y[j], points.y[i]
    points.origin[i], points.origin[j] = points.origin[j], points.origin[i]


@inner
def _less(points: Axes, i: int, x: float, y: float) -> bool:
    return points.x[i] < x or (points.x[i] == x and points.y[i] < y)


@inner
def _more(points: Axes, i: int, x: float, y: float) -> bool:
    return points.x[i] > x or (points.x[i] == x and points.y[i] > y)


@inner
def _median3(points: Axes, i: int, j: int, k: int) -> int:
    if _less(points, j, points.x[i], points.y[i]):
        i, j = j, i
    if _less(points, k, points.x[j], points.y[j]):
        j = i if _less(points, k, points.x[i], points.y[i]) else k
    return j


@inner
def select(points: Axes, low: int, high: int, k: int) -> None:
    """Bring what is in [low, k) before what is in [k, high) by (x, y): Hoare's FIND.

    By both: where many x are equal, those of one side would lie all over the other side's box.
    """
    high -= 1
    seed = np.uint64(k)
    while low < high:
        seed = seed * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        span, u = high - low + 1, np.int64(seed >> np.uint64(24))
        # three places that no layout can foresee: no input makes this quadratic
        pivot = _median3(points, low + u % span, low + (u >> 6) % span, low + (u >> 12) % span)
        x, y = points.x[pivot], points.y[pivot]
        i, j = low, high
        while i <= j:
            while _less(points, i, x, y):
                i += 1
            while _more(points, j, x, y):
                j -= 1
            if i <= j:
                swap(points, i, j)
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            return


@inner
def spread(points: Axes, low: int, high: int) -> float:
    """Return how far some points lie apart along the first coordinate."""
    least = most = points.x[low]
    for i in range(low + 1, high):
        least, most = min(least, points.x[i]), max(most, points.x[i])
    return most - least
