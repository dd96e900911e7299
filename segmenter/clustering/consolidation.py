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
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmenter.clustering.consolidation_plain import LIMB
from segmenter.jit.choice import step_seconds, use_kernels
from segmenter.points import Points

__all__ = ["MAX_STEPS", "consolidate", "tightness"]

MAX_STEPS = 1000
"""Real bases settle within 60 steps; the limit only guards against rounding that oscillates."""

Labels = NDArray[np.int32]


def consolidate(points: Points, labels: Labels, n_blocks: int, ratio: float) -> Labels:
    """Return the labels after moving every point to its nearest centroid until nothing moves.

    Parameters
    ----------
    points : Points
        The n points that are divided.
    labels : ndarray of int32, shape (n,)
        Where each point starts, 0 to ``n_blocks - 1``.
    n_blocks : int
    ratio : float
        The scaling r of these points.

    Returns
    -------
    ndarray of int32, shape (n,)

    Notes
    -----
    O(n_points * n_blocks) time a step, O(n_points) memory.
    """
    settled = labels.astype(np.int32)
    for _ in range(MAX_STEPS):
        centers = _centers(points, settled, n_blocks)
        move = _steps(len(points), n_blocks).move
        if not move(points.cents, points.frequency, settled, centers, ratio):
            break
    return settled


def tightness(points: Points, labels: Labels, n_blocks: int, ratio: float) -> Fraction:
    """Return how tight the blocks are: higher is tighter; to compare partitions of equal points.

    The sum of squares between the blocks, up to what all partitions of the points have in common.
    """
    found = Fraction(0)
    for n, cents, frequency in _sums(points, labels, n_blocks):
        if n:
            found += Fraction(cents**2, n) + Fraction(ratio) * Fraction(frequency**2, n)
    return found


def _centers(points: Points, labels: Labels, n_blocks: int) -> NDArray[np.float64]:
    """Return mean cents and mean frequency of each block, correctly rounded; NaN without points."""
    centers = np.full((n_blocks, 2), np.nan)
    for block, (n, cents, frequency) in enumerate(_sums(points, labels, n_blocks)):
        if n:
            centers[block] = cents / n, frequency / n
    return centers


def _sums(points: Points, labels: Labels, n_blocks: int) -> list[tuple[int, int, int]]:
    """Return customers, cents and orders of each block, as exact integers."""
    sums = np.zeros((n_blocks, 4), np.int64)
    add_up = _steps(len(points), n_blocks).add_up
    add_up(points.cents, points.frequency, points.customers, labels, sums)
    return [(n, (high << LIMB) + low, frequency) for n, high, low, frequency in sums.tolist()]


def _steps(n_points: int, n_blocks: int) -> Any:
    """Return who adds up and moves so many points: kernels, or NumPy with equal results."""
    if use_kernels(step_seconds(n_points, n_blocks)):
        from segmenter.clustering import consolidation_kernels

        return consolidation_kernels
    from segmenter.clustering import consolidation_plain

    return consolidation_plain
