"""One step of consolidation in NumPy; see `segmenter.clustering.consolidation`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmenter.points import IntArray

__all__ = ["LIMB", "add_up", "move"]

LIMB = 26
"""Bits of a limb: sums over 2^31 customers of what fits into one stay within 64 bits."""

Labels = NDArray[np.int32]


def add_up(
    cents: IntArray, frequency: IntArray, customers: IntArray, labels: Labels, sums: IntArray
) -> None:
    """Add customers, high and low limbs of their cents, and their orders to each block's sums.

    Parameters
    ----------
    cents, frequency, customers : ndarray of int64, shape (n,)
    labels : ndarray of int32, shape (n,)
    sums : ndarray of int64, shape (n_blocks, 4)
    """
    high = cents >> LIMB
    parts = (np.ones_like(customers), high, cents - (high << LIMB), frequency)
    for block in range(len(sums)):
        members = np.where(labels == block, customers, 0)
        sums[block] += [members @ part for part in parts]


def move(
    cents: IntArray,
    frequency: IntArray,
    labels: Labels,
    centers: NDArray[np.float64],
    ratio: float,
) -> int:
    """Move each point once, to the first block that is nearer than its own; count the moves.

    Parameters
    ----------
    cents, frequency : ndarray of int64, shape (n,)
    labels : ndarray of int32, shape (n,)
        Changed in place.
    centers : ndarray of float64, shape (n_blocks, 2)
        NaN where a block is empty.
    ratio : float
    """
    distance = np.empty((len(centers), len(cents)))
    for block, (mean_cents, mean_frequency) in enumerate(centers):
        across, along = cents - mean_cents, frequency - mean_frequency
        distance[block] = across * across + ratio * (along * along)
    distance[np.isnan(distance)] = np.inf
    points = np.arange(len(cents))
    nearest = distance.argmin(axis=0)
    moves = distance[nearest, points] < distance[labels, points]
    labels[moves] = nearest[moves]
    return int(moves.sum())
