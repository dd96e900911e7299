"""Tiles: points of the plane in groups of near ones, each with its box, for searches in NumPy.

A search over all pairs costs what all pairs cost. Here a query looks at the boxes first, and at the
points of those alone that may hold something as near as what it has seen: with tiles of 32 the
search of a few thousand points is some twenty times shorter, and still whole arrays at a time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["SIZE", "Tiles", "make_tiles", "pieces"]

SIZE = 32
"""Points in a tile, at most, where nobody needs more."""

_PAIRS = 1 << 20
"""Pairs of query and point in an array at a time, at most: what they need fits a small machine."""

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class Tiles(NamedTuple):
    """Tiles over n points."""

    member: IntArray  # (n_tiles, t <= size) numbers of points; n where a tile has fewer
    home: IntArray  # (n,) the tile of each point
    low: FloatArray  # (2, n_tiles) smallest x, smallest y
    high: FloatArray  # (2, n_tiles) largest x, largest y

    def gaps(self, low: FloatArray, high: FloatArray, y: FloatArray) -> tuple[FloatArray, ...]:
        """Return how far boxes are from segments of lines, along x and y, (n_segments, n_tiles).

        Parameters
        ----------
        low, high : ndarray of float64, shape (n_segments,)
            From which x to which x; equal for points.
        y : ndarray of float64, shape (n_segments,)
        """
        x = np.maximum(self.low[0] - high[:, None], low[:, None] - self.high[0])
        above = np.maximum(self.low[1] - y[:, None], y[:, None] - self.high[1])
        return np.maximum(x, 0.0), np.maximum(above, 0.0)


def make_tiles(x: FloatArray, y: FloatArray, ratio: float, size: int = SIZE) -> Tiles:
    """Return tiles over points: halved along their wider side until none has more than `size`.

    Parameters
    ----------
    x, y : ndarray of float64, shape (n,)
        At least one point.
    ratio : float
        The scaling r, in which sides are compared.
    size : int, default `SIZE`
        Each tile has at least half of it, if there are so many points.
    """
    n = len(x)
    levels = (-(-n // size) - 1).bit_length()
    order = np.lexsort((y, x))
    for level in range(levels):
        starts = _starts(n, level)
        cell = np.repeat(np.arange(len(starts)), np.diff(starts, append=n))
        x_here, y_here = x[order], y[order]
        wide, tall = (
            np.maximum.reduceat(along, starts) - np.minimum.reduceat(along, starts)
            for along in (x_here, y_here)
        )
        is_tall = (ratio * (tall * tall) > wide * wide)[cell]
        first = np.where(is_tall, y_here, x_here)
        second = np.where(is_tall, x_here, y_here)
        order = order[np.lexsort((second, first, cell))]
    starts = _starts(n, levels)
    sizes = np.diff(starts, append=n)
    tile = np.repeat(np.arange(len(starts)), sizes)
    member = np.full((len(starts), sizes.max()), n)
    member[tile, np.arange(n) - starts[tile]] = order
    home = np.empty(n, np.int64)
    home[order] = tile
    both = np.stack([x[order], y[order]])
    return Tiles(
        member=member,
        home=home,
        low=np.minimum.reduceat(both, starts, axis=1),
        high=np.maximum.reduceat(both, starts, axis=1),
    )


def _starts(n: int, level: int) -> IntArray:
    """Return where n points in a row are cut into 2^level parts of equal size, or one apart."""
    return (np.arange(1 << level) * n) >> level


def pieces(n_queries: int, n_points: int) -> list[slice]:
    """Return parts of the queries that are so few that they may look at all points at once."""
    step = max(1, _PAIRS // max(1, n_points))
    return [slice(i, i + step) for i in range(0, n_queries, step)]
