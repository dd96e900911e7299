"""Measures of a clustering whose points stand for many customers each.

Each equals scikit-learn's measure of the same name on the customers one by one, in the geometry of
the clustering: ``(cents, sqrt(r) * frequency)``. scikit-learn's take no weights, and a base of ten
million customers has a tenth as many points, so they are written out here; tests compare them.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.points import Points

__all__ = [
    "Moments",
    "adjusted_rand",
    "calinski_harabasz",
    "davies_bouldin",
    "largest_share",
    "silhouette",
]

Labels = NDArray[np.int32]
FloatArray = NDArray[np.float64]

_CELLS = 1 << 17
"""Distances that are looked at in one go: they stay in the processor's cache."""


class Moments(NamedTuple):
    """Sums over the customers of one block, exact integers."""

    customers: int
    cents: int
    frequency: int
    squared_cents: int
    squared_frequency: int


def silhouette(points: Points, labels: Labels, ratio: float) -> float | None:
    """Return the mean silhouette of the customers.

    Parameters
    ----------
    points : Points
    labels : ndarray of int32, shape (n_points,)
        Block of each point.
    ratio : float
        The scaling r.

    Returns
    -------
    float or None
        From -1 to 1; None with fewer than two blocks.

    Notes
    -----
    O(n_points^2) time, O(n_points) memory. Customers with equal profiles are at distance 0 of each
    other; one who is alone in a block counts 0. Rousseeuw, "Silhouettes: a graphical aid to the
    interpretation and validation of cluster analysis" (1987).
    """
    order = np.argsort(labels, kind="stable")
    blocks, starts = np.unique(labels[order], return_index=True)
    if len(blocks) < 2:
        return None
    cents = points.cents[order].astype(np.float64)
    frequency = points.frequency[order].astype(np.float64)
    customers = points.customers[order].astype(np.float64)
    ends = np.append(starts[1:], len(order))
    sizes = np.add.reduceat(points.customers[order], starts)
    own = np.repeat(np.arange(len(blocks)), ends - starts)
    scores = np.empty(len(order))
    step = max(1, _CELLS // len(order))
    for first in range(0, len(order), step):
        rows = slice(first, first + step)
        apart = (frequency[rows, None] - frequency) ** 2 * ratio
        apart += (cents[rows, None] - cents) ** 2
        np.sqrt(apart, out=apart)
        apart *= customers
        sums = np.column_stack(
            [apart[:, a:b].sum(axis=1) for a, b in zip(starts, ends, strict=True)]
        )
        scores[rows] = _silhouettes(sums, sizes, own[rows])
    return float((scores * customers).sum() / customers.sum())


def _silhouettes(sums: FloatArray, sizes: NDArray[np.int64], own: NDArray[np.int64]) -> FloatArray:
    """Return the silhouette of rows from their summed distances to each block."""
    rows = np.arange(len(own))
    within = sums[rows, own] / np.maximum(sizes[own] - 1, 1)
    others = sums / sizes
    others[rows, own] = np.inf
    nearest = others.min(axis=1)
    wider = np.maximum(within, nearest)
    scores: FloatArray = np.divide(
        nearest - within, wider, out=np.zeros(len(own)), where=(wider > 0) & (sizes[own] > 1)
    )
    return scores


def davies_bouldin(points: Points, labels: Labels, ratio: float) -> float | None:
    """Return the Davies-Bouldin index over customers; None with fewer than two blocks.

    Notes
    -----
    O(n_points) time. Davies and Bouldin, "A cluster separation measure" (1979).
    """
    blocks = [points.take(labels == block) for block in np.unique(labels)]
    if len(blocks) < 2:
        return None
    centers = np.array([block.mean() for block in blocks]) * (1.0, np.sqrt(ratio))
    around = zip(blocks, centers, strict=True)
    spreads = np.array([_mean_distance(block, center, ratio) for block, center in around])
    apart = np.hypot(*(centers[:, None, :] - centers[None, :, :]).transpose(2, 0, 1))
    apart[apart == 0] = np.inf
    return float(((spreads[:, None] + spreads) / apart).max(axis=1).mean())


def _mean_distance(block: Points, center: FloatArray, ratio: float) -> float:
    distances = np.hypot(block.cents - center[0], np.sqrt(ratio) * block.frequency - center[1])
    return float((distances * block.customers).sum() / block.n_customers)


def calinski_harabasz(blocks: Sequence[Moments], ratio: float) -> float | None:
    """Return the Calinski-Harabasz index from the moments of the blocks, correctly rounded.

    Parameters
    ----------
    blocks : sequence of Moments
        One for each block with a customer.
    ratio : float
        The scaling r.

    Returns
    -------
    float or None
        None with fewer than two blocks, or when each block is a single profile.

    Notes
    -----
    Calinski and Harabasz, "A dendrite method for cluster analysis" (1974).
    """
    r = Fraction(ratio)
    total = Moments(*(sum(column) for column in zip(*blocks, strict=True)))
    within = sum((_scatter(block, r) for block in blocks), Fraction(0))
    if len(blocks) < 2 or within == 0:
        return None
    between = _scatter(total, r) - within
    return float(between * (total.customers - len(blocks)) / (within * (len(blocks) - 1)))


def _scatter(block: Moments, r: Fraction) -> Fraction:
    """Return the sum of squared distances from the centroid."""
    n = block.customers
    cents = block.squared_cents - Fraction(block.cents**2, n)
    return cents + r * (block.squared_frequency - Fraction(block.frequency**2, n))


def adjusted_rand(
    one: NDArray[np.integer[Any]], other: NDArray[np.integer[Any]], customers: NDArray[np.int64]
) -> float:
    """Return the adjusted Rand index of two labellings of the same customers.

    Parameters
    ----------
    one, other : ndarray of int, shape (n,)
        Small codes from 0, of points or of whatever customers were added up by.
    customers : ndarray of int64, shape (n,)

    Returns
    -------
    float
        1 when they agree, about 0 when they agree as chance would, from pair counts in exact
        integers.

    Notes
    -----
    Hubert and Arabie, "Comparing partitions" (1985).
    """
    table = np.zeros((int(one.max()) + 1, int(other.max()) + 1), dtype=np.int64)
    np.add.at(table, (one, other), customers)
    both = _squares(table.ravel())
    first, second = _squares(table.sum(axis=1)), _squares(table.sum(axis=0))
    n = int(customers.sum())
    tp, fp, fn = both - n, first - both, second - both
    tn = n * n - first - second + both
    if fp == fn == 0:
        return 1.0
    return float(Fraction(2 * (tp * tn - fn * fp), (tp + fn) * (fn + tn) + (tp + fp) * (fp + tn)))


def _squares(counts: NDArray[np.int64]) -> int:
    return sum(int(count) ** 2 for count in counts)


def largest_share(points: Points, labels: Labels) -> float:
    """Return the share of the customers who are in the largest block."""
    sizes = np.zeros(int(labels.max()) + 1, dtype=np.int64)
    np.add.at(sizes, labels, points.customers)
    return int(sizes.max()) / points.n_customers
