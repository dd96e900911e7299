"""Consolidation by compiled kernels; see `segmenter.clustering.consolidation`.

Points stand in tiles of near ones. A tile whose points are all of one block, and whose box is so
much nearer to that block's centroid than to any other that no rounding can matter, is passed over;
the sums of the blocks change by those who move. So a step costs what is near a boundary.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.clustering.consolidation_plain import LIMB
from segmenter.jit.kernels import bare_inner, bare_kernel
from segmenter.jit.threads import over_ranges
from segmenter.points import IntArray, Points

__all__ = ["Steps", "Tiled", "in_tiles"]

Labels = NDArray[np.int32]
FloatArray = NDArray[np.float64]

TILE = 256
"""Points in a tile."""
RANGE = 1 << 13
"""Tiles that a thread takes at a time."""
CLEARLY = 2.0**-40
"""Far above the rounding errors of a squared distance."""
MIXED = -1


class Tiled(NamedTuple):
    """Points in strips of like frequency, in each by their cents, tile by tile."""

    order: IntArray  # (n,) which point it was
    cents: IntArray  # (n,)
    frequency: IntArray  # (n,)
    customers: IntArray  # (n,)
    box: FloatArray  # (n_tiles, 4) smallest and largest cents, smallest and largest frequency


def in_tiles(points: Points, by_cents: IntArray | None = None) -> Tiled:
    """Return points in tiles: about as many strips as there are tiles in one.

    Parameters
    ----------
    points : Points
    by_cents : ndarray of int64, shape (n,), optional
        Their order by cents; as they are given when absent.
    """
    n = len(points)
    strips = max(1, min(round((n / TILE) ** 0.5), 2**16 - 1))
    ranked = np.sort(points.frequency[:: max(1, n >> 16)])  # roughly is enough
    edges = np.unique(ranked[np.arange(1, strips) * len(ranked) // strips])
    strip = np.searchsorted(edges, points.frequency, side="right").astype(np.uint16)
    order = np.argsort(strip if by_cents is None else strip[by_cents], kind="stable")
    if by_cents is not None:
        order = by_cents[order]
    cents, frequency = points.cents[order], points.frequency[order]
    starts = np.arange(0, n, TILE)
    box = [
        extreme.reduceat(along, starts).astype(np.float64)
        for along in (cents, frequency)
        for extreme in (np.minimum, np.maximum)
    ]
    return Tiled(order, cents, frequency, points.customers[order], np.column_stack(box))


class Steps:
    """As `segmenter.clustering.consolidation_plain.Steps`, of points in tiles."""

    def __init__(self, tiled: Tiled, labels: Labels, n_blocks: int) -> None:
        self._tiled = tiled
        self._labels = labels[tiled.order].astype(np.int32)
        self._of_tile = np.full(len(tiled.box), MIXED, np.int32)
        self.sums = np.zeros((n_blocks, 4), np.int64)
        _add_up(tiled, self._labels, self.sums)

    @property
    def labels(self) -> Labels:
        """Where the points are, in the order in which they were given."""
        found = np.empty_like(self._labels)
        found[self._tiled.order] = self._labels
        return found

    def move(self, centers: FloatArray, ratio: float) -> int:
        """Move each point once, to the first block that is nearer than its own; count the moves."""

        def work(first: int, last: int) -> tuple[int, IntArray]:
            change = np.zeros_like(self.sums)
            tiled, tiles = self._tiled, (first, last)
            moves = _move(tiled, self._labels, self._of_tile, tiles, centers, ratio, change)
            return moves, change

        found = over_ranges(work, len(self._tiled.box), RANGE)
        for _, change in found:
            self.sums += change
        return sum(moves for moves, _ in found)


@bare_kernel
def _add_up(tiled: Tiled, labels: Labels, sums: IntArray) -> None:
    for i in range(len(labels)):
        _count(sums, labels[i], tiled.customers[i], tiled.cents[i], tiled.frequency[i])


@bare_kernel
def _move(
    tiled: Tiled,
    labels: Labels,
    of_tile: Labels,
    tiles: tuple[int, int],
    centers: FloatArray,
    ratio: float,
    change: IntArray,
) -> int:
    moves = 0
    for tile in range(tiles[0], tiles[1]):
        if of_tile[tile] != MIXED and _all_stay(tiled.box, tile, of_tile[tile], centers, ratio):
            continue
        first, last = tile * TILE, min((tile + 1) * TILE, len(labels))
        of_tile[tile] = MIXED
        mixed = False
        for i in range(first, last):
            cents, frequency = tiled.cents[i], tiled.frequency[i]
            across = cents - centers[labels[i], 0]
            along = frequency - centers[labels[i], 1]
            nearest = across * across + ratio * (along * along)
            block = labels[i]
            for other in range(len(centers)):
                across = cents - centers[other, 0]
                along = frequency - centers[other, 1]
                distance = across * across + ratio * (along * along)
                if distance < nearest:
                    nearest = distance
                    block = other
            if block != labels[i]:
                moves += 1
                _count(change, labels[i], -tiled.customers[i], cents, frequency)
                _count(change, block, tiled.customers[i], cents, frequency)
                labels[i] = block
            mixed |= block != labels[first]
        if not mixed:
            of_tile[tile] = labels[first]
    return moves


@bare_inner
def _count(sums: IntArray, block: int, customers: int, cents: int, frequency: int) -> None:
    high = cents >> LIMB
    sums[block, 0] += customers
    sums[block, 1] += customers * high
    sums[block, 2] += customers * (cents - (high << LIMB))
    sums[block, 3] += customers * frequency


@bare_inner
def _all_stay(box: FloatArray, tile: int, block: int, centers: FloatArray, ratio: float) -> bool:
    """Whether no point of a tile can be nearer to another block, however distances are rounded.

    How much nearer is linear over the box, so it is least in a corner; the distances themselves
    are convex, so they are greatest in one.
    """
    for other in range(len(centers)):
        if other == block or np.isnan(centers[other, 0]):
            continue
        nearer, greatest = np.inf, 0.0
        for i in range(2):
            for j in range(2, 4):
                across = box[tile, i] - centers[block, 0]
                along = box[tile, j] - centers[block, 1]
                own = across * across + ratio * (along * along)
                across = box[tile, i] - centers[other, 0]
                along = box[tile, j] - centers[other, 1]
                distance = across * across + ratio * (along * along)
                nearer = min(nearer, distance - own)
                greatest = max(greatest, distance + own)
        if not nearer > CLEARLY * greatest:
            return False
    return True
