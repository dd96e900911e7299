"""The rows of a linkage matrix in plain Python; see `segmenter.clustering.ward_plain`.

As `segmenter.clustering.ward_order` numbers them: textbook Ward merges the least pair by ``(height,
smaller id, larger id)``, and numbers clusters as they appear.
"""

from __future__ import annotations

import heapq
from collections import deque
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Tree", "cut", "merge_duplicates", "write_merges"]

FloatArray = NDArray[np.float64]
IdArray = NDArray[np.int32]
IntArray = NDArray[np.int64]


class Tree(NamedTuple):
    """All clusters: ids below n are points, n + k is made by merge k."""

    left: IntArray  # (2n - 1,) one child of each, -1 below n
    right: IntArray  # (2n - 1,) the other
    height: FloatArray  # (2n - 1,) squared


def write_merges(tree: Tree, rank: IdArray, size: IdArray, linkage: FloatArray) -> None:
    """Write merges in the order of one-by-one merging: by height, smaller number, larger number.

    Parameters
    ----------
    tree : Tree
        Of n distinct points.
    rank, size : ndarray of int32, shape (n,)
        What each point is called in the matrix, and how many points it stands for.
    linkage : ndarray of float64, shape (n_points - 1, 4)
        Receives the last n - 1 rows.
    """
    n, n_points = len(rank), len(linkage) + 1
    row = n_points - n
    label = rank.tolist() + [-1] * (n - 1)
    points = size.tolist() + [0] * (n - 1)
    left, right, height = tree.left.tolist(), tree.right.tolist(), tree.height.tolist()
    parent = np.full(2 * n - 1, -1)
    parent[tree.left[n:]] = parent[tree.right[n:]] = np.arange(n, 2 * n - 1)
    up = parent.tolist()
    by_height = (n + np.argsort(tree.height[n:], kind="stable")).tolist()
    for level, merges in groupby(by_height, height.__getitem__):
        # those whose two clusters have a number already; the others follow them
        heap = [
            (min(label[left[k]], label[right[k]]), k)
            for k in merges
            if label[left[k]] >= 0 and label[right[k]] >= 0
        ]
        heapq.heapify(heap)
        while heap:
            k = heapq.heappop(heap)[1]
            a, b = label[left[k]], label[right[k]]
            label[k], points[k] = n_points + row, points[left[k]] + points[right[k]]
            linkage[row] = min(a, b), max(a, b), np.sqrt(level), points[k]
            row += 1
            above = up[k]
            if above >= 0 and height[above] == level:
                a, b = label[left[above]], label[right[above]]
                if a >= 0 and b >= 0:
                    heapq.heappush(heap, (min(a, b), above))


def merge_duplicates(group: IdArray, linkage: FloatArray) -> IdArray:
    """Merge equal points at height 0, each group's two oldest first, into the first rows.

    Parameters
    ----------
    group : ndarray of int32, shape (n_points,)
        The distinct point that each one is.
    linkage : ndarray of float64, shape (n_points - 1, 4)

    Returns
    -------
    ndarray of int32, shape (n,)
        What each distinct point is called afterwards.
    """
    queues: list[deque[int]] = [deque() for _ in range(int(group.max()) + 1)]
    for point, number in enumerate(group.tolist()):
        queues[number].append(point)
    size = [1] * len(group)
    waiting = [(queue[0], number) for number, queue in enumerate(queues) if len(queue) > 1]
    heapq.heapify(waiting)
    row = 0
    while waiting:
        _, number = heapq.heappop(waiting)
        queue = queues[number]
        a, b = queue.popleft(), queue.popleft()
        linkage[row] = a, b, 0.0, size[a] + size[b]
        queue.append(len(size))
        size.append(size[a] + size[b])
        row += 1
        if len(queue) > 1:
            heapq.heappush(waiting, (queue[0], number))
    return np.array([queue[0] for queue in queues], np.int32)


def cut(linkage: FloatArray, n_clusters: int) -> IntArray:
    """Return the block of each point, as `segmenter.clustering.ward.cut_tree`."""
    n_points = len(linkage) + 1
    rows = n_points - n_clusters
    top = np.arange(2 * n_points - 1)
    for column in (0, 1):
        top[linkage[:rows, column].astype(np.int64)] = np.arange(n_points, n_points + rows)
    while not np.array_equal(above := top[top], top):
        top = above
    _, first, block = np.unique(top[:n_points], return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[block])
