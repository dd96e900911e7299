"""The kd-tree under the classifier: made once, then asked for the voters of one query at a time.

Cells are parted along their wider axis (Friedman, Bentley, Finkel 1977) between two distinct
values, as near to the median as there are any. Not at the median itself: frequencies are small
whole numbers, and a row of equal ones on both sides of a face would be searched twice. A search
keeps the offset of a cell along each axis (Arya, Mount 1993) and goes to the nearer side first.

It is exact because floating point only ever *rules out*: the bound carries a slack above all
rounding errors, and candidates whose computed d2 are closer than that are compared by
`segmenter.classifier.exact_distance.is_before`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.classifier.exact_distance import SLACK, is_before, zero
from segmenter.jit.kernels import bare_inner as inner
from segmenter.jit.kernels import bare_kernel as kernel
from segmenter.jit.selection import Axes, select, spread, swap
from segmenter.points import CodeArray, IntArray, Points

__all__ = [
    "CodeArray",
    "FloatArray",
    "PointTree",
    "Scratch",
    "build_tree",
    "scratch",
    "search",
    "vote",
    "voter_bound",
]

FloatArray = NDArray[np.float64]

LEAF_SIZE = 8
MAX_DEPTH = 256
"""Twice what can come: a side keeps 3/4 at most, unless one value is the majority of a cell. Two
levels later that value is alone, and no longer parted along its axis."""


class PointTree(NamedTuple):
    """A kd-tree in flat arrays. Node 0 is the root; points are stored leaf by leaf."""

    axis: NDArray[np.int8]  # (nodes,) what a node is parted along: 0 cents, 1 frequency
    face: FloatArray  # (nodes, 2) largest coordinate of the left child, smallest of the right
    child: CodeArray  # (nodes,) the left child, which the right one follows; 0 at a leaf
    span: IntArray  # (nodes, 2) the first of a node's points, and one past the last
    at: FloatArray  # (n_points, 2) cents and frequency, whole numbers
    customers: IntArray  # (n_points,)
    segment: CodeArray  # (n_points,)
    number: IntArray  # (n_points,) which point it was when they were given
    ratio: float
    n_neighbors: int
    n_segments: int


class Scratch(NamedTuple):
    """What a search works in, and leaves its result in: voters, nearest first."""

    d2: FloatArray  # (n_neighbors + 1,)
    point: IntArray  # (n_neighbors + 1,) places in the tree
    ballots: IntArray  # (n_segments,)
    node: CodeArray  # (MAX_DEPTH,) cells to come back to
    gap: FloatArray  # (MAX_DEPTH, 2) how far they are from the query along each axis


def build_tree(points: Points, segment: CodeArray, ratio: float, n_neighbors: int) -> PointTree:
    """Return the tree over labelled points: O(n log n) time, O(n) memory."""
    n = len(points)
    placed = Axes(
        points.cents.astype(np.float64), points.frequency.astype(np.float64), np.arange(n)
    )
    axis, child = np.zeros(2 * n, np.int8), np.zeros(2 * n, np.int32)
    face, span = np.zeros((2 * n, 2)), np.zeros((2 * n, 2), np.int64)
    nodes = _build_nodes(placed, ratio, axis, face, child, span)
    order = placed.origin
    return PointTree(
        axis=axis[:nodes].copy(),
        face=face[:nodes].copy(),
        child=child[:nodes].copy(),
        span=span[:nodes].copy(),
        at=np.column_stack([placed.x, placed.y]),
        customers=np.ascontiguousarray(points.customers[order], dtype=np.int64),
        segment=segment[order],
        number=order,
        ratio=float(ratio),
        n_neighbors=int(n_neighbors),
        n_segments=int(segment.max()) + 1,
    )


@inner
def _part(points: Axes, low: int, high: int) -> int:
    """Part low <= i < high between two distinct x, as near to the middle as there are."""
    middle = (low + high) >> 1
    select(points, low, high, middle)
    value = points.x[middle]
    first, last = middle, middle + 1
    for i in range(middle - 1, low - 1, -1):
        if points.x[i] == value:
            first -= 1
            swap(points, i, first)
    for i in range(middle + 1, high):
        if points.x[i] == value:
            swap(points, i, last)
            last += 1
    if first == low or (last < high and last - middle < middle - first):
        return last
    return first


@kernel
def _build_nodes(
    points: Axes,
    ratio: float,
    axis: NDArray[np.int8],
    face: FloatArray,
    child: CodeArray,
    span: IntArray,
) -> int:
    """Part cells until each holds at most `LEAF_SIZE` points; return how many nodes that took."""
    turned = Axes(points.y, points.x, points.origin)
    span[0, 1] = len(points.x)
    node, nodes = 0, 1
    while node < nodes:
        low, high = span[node, 0], span[node, 1]
        if high - low > LEAF_SIZE:
            wide, deep = spread(points, low, high), spread(turned, low, high)
            taller = wide == 0.0 or ratio * deep * deep > wide * wide
            along = turned if taller else points
            middle = _part(along, low, high)
            left, right = along.x[low], along.x[middle]
            for i in range(low, middle):
                left = max(left, along.x[i])
            for i in range(middle, high):
                right = min(right, along.x[i])
            axis[node] = taller
            face[node, 0], face[node, 1] = left, right
            child[node] = nodes
            span[nodes, 0], span[nodes, 1] = low, middle
            span[nodes + 1, 0], span[nodes + 1, 1] = middle, high
            nodes += 2
        node += 1
    return nodes


def scratch(tree: PointTree) -> Scratch:
    """Return room for searches, one after the other."""
    return Scratch(
        np.empty(tree.n_neighbors + 1),
        np.empty(tree.n_neighbors + 1, np.int64),
        np.empty(tree.n_segments, np.int64),
        np.empty(MAX_DEPTH, np.int32),
        np.empty((MAX_DEPTH, 2)),
    )


@inner
def _insert(
    tree: PointTree, found: Scratch, size: int, total: int, p: int, d2: float, c: float, f: float
) -> tuple[int, int]:
    """Put point p in its place among `size` voters of `total` customers; drop who is too many."""
    at = tree.at
    j = size
    while j > 0:
        q = found.point[j - 1]
        other = found.d2[j - 1]
        if d2 > other * SLACK:
            break
        if d2 * SLACK >= other and not is_before(
            c, f, at[p, 0], at[p, 1], at[q, 0], at[q, 1], tree.ratio
        ):
            break
        found.d2[j], found.point[j] = other, q
        j -= 1
    if j == size and total >= tree.n_neighbors:
        return size, total
    found.d2[j], found.point[j] = d2, p
    size += 1
    total += tree.customers[p]
    while total - tree.customers[found.point[size - 1]] >= tree.n_neighbors:
        size -= 1
        total -= tree.customers[found.point[size]]
    return size, total


@inner
def search(tree: PointTree, found: Scratch, c: float, f: float, bound: float) -> int:
    """Find the voters of a query and return how many points they are.

    The caller knows that all voters are within a squared distance of `bound`, or says infinity.
    """
    size = total = zero()
    top = 1
    found.node[0] = 0
    found.gap[0, 0] = found.gap[0, 1] = 0.0
    while top > 0:
        top -= 1
        node = found.node[top]
        gap_c, gap_f = found.gap[top, 0], found.gap[top, 1]
        if gap_c * gap_c + tree.ratio * (gap_f * gap_f) > bound:
            continue
        while tree.child[node] > 0:
            x = f if tree.axis[node] == 1 else c
            beyond, short = x - tree.face[node, 0], tree.face[node, 1] - x
            near = 0 if beyond < short else 1
            if tree.axis[node] == 1:
                found.gap[top, 0], found.gap[top, 1] = gap_c, max(gap_f, max(beyond, short))
            else:
                found.gap[top, 0], found.gap[top, 1] = max(gap_c, max(beyond, short)), gap_f
            found.node[top] = tree.child[node] + 1 - near
            top += 1
            node = tree.child[node] + near
        for p in range(tree.span[node, 0], tree.span[node, 1]):
            dc, df = tree.at[p, 0] - c, tree.at[p, 1] - f
            d2 = dc * dc + tree.ratio * (df * df)
            if d2 <= bound:
                size, total = _insert(tree, found, size, total, p, d2, c, f)
                if total >= tree.n_neighbors:
                    bound = min(bound, found.d2[size - 1] * SLACK)
    return int(size)


@inner
def voter_bound(tree: PointTree, found: Scratch, size: int, c: float, f: float) -> float:
    """Bound the squared distance of a query's voters by where another query's voters lie."""
    if size == 0:
        return np.inf
    farthest = 0.0
    for j in range(size):
        dc, df = tree.at[found.point[j], 0] - c, tree.at[found.point[j], 1] - f
        farthest = max(farthest, dc * dc + tree.ratio * (df * df))
    return farthest * SLACK


@inner
def vote(tree: PointTree, found: Scratch, size: int) -> int:
    """Return the winning segment of the voters that a search found."""
    found.ballots[:] = 0
    left = tree.n_neighbors
    for j in range(size):
        votes = min(left, tree.customers[found.point[j]])
        found.ballots[tree.segment[found.point[j]]] += votes
        left -= votes
    winner = tree.segment[found.point[0]]
    for j in range(1, size):
        segment = tree.segment[found.point[j]]
        if found.ballots[segment] > found.ballots[winner]:
            winner = segment
    return int(winner)
