"""Consolidation: settle the boundaries that Ward's greedy merges leave behind.

Every customer goes to the block with the nearest centroid, centroids are recomputed, until nothing
moves: weighted Lloyd steps that start from a hierarchical partition, as in HCPC (Husson, Josse,
Pages, "Principal component methods - hierarchical clustering - partitional clustering", 2010).
A customer that is equally near to two blocks stays where it is.

Where they end depends on where they start, and on small bases Ward's cut is a start that a single
customer can change. So they start from several partitions, and the tightest end is kept (as k-means
does with ``n_init``). Centroids and tightness come from exact integer sums, so the result depends
on the points alone.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.clustering.consolidation_plain import LIMB
from segmenter.jit.choice import step_seconds, use_kernels
from segmenter.points import IntArray, Points

__all__ = ["MAX_STEPS", "Consolidation", "Settled", "consolidate"]

MAX_STEPS = 1000
"""Real bases settle within 60 steps; the limit only guards against rounding that oscillates."""

Labels = NDArray[np.int32]


class Settled(NamedTuple):
    """Where a start ends.

    Attributes
    ----------
    labels : ndarray of int32, shape (n,)
    tightness : Fraction
        The sum of squares between the blocks, up to what all partitions of the points have in
        common: higher is tighter.
    """

    labels: Labels
    tightness: Fraction


class Consolidation:
    """Points that are consolidated, from as many starts as are wanted.

    Parameters
    ----------
    points : Points
        The n points that are divided.
    ratio : float
        The scaling r of these points.
    by_cents : ndarray of int64, shape (n,), optional
        Their order by cents; as they are given when absent.
    """

    def __init__(self, points: Points, ratio: float, by_cents: IntArray | None = None) -> None:
        self._points, self._ratio, self._by_cents = points, ratio, by_cents
        self._kernels: Any = None

    def settle(self, labels: Labels, n_blocks: int) -> Settled:
        """Move every point to its nearest centroid until nothing moves.

        Parameters
        ----------
        labels : ndarray of int32, shape (n,)
            Where each point starts, 0 to ``n_blocks - 1``.
        n_blocks : int

        Notes
        -----
        O(n_points) memory. With kernels, a start takes O(n_points * n_blocks) time, and each step
        that of the points which are near a boundary, O(sqrt(n_points)) where they are spread;
        NumPy takes O(n_points * n_blocks) a step.
        """
        steps = self._begin(labels, n_blocks)
        for _ in range(MAX_STEPS):
            if not steps.move(_centers(steps.sums), self._ratio):
                break
        tightness = sum(
            (
                Fraction(cents**2, n) + Fraction(self._ratio) * Fraction(frequency**2, n)
                for n, cents, frequency in _exact(steps.sums)
                if n
            ),
            Fraction(0),
        )
        return Settled(steps.labels, tightness)

    def _begin(self, labels: Labels, n_blocks: int) -> Any:
        """Return who moves so many points: kernels, or NumPy with equal results."""
        points = self._points
        if self._kernels is None and not use_kernels(step_seconds(len(points), n_blocks)):
            from segmenter.clustering.consolidation_plain import Steps

            return Steps(points, labels, n_blocks)
        from segmenter.clustering import consolidation_kernels

        if self._kernels is None:
            self._kernels = consolidation_kernels.in_tiles(points, self._by_cents)
        return consolidation_kernels.Steps(self._kernels, labels, n_blocks)


def consolidate(points: Points, labels: Labels, n_blocks: int, ratio: float) -> Labels:
    """Return where one start ends, as `Consolidation.settle`."""
    return Consolidation(points, ratio).settle(labels, n_blocks).labels


def _centers(sums: IntArray) -> NDArray[np.float64]:
    """Return mean cents and mean frequency of each block, correctly rounded; NaN without points."""
    centers = np.full((len(sums), 2), np.nan)
    for block, (n, cents, frequency) in enumerate(_exact(sums)):
        if n:
            centers[block] = cents / n, frequency / n
    return centers


def _exact(sums: IntArray) -> list[tuple[int, int, int]]:
    """Return customers, cents and orders of each block, as exact integers."""
    return [(n, (high << LIMB) + low, frequency) for n, high, low, frequency in sums.tolist()]
