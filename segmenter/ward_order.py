# mypy: disable-error-code="no-any-return, arg-type"
"""The order of merges: which cluster is older, and the numbers that a linkage matrix gives them.

Textbook Ward merges one pair at a time, always the least by ``(height, smaller id, larger id)``,
and numbers clusters as they appear. `segmenter.ward` finds merges in another order, so while it
runs a cluster has no final number yet. Ties need one all the same, and it can be told from the
history of the two clusters:

* Starting clusters come before merged ones, by their number.
* Merged clusters come by height. At equal height the one-by-one procedure takes, of the merges
  whose two clusters exist, the one with the oldest member. A cluster that needs several merges
  of that same height is complete when the last of them, the one with the youngest "oldest
  member", is done; of two clusters the one is older whose last merge comes first. `Forest.key`
  holds that member, and comparing two keys is the same question one step further down.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numba as nb
import numpy as np
from numpy.typing import NDArray

__all__ = ["Forest", "number_duplicates", "number_merges"]

FloatArray = NDArray[np.float64]
IdArray = NDArray[np.int32]
IntArray = NDArray[np.int64]

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile what is called from Python, and keep it on disk."""
    compiled: Any = nb.njit(cache=True, error_model="numpy")(function)
    return compiled


def inner(function: Function) -> Function:
    """Compile what only kernels call, as a part of them: half of the time it takes else."""
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    compiled: Any = nb.njit(error_model="numpy", **options)(function)
    return compiled


class Forest(NamedTuple):
    """All clusters so far: ids below n are starting clusters, n + k is made by merge k."""

    rank: IdArray  # (n,) final number of each starting cluster
    size: IdArray  # (n,) its number of points
    height: FloatArray  # (n - 1,) squared height of each merge
    left: IdArray  # (n - 1,) the older child
    right: IdArray  # (n - 1,) the younger child
    key: IdArray  # (n - 1,) what age is compared by at equal height
    ordered: IdArray  # (1,) from this id on, clusters are made in the order of one-by-one merging
    slot: IdArray  # (2n - 1,) where the cluster is in the tree, -1 when it has been merged
    neighbor: IdArray  # (2n - 1,) nearest neighbour, maybe merged since; -1 before a search
    bound: FloatArray  # (2n - 1,) squared distance to it: no living cluster is nearer


@inner
def is_older(forest: Forest, a: int, b: int) -> bool:
    """Whether cluster a comes before cluster b in the order of one-by-one merging."""
    n = len(forest.rank)
    ordered = forest.ordered[0]
    while a >= n and b >= n:
        if a >= ordered and b >= ordered:
            return a < b
        height_a, height_b = forest.height[a - n], forest.height[b - n]
        if height_a != height_b:
            return height_a < height_b
        key_a, key_b = forest.key[a - n], forest.key[b - n]
        if key_a == key_b:  # one contains the other, and what contains is younger
            return a < b
        a, b = key_a, key_b
    if a < n and b < n:
        return forest.rank[a] < forest.rank[b]
    return a < n


@inner
def record_merge(forest: Forest, k: int, a: int, b: int, squared_height: float) -> None:
    """Write merge k of clusters a and b; a parent is never below its children."""
    n = len(forest.rank)
    if not is_older(forest, a, b):
        a, b = b, a
    if a >= n:
        squared_height = max(squared_height, forest.height[a - n])
    if b >= n:
        squared_height = max(squared_height, forest.height[b - n])
    if n + k > forest.ordered[0]:
        squared_height = max(squared_height, forest.height[k - 1])
    key = a
    if b >= n and forest.height[b - n] == squared_height:
        last = forest.key[b - n]
        if is_older(forest, key, last):
            key = last
    forest.height[k] = squared_height
    forest.left[k] = a
    forest.right[k] = b
    forest.key[k] = key


@inner
def _push(heap: IntArray, size: int, value: int) -> None:
    """Add to a binary heap of integers, least on top."""
    i = size
    while i > 0 and heap[(i - 1) >> 1] > value:
        heap[i] = heap[(i - 1) >> 1]
        i = (i - 1) >> 1
    heap[i] = value


@inner
def _pop(heap: IntArray, size: int) -> int:
    """Take the least of a heap of so many integers."""
    least, value = heap[0], heap[size - 1]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size - 1:
            break
        if child + 1 < size - 1 and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= value:
            break
        heap[i] = heap[child]
        i = child
    heap[i] = value
    return int(least)


