# mypy: disable-error-code="no-any-return, arg-type"
"""The order of merges: which cluster is older, and the numbers that a linkage matrix gives them.

Textbook Ward merges one pair at a time, always the least by ``(height, smaller id, larger id)``,
and numbers clusters as they appear. `ward` finds merges in another order, so while it runs a
cluster has no final number yet. Ties need one all the same, and it can be told from the history of
the two clusters:

* Starting clusters come before merged ones, by their number.
* Merged clusters come by height.
* At equal height the one whose older child is older, which is the same question one step down.
  That holds when a merge has to wait for another of its own height, too: a cluster F = (p, q) is
  as far from s as p is from q only if p and q are as well, and then p is older than q and s, or
  another pair would have come first. So merges of one height within a cluster were made in the
  order of their older children, and the last of them tells when the cluster was there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.jit.kernels import bare_inner as inner
from segmenter.jit.kernels import bare_kernel as kernel
from segmenter.jit.threads import over_ranges

__all__ = ["Forest", "number_duplicates", "number_merges"]

RANGE = 1 << 15
"""Merges that a thread numbers at a time."""

FloatArray = NDArray[np.float64]
IdArray = NDArray[np.int32]
IntArray = NDArray[np.int64]


class Forest(NamedTuple):
    """All clusters so far: ids below n are starting clusters, n + k is made by merge k."""

    rank: IdArray  # (n,) final number of each starting cluster
    size: IdArray  # (n,) its number of points
    height: FloatArray  # (n - 1,) squared height of each merge
    left: IdArray  # (n - 1,) the older child
    right: IdArray  # (n - 1,) the younger child
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
        a, b = forest.left[a - n], forest.left[b - n]
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
    forest.height[k] = squared_height
    forest.left[k] = a
    forest.right[k] = b


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
def _offer(heap: IntArray, size: int, forest: Forest, label: IdArray, k: int) -> int:
    """Put a merge on the heap, oldest member first, if both its clusters have a number."""
    a, b = label[forest.left[k]], label[forest.right[k]]
    if a < 0 or b < 0:
        return size
    _push(heap, size, (np.int64(min(a, b)) << 32) | k)
    return size + 1


class Numbers(NamedTuple):
    """What is known of each cluster while merges are numbered."""

    label: IdArray  # (2n - 1,) final number, -1 when it is still to come
    points: IdArray  # (2n - 1,) number of points
    parent: IdArray  # (2n - 1,) the merge that takes it, -1 for the last cluster


def number_merges(forest: Forest, linkage: FloatArray, row: int) -> None:
    """Write the merges as rows of a linkage matrix in the order of one-by-one merging.

    Parameters
    ----------
    forest : Forest
        All merges, children before parents.
    linkage : ndarray of float64, shape (n_points - 1, 4)
        Rows from `row` on are written.

    Notes
    -----
    O(n log n), for sorting and because, within a run of equal heights, a heap holds the merges
    whose two clusters exist.
    """
    n, n_points = len(forest.rank), len(linkage) + 1
    label, points, parent = (np.full(2 * n - 1, -1, np.int32) for _ in range(3))
    label[:n] = forest.rank
    points[:n] = forest.size
    parent[forest.left] = parent[forest.right] = np.arange(n - 1, dtype=np.int32)
    numbers, rows = Numbers(label, points, parent), linkage[row:]
    order, number = np.argsort(forest.height), n_points + row

    def as_if_all_differed(first: int, last: int) -> None:
        merges = order[first:last]
        label[n + merges] = np.arange(number + first, number + last)
        rows[first:last, 2] = forest.height[merges]

    def write(first: int, last: int) -> None:
        merges, part = order[first:last], rows[first:last]
        a, b = label[forest.left[merges]], label[forest.right[merges]]
        part[:, 0], part[:, 1] = np.minimum(a, b), np.maximum(a, b)
        part[:, 2] = np.sqrt(part[:, 2])
        part[:, 3] = points[n + merges]

    over_ranges(as_if_all_differed, n - 1, RANGE)
    _number_ties(forest, numbers, order, np.empty(n, np.int64), rows, number)
    over_ranges(write, n - 1, RANGE)


@kernel
def _number_ties(
    forest: Forest,
    numbers: Numbers,
    order: IntArray,
    heap: IntArray,
    rows: FloatArray,
    number: int,
) -> None:
    """Order merges of equal height, which `rows` has, anew; count the points of all."""
    n = len(forest.rank)
    label, points, height = numbers.label, numbers.points, forest.height
    for k in range(n - 1):
        points[n + k] = points[forest.left[k]] + points[forest.right[k]]
    start = 0
    while start < n - 1:
        level = rows[start, 2]
        stop = start + 1
        while stop < n - 1 and rows[stop, 2] == level:
            stop += 1
        size = 0
        if stop - start > 1:
            for i in range(start, stop):
                label[n + order[i]] = -1
            for i in range(start, stop):
                size = _offer(heap, size, forest, label, order[i])
        row = start
        while size > 0:
            k = _pop(heap, size) & 0xFFFFFFFF
            size -= 1
            order[row] = k
            label[n + k] = number + row
            row += 1
            up = numbers.parent[n + k]
            if up >= 0 and height[up] == level:
                size = _offer(heap, size, forest, label, up)
        start = stop


class Queues(NamedTuple):
    """The living clusters of each group of equal points, the oldest first."""

    group: IdArray  # (n_ids,) the group of each cluster
    points: IdArray  # (n_ids,) its number of points, 0 when it has been merged
    following: IdArray  # (n_ids,) the next younger one of the group, -1 if there is none
    last: IdArray  # (n_groups,) the youngest of each group


def number_duplicates(group: IdArray, linkage: FloatArray) -> tuple[IdArray, int]:
    """Merge equal points, at height 0, in the order of one-by-one merging.

    Parameters
    ----------
    group : ndarray of int32, shape (n_points,)
        The starting cluster that each point belongs to, 0 to n - 1.
    linkage : ndarray of float64, shape (n_points - 1, 4)
        Receives the first rows.

    Returns
    -------
    rank : ndarray of int32, shape (n,)
        Final number of each starting cluster.
    row : int
        How many rows were written: n_points - n.

    Notes
    -----
    A merged cluster is younger than all that were there before, so each group is a queue: its
    two oldest merge and the result goes to the end. The next pair of all groups belongs to the
    oldest cluster that has a mate. O(n_points).
    """
    n_points, n = len(group), int(group.max()) + 1
    n_ids = 2 * n_points - n
    queues = Queues(
        group=np.concatenate([group, np.empty(n_points - n, np.int32)]),
        points=np.ones(n_ids, np.int32),
        following=np.full(n_ids, -1, np.int32),
        last=np.full(n, -1, np.int32),
    )
    rank = np.empty(n, np.int32)
    return rank, _number_duplicates(queues, rank, linkage)


@kernel
def _number_duplicates(queues: Queues, rank: IdArray, linkage: FloatArray) -> int:
    n_points = len(linkage) + 1
    for i in range(n_points):
        _append(queues, i, queues.group[i])
    row = 0
    for i in range(len(queues.group)):
        mate = queues.following[i]
        if queues.points[i] == 0:  # merged, as somebody's mate
            continue
        if mate < 0:
            rank[queues.group[i]] = i
            continue
        made = n_points + row
        queues.points[made] = queues.points[i] + queues.points[mate]
        linkage[row, 0] = i
        linkage[row, 1] = mate
        linkage[row, 2] = 0.0
        linkage[row, 3] = queues.points[made]
        queues.points[mate] = 0
        _append(queues, made, queues.group[i])
        row += 1
    return row


@inner
def _append(queues: Queues, cluster: int, group: int) -> None:
    if queues.last[group] >= 0:
        queues.following[queues.last[group]] = cluster
    queues.last[group] = cluster
    queues.group[cluster] = group
