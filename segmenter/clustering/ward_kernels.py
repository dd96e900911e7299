"""Ward linkage by compiled kernels, for any number of points; see `segmenter.clustering.ward`.

`segmenter.clustering.ward_plain` has the same functions with equal results, in NumPy.
"""

from __future__ import annotations

import numpy as np

from segmenter.clustering.ward_merges import merge_all as merge_clusters
from segmenter.clustering.ward_order import (
    FloatArray,
    Forest,
    IdArray,
    IntArray,
    number_duplicates,
    number_merges,
)
from segmenter.clustering.ward_tree import (
    BLOCK,
    NODES,
    REBUILDS,
    ROUND_MERGES,
    ROUNDS,
    SEARCHES,
    ClusterTree,
    fill,
)
from segmenter.jit.kernels import bare_kernel

__all__ = ["cut", "merge_all", "merge_duplicates", "start"]


def merge_duplicates(group: IdArray, linkage: FloatArray) -> IdArray:
    """Merge equal points into the first rows of a linkage matrix; see `number_duplicates`."""
    return number_duplicates(group, linkage)[0]


def start(m: FloatArray, f: FloatArray, w: FloatArray, ratio: float) -> ClusterTree:
    """Return a tree over points."""
    slots = -(-len(m) // BLOCK) * BLOCK
    buffers = ClusterTree(
        sum_m=np.empty(slots),
        sum_f=np.empty(slots),
        weight=np.empty(slots),
        cluster=np.empty(slots, np.int32),
        box=np.empty((slots // BLOCK * 2, 5)),
        first=1,
        # at 0 all frequencies are 0, and 0 times the infinite box of an empty node is NaN
        ratio=float(ratio) or 1.0,
        stack=np.empty(128, np.int32),
        far=np.empty(128),
        counts=np.zeros(5, np.int64),
    )
    return fill(buffers, m * w, f * w, w, np.arange(len(m), dtype=np.int32))


def merge_all(
    tree: ClusterTree, rank: IdArray, size: IdArray, linkage: FloatArray
) -> dict[str, int]:
    """Write the merges of n distinct points into the last n - 1 rows of a linkage matrix.

    Parameters
    ----------
    tree : ClusterTree
        From `start`.
    rank, size : ndarray of int32, shape (n,)
        What each point is called in the matrix, and how many points it stands for.
    linkage : ndarray of float64, shape (n_points - 1, 4)

    Returns
    -------
    dict
        What it took, by the names of `segmenter.clustering.ward.WardCounters`.
    """
    n = len(rank)
    # from here on a starting cluster is numbered as it lies in the tree: its neighbours are near
    planted = tree.cluster[:n]
    forest = _new_forest(rank[planted], size[planted])
    planted[:] = forest.slot[:n]
    merge_clusters(tree, forest)
    counts = {
        "searches": int(tree.counts[SEARCHES]),
        "nodes": int(tree.counts[NODES]),
        "rounds": int(tree.counts[ROUNDS]),
        "rebuilds": int(tree.counts[REBUILDS]),
        "merges_in_rounds": int(tree.counts[ROUND_MERGES]),
    }
    number_merges(forest, linkage, len(linkage) + 1 - n)
    return counts


def _new_forest(rank: IdArray, size: IdArray) -> Forest:
    """Return a forest of starting clusters, each in the slot of its number."""
    n = len(rank)
    slot = np.empty(2 * n - 1, np.int32)
    slot[:n] = np.arange(n)
    return Forest(
        rank=rank,
        size=size,
        height=np.empty(n - 1),
        left=np.empty(n - 1, np.int32),
        right=np.empty(n - 1, np.int32),
        ordered=np.full(1, 2 * n, np.int32),
        slot=slot,
        neighbor=np.empty(2 * n - 1, np.int32),
        bound=np.empty(2 * n - 1),
    )


def cut(linkage: FloatArray, n_clusters: int) -> IntArray:
    """Return the block of each point, as `segmenter.clustering.ward.cut_tree`."""
    n_points = len(linkage) + 1
    top, number = np.arange(2 * n_points - 1), np.full(2 * n_points - 1, -1)
    block = np.empty(n_points, np.int64)
    _number_blocks(linkage, n_points - n_clusters, top, number, block)
    return block


@bare_kernel
def _number_blocks(
    linkage: FloatArray, rows: int, top: IntArray, number: IntArray, block: IntArray
) -> None:
    """Follow the first rows downwards, then number what they leave by its first point."""
    n_points = len(linkage) + 1
    for row in range(rows - 1, -1, -1):
        top[int(linkage[row, 0])] = top[int(linkage[row, 1])] = top[n_points + row]
    used = 0
    for i in range(n_points):
        if number[top[i]] < 0:
            number[top[i]] = used
            used += 1
        block[i] = number[top[i]]