@inner
def _offer(heap: IntArray, size: int, merge: int, a: int, b: int) -> int:
    """Put a merge on the heap, oldest member first, if both its clusters have a number."""
    if a < 0 or b < 0:
        return size
    _push(heap, size, (np.int64(min(a, b)) << 32) | merge)
    return size + 1


@kernel
def number_merges(forest: Forest, order: IntArray, linkage: FloatArray, row: int) -> None:
    """Write the merges as rows of a linkage matrix in the order of one-by-one merging.

    Parameters
    ----------
    forest : Forest
        All merges, children before parents.
    order : ndarray of int64, shape (n - 1,)
        The merges by height, stable.
    linkage : ndarray of float64, shape (n_points - 1, 4)
        Rows from `row` on are written.

    Notes
    -----
    O(n log n), O(n) without equal heights: within a run of them a heap holds the merges whose
    two clusters exist.
    """
    n, n_points = len(forest.rank), len(linkage) + 1
    height, left, right = forest.height, forest.left, forest.right
    label = np.empty(2 * n - 1, np.int32)
    count = np.empty(2 * n - 1, np.int32)
    parent = np.empty(2 * n - 1, np.int32)
    for i in range(2 * n - 1):
        label[i] = forest.rank[i] if i < n else -1  # -1: still to come
        count[i] = forest.size[i] if i < n else 0
        parent[i] = -1
    for k in range(n - 1):
        parent[left[k]] = parent[right[k]] = k
    heap = np.empty(1, np.int64)
    start = 0
    while start < n - 1:
        level = height[order[start]]
        stop = start + 1
        while stop < n - 1 and height[order[stop]] == level:
            stop += 1
        if stop - start > len(heap):
            heap = np.empty(max(stop - start, 2 * len(heap)), np.int64)
        size = 0
        for i in range(start, stop):
            k = order[i]
            size = _offer(heap, size, k, label[left[k]], label[right[k]])
        while size > 0:
            k = _pop(heap, size) & 0xFFFFFFFF
            size -= 1
            a, b = label[left[k]], label[right[k]]
            label[n + k] = n_points + row
            count[n + k] = count[left[k]] + count[right[k]]
            linkage[row, 0] = min(a, b)
            linkage[row, 1] = max(a, b)
            linkage[row, 2] = np.sqrt(level)
            linkage[row, 3] = count[n + k]
            row += 1
            up = parent[n + k]
            if up >= 0 and height[up] == level:
                size = _offer(heap, size, up, label[left[up]], label[right[up]])
        start = stop


@kernel
def number_duplicates(group: IdArray, rank: IdArray, linkage: FloatArray) -> int:
    """Merge equal points, at height 0, in the order of one-by-one merging.

    Parameters
    ----------
    group : ndarray of int32, shape (n_points,)
        The starting cluster that each point belongs to.
    rank : ndarray of int32, shape (n,)
        Receives the final number of each starting cluster.
    linkage : ndarray of float64, shape (n_points - 1, 4)
        Receives the first rows.

    Returns
    -------
    int
        How many rows were written: n_points - n.

    Notes
    -----
    A merged cluster is younger than all that were there before, so each group is a queue: its
    two oldest merge and the result goes to the end. The next pair of all groups belongs to the
    oldest cluster that has a mate. O(n_points).
    """
    n_points = len(group)
    n_ids = 2 * n_points - len(rank)
    following = np.empty(n_ids, np.int32)
    count = np.empty(n_ids, np.int32)
    member = np.empty(n_ids, np.int32)
    last = np.empty(len(rank), np.int32)
    for i in range(n_ids):
        following[i], count[i], member[i] = -1, 1, group[i] if i < n_points else -1
    for i in range(len(rank)):
        last[i] = -1
    for i in range(n_points):
        if last[group[i]] >= 0:
            following[last[group[i]]] = i
        last[group[i]] = i
    row = 0
    for i in range(n_ids):
        mate = following[i]
        if count[i] == 0:  # merged, as somebody's mate
            continue
        if mate < 0:
            rank[member[i]] = i
            continue
        made = n_points + row
        count[made] = count[i] + count[mate]
        linkage[row, 0] = i
        linkage[row, 1] = mate
        linkage[row, 2] = 0.0
        linkage[row, 3] = count[made]
        count[mate] = 0
        member[made] = member[i]
        if last[member[i]] != mate:
            following[last[member[i]]] = made
        last[member[i]] = made
        row += 1
    return row
