"""One step of consolidation by compiled kernels; see `segmenter.clustering.consolidation`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmenter.clustering.consolidation_plain import LIMB
from segmenter.jit.kernels import bare_kernel
from segmenter.jit.threads import over_ranges
from segmenter.points import IntArray

__all__ = ["add_up", "move"]

Labels = NDArray[np.int32]

RANGE = 1 << 16
"""Points that a thread takes at a time."""


def add_up(
    cents: IntArray, frequency: IntArray, customers: IntArray, labels: Labels, sums: IntArray
) -> None:
    """Add customers, high and low limbs of their cents, and their orders to each block's sums."""

    def work(first: int, last: int) -> IntArray:
        rows, own = slice(first, last), np.zeros_like(sums)
        _add_up(cents[rows], frequency[rows], customers[rows], labels[rows], own)
        return own

    for own in over_ranges(work, len(cents), RANGE):
        sums += own


def move(
    cents: IntArray,
    frequency: IntArray,
    labels: Labels,
    centers: NDArray[np.float64],
    ratio: float,
) -> int:
    """Move each point once, to the first block that is nearer than its own; count the moves."""

    def work(first: int, last: int) -> int:
        rows = slice(first, last)
        return _move(cents[rows], frequency[rows], labels[rows], centers, ratio)

    return sum(over_ranges(work, len(cents), RANGE))


@bare_kernel
def _add_up(
    cents: IntArray, frequency: IntArray, customers: IntArray, labels: Labels, sums: IntArray
) -> None:
    for i in range(len(cents)):
        block, n = labels[i], customers[i]
        high = cents[i] >> LIMB
        sums[block, 0] += n
        sums[block, 1] += n * high
        sums[block, 2] += n * (cents[i] - (high << LIMB))
        sums[block, 3] += n * frequency[i]


@bare_kernel
def _move(
    cents: IntArray,
    frequency: IntArray,
    labels: Labels,
    centers: NDArray[np.float64],
    ratio: float,
) -> int:
    moves = 0
    for i in range(len(cents)):
        across = cents[i] - centers[labels[i], 0]
        along = frequency[i] - centers[labels[i], 1]
        nearest = across * across + ratio * (along * along)
        block = labels[i]
        for other in range(len(centers)):
            across = cents[i] - centers[other, 0]
            along = frequency[i] - centers[other, 1]
            distance = across * across + ratio * (along * along)
            if distance < nearest:
                nearest = distance
                block = other
        moves += block != labels[i]
        labels[i] = block
    return moves
