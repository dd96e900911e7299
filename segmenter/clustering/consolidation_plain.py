"""Consolidation in NumPy, step by step; see `segmenter.clustering.consolidation`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmenter.jit.choice import spend, step_seconds
from segmenter.points import IntArray, Points

__all__ = ["LIMB", "Steps"]

LIMB = 26
"""Bits of a limb: sums over 2^31 customers of what fits into one stay within 64 bits."""

Labels = NDArray[np.int32]


class Steps:
    """Points on their way from a start.

    Parameters
    ----------
    points : Points
    labels : ndarray of int32, shape (n,)
        Where they start.
    n_blocks : int

    Attributes
    ----------
    labels : ndarray of int32, shape (n,)
        Where they are.
    sums : ndarray of int64, shape (n_blocks, 4)
        Customers, high and low limbs of their cents, and their orders, of each block.
    """

    def __init__(self, points: Points, labels: Labels, n_blocks: int) -> None:
        self._points = points
        self.labels = labels.astype(np.int32)
        self.sums = _add_up(points, labels, n_blocks)

    def move(self, centers: NDArray[np.float64], ratio: float) -> int:
        """Move each point once, to the first block that is nearer than its own; count the moves.

        Parameters
        ----------
        centers : ndarray of float64, shape (n_blocks, 2)
            NaN where a block is empty.
        ratio : float
        """
        points, n = self._points, len(self._points)
        distance = np.empty((len(centers), n))
        for block, (mean_cents, mean_frequency) in enumerate(centers):
            across, along = points.cents - mean_cents, points.frequency - mean_frequency
            distance[block] = across * across + ratio * (along * along)
        distance[np.isnan(distance)] = np.inf
        nearest = distance.argmin(axis=0)
        everybody = np.arange(n)
        moves = distance[nearest, everybody] < distance[self.labels, everybody]
        self.labels[moves] = nearest[moves]
        self.sums = _add_up(points, self.labels, len(centers))
        spend(step_seconds(n, len(centers)))
        return int(moves.sum())


def _add_up(points: Points, labels: Labels, n_blocks: int) -> IntArray:
    high = points.cents >> LIMB
    low = points.cents - (high << LIMB)
    parts = (np.ones_like(points.customers), high, low, points.frequency)
    sums = np.empty((n_blocks, 4), np.int64)
    for block in range(n_blocks):
        members = np.where(labels == block, points.customers, 0)
        sums[block] = [members @ part for part in parts]
    return sums
