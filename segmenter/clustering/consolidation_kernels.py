"""One step of consolidation by compiled kernels; see `segmenter.clustering.consolidation`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmenter.clustering.consolidation_plain import LIMB
from segmenter.jit.kernels import bare_kernel
from segmenter.points import IntArray

__all__ = ["add_up", "move"]

Labels = NDArray[np.int32]


@bare_kernel
def add_up(
    cents: IntArray, frequency: IntArray, customers: IntArray, labels: Labels, sums: IntArray
) -> None:
    """Add customers, high and low limbs of their cents, and their orders to each block's sums."""
    for i in range(len(cents)):
        block, n = labels[i], customers[i]
        high = cents[i] >> LIMB
        sums[block, 0] += n
        sums[block, 1] += n * high
        sums[block, 2] += n * (cents[i] - (high << LIMB))
        sums[block, 3] += n * frequency[i]


@bare_kernel
def move(
    cents: IntArray,
    frequency: IntArray,
    labels: Labels,
    centers: NDArray[np.float64],
    ratio: float,
) -> int:
    """Move each point once, to the first block that is nearer than its own; count the moves."""
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
