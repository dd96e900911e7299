"""Consolidation: settle the boundaries that Ward's greedy merges leave behind.

Every customer goes to the block with the nearest centroid, centroids are recomputed, until nothing
moves: weighted Lloyd steps that start from a hierarchical partition, as in HCPC (Husson, Josse,
Pages, "Principal component methods - hierarchical clustering - partitional clustering", 2010).
A customer that is equally near to two blocks stays where it is.

Centroids come from exact integer sums, so the result depends on the points alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmenter.points import Points

__all__ = ["MAX_STEPS", "consolidate"]

MAX_STEPS = 1000
"""Real bases settle within 60 steps; the limit only guards against rounding that oscillates."""


def consolidate(
    points: Points, labels: NDArray[np.int32], n_blocks: int, ratio: float
) -> NDArray[np.int32]:
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
    for _ in range(MAX_STEPS):
        moved = _step(points, labels, n_blocks, ratio)
        if np.array_equal(moved, labels):
            break
        labels = moved
    return labels


def _step(
    points: Points, labels: NDArray[np.int32], n_blocks: int, ratio: float
) -> NDArray[np.int32]:
    """Move each point once."""
    distances = [_squared_distances(points, labels == block, ratio) for block in range(n_blocks)]
    nearest = np.choose(labels, distances)
    moved = labels.copy()
    for block, distance in enumerate(distances):
        nearer = distance < nearest
        moved[nearer] = block
        np.minimum(nearest, distance, out=nearest)
    return moved


def _squared_distances(
    points: Points, members: NDArray[np.bool_], ratio: float
) -> NDArray[np.float64]:
    """Return each point's squared distance from the centroid of a block's members."""
    if not members.any():
        return np.full(len(points), np.inf)
    cents, frequency = points.take(members).mean()
    across = points.cents - cents
    along = points.frequency - frequency
    return across * across + ratio * (along * along)
