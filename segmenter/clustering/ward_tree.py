# mypy: disable-error-code="no-any-return, arg-type"
"""A kd-tree over clusters that finds the nearest one in Ward's distance.

Ward's squared distance between clusters A and B with weights w and weighted sums s (so that
s / w is the centroid) is

    d2 = 2 wA wB / (wA + wB) |cA - cB|^2  =  2 |sA wB - sB wA|^2 / (wA wB (wA + wB))

The second form has one rounding when the numbers are whole and not too large: distances that
are equal have equal bits, wherever the two clusters lie and however they came about.

The tree is split at medians into blocks of 8 slots. A node holds the box of its centroids and
the largest 1 / w, which bound the distance from a cluster A to all that is inside:

    d2 >= 2 |cA - box|^2 / (1 / wA + max 1 / w)

Nodes are numbered like a binary heap: children of v are 2v and 2v + 1, so the sibling is v ^ 1.
Median splits keep the depth at log2(n / 8) whatever the data. (Grid cells and Morton codes
collapse where gaps grow exponentially.)
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.clustering.ward_order import FloatArray, Forest, IdArray, is_older
from segmenter.jit.kernels import bare_inner as inner
from segmenter.jit.kernels import bare_kernel as kernel
from segmenter.jit.selection import Axes, select, spread
from segmenter.jit.threads import over_ranges

__all__ = ["BLOCK", "RANGE", "ClusterTree", "fill", "rebuild", "refit", "refit_all", "search"]

BLOCK = 8
RANGE = 1 << 11
"""Blocks that a thread takes at a time."""
SEARCHES, NODES, REBUILDS, ROUNDS, ROUND_MERGES = 0, 1, 2, 3, 4  # places in ClusterTree.counts
ABOVE = 1.0 + 2.0**-48
SLACK = 2.0**-50
SHAVE = 2.0 * (1.0 - 2.0**-48)  # the 2 of the formula, less what its roundings can add


class ClusterTree(NamedTuple):
    """Living clusters in slots, 8 a block, and the boxes of the nodes above them."""

    sum_m: FloatArray  # (8 blocks,) weighted sum of the first coordinate
    sum_f: FloatArray  # (8 blocks,) of the second
    weight: FloatArray  # (8 blocks,) 0 in an empty slot
    cluster: IdArray  # (8 blocks,) who is in the slot, -1 for nobody
    box: FloatArray  # (2 blocks, 5) low m, high m, low f, high f, largest 1 / w
    first: int  # the node of the first block
    ratio: float  # the scaling r: d2 = dm^2 + r df^2
    stack: IdArray  # (128,) nodes that a search has still to visit
    far: FloatArray  # (128,) lower bounds of 2 |c - box|^2 for them
    counts: NDArray[np.int64]  # what it took, by SEARCHES, NODES, ...


@inner
def _block_node(tree: ClusterTree, block: int) -> int:
    """Return the node of a block: the deepest level comes first, from left to right."""
    node = tree.first + block
    return node if node < len(tree.box) else node - (len(tree.box) >> 1)


@inner
def _node_block(tree: ClusterTree, node: int) -> int:
    """Return the block of a leaf."""
    return node - tree.first if node >= tree.first else node - tree.first + (len(tree.box) >> 1)


def left_blocks(blocks: int) -> int:
    """Return how many of a complete binary tree's leaves are left of its root."""
    full = 1
    while 2 * full <= blocks:
        full *= 2
    return full // 2 + min(blocks - full, full // 2)


_left_blocks = inner(left_blocks)


def _split_at_medians(points: Axes, ratio: float) -> None:
    """Bring points into the order of the tree's blocks: halves are parted on their own."""
    parts = [(0, -(-len(points.x) // BLOCK))]

    def halve(i: int, _: int) -> list[tuple[int, int]]:
        start, blocks = parts[i]
        left = left_blocks(blocks)
        _part_blocks(points, ratio, start, blocks, blocks - 1, np.empty((64, 2), np.int64))
        return [(start, left), (start + left, blocks - left)]

    def finish(i: int, _: int) -> None:
        _part_blocks(points, ratio, *parts[i], 1, np.empty((64, 2), np.int64))

    while parts[0][1] > RANGE:  # the first is the largest
        parts = [half for halves in over_ranges(halve, len(parts), 1) for half in halves]
    over_ranges(finish, len(parts), 1)


@kernel
def _part_blocks(
    points: Axes, ratio: float, start: int, blocks: int, most: int, stack: NDArray[np.int64]
) -> None:
    """Part the points of some blocks, the wider side first, until no part has more than `most`."""
    n = len(points.x)
    turned = Axes(points.y, points.x, points.origin)
    stack[0, 0], stack[0, 1] = start, blocks
    top = 1
    while top > 0:
        top -= 1
        start, blocks = stack[top, 0], stack[top, 1]
        while blocks > most:
            low, high = start * BLOCK, min((start + blocks) * BLOCK, n)
            left = _left_blocks(blocks)
            wide, deep = spread(points, low, high), spread(turned, low, high)
            if wide * wide >= ratio * deep * deep:
                select(points, low, high, low + left * BLOCK)
            else:
                select(turned, low, high, low + left * BLOCK)
            stack[top, 0], stack[top, 1] = start + left, blocks - left
            top += 1
            blocks = left


def fill(
    buffers: ClusterTree, m: FloatArray, f: FloatArray, weight: FloatArray, cluster: IdArray
) -> ClusterTree:
    """Return a tree over n clusters in the front of the buffers of another one.

    Parameters
    ----------
    buffers : ClusterTree
        Of n slots or more; its arrays are overwritten.
    m, f, weight : ndarray of float64, shape (n,)
        Weighted sums and weights.
    cluster : ndarray of int32, shape (n,)
        Ids of the clusters.
    """
    n = len(cluster)
    blocks = -(-n // BLOCK)
    tree = buffers._replace(
        sum_m=buffers.sum_m[: blocks * BLOCK],
        sum_f=buffers.sum_f[: blocks * BLOCK],
        weight=buffers.weight[: blocks * BLOCK],
        cluster=buffers.cluster[: blocks * BLOCK],
        box=buffers.box[: 2 * blocks],
        first=1 << ((2 * blocks - 1).bit_length() - 1),
    )
    index = np.arange(n, dtype=np.int32)
    _split_at_medians(Axes(m / weight, f / weight, index), tree.ratio)

    given: tuple[NDArray[Any], ...] = (m, f, weight, cluster)
    placed: tuple[NDArray[Any], ...] = (tree.sum_m, tree.sum_f, tree.weight, tree.cluster)

    def place(first: int, last: int) -> None:
        rows = slice(first * BLOCK, last * BLOCK)
        those = index[rows]
        for one, other in zip(given, placed, strict=True):
            other[rows][: len(those)] = one[those]

    over_ranges(place, blocks, RANGE)
    tree.weight[n:], tree.cluster[n:] = 0.0, -1
    refit_all(tree)
    return tree


def rebuild(tree: ClusterTree, forest: Forest) -> ClusterTree:
    """Return a tree over the living clusters, without the empty slots."""
    full = np.flatnonzero(tree.cluster >= 0)
    tree.counts[REBUILDS] += 1
    tree = fill(tree, tree.sum_m[full], tree.sum_f[full], tree.weight[full], tree.cluster[full])
    forest.slot[tree.cluster[: len(full)]] = np.arange(len(full))
    return tree


@inner
def refit_block(tree: ClusterTree, block: int) -> bool:
    """Compute the box of a block anew; False if it is the same as before."""
    low_m = low_f = np.inf
    high_m = high_f = -np.inf
    inverse = 0.0
    for slot in range(block * BLOCK, block * BLOCK + BLOCK):
        weight = tree.weight[slot]
        if weight > 0.0:
            m, f = tree.sum_m[slot] / weight, tree.sum_f[slot] / weight
            low_m, high_m = min(low_m, m), max(high_m, m)
            low_f, high_f = min(low_f, f), max(high_f, f)
            inverse = max(inverse, 1.0 / weight)
    node = _block_node(tree, block)
    return _store(tree, node, low_m, high_m, low_f, high_f, inverse)


@inner
def _refit_parent(tree: ClusterTree, node: int) -> bool:
    a, b = 2 * node, 2 * node + 1
    return _store(
        tree,
        node,
        min(tree.box[a, 0], tree.box[b, 0]),
        max(tree.box[a, 1], tree.box[b, 1]),
        min(tree.box[a, 2], tree.box[b, 2]),
        max(tree.box[a, 3], tree.box[b, 3]),
        max(tree.box[a, 4], tree.box[b, 4]),
    )


@inner
def _store(tree: ClusterTree, node: int, a: float, b: float, c: float, d: float, e: float) -> bool:
    """Write a box; False if it is the same as before."""
    same: bool = (
        tree.box[node, 0] == a
        and tree.box[node, 1] == b
        and tree.box[node, 2] == c
        and tree.box[node, 3] == d
        and tree.box[node, 4] == e
    )
    if not same:
        tree.box[node, 0] = a
        tree.box[node, 1] = b
        tree.box[node, 2] = c
        tree.box[node, 3] = d
        tree.box[node, 4] = e
    return not same


@inner
def refit(tree: ClusterTree, slot: int) -> None:
    """Make all boxes right after a change in one slot."""
    block = slot // BLOCK
    node = _block_node(tree, block)
    changed = refit_block(tree, block)
    while changed and node > 1:
        node >>= 1
        changed = _refit_parent(tree, node)


def refit_all(tree: ClusterTree) -> None:
    """Make all boxes right after changes in many slots."""
    blocks = len(tree.box) >> 1

    def work(first: int, last: int) -> None:
        _refit_nodes(tree, blocks + first, blocks + last)

    over_ranges(work, blocks, RANGE)
    _refit_nodes(tree, 1, blocks)


@kernel
def _refit_nodes(tree: ClusterTree, first: int, last: int) -> None:
    for node in range(last - 1, first - 1, -1):
        if 2 * node >= len(tree.box):
            refit_block(tree, _node_block(tree, node))
        else:
            _refit_parent(tree, node)


@inner
def _box_square(tree: ClusterTree, node: int, m: float, f: float) -> float:
    """Return a lower bound of 2 |c - box|^2, whatever roundings do to what it is compared to.

    Coordinates are not negative, so m + the upper side is the most that a difference can lose
    its last places from.
    """
    low_m, high_m = tree.box[node, 0], tree.box[node, 1]
    low_f, high_f = tree.box[node, 2], tree.box[node, 3]
    dm = max(0.0, max(low_m - m, m - high_m) - SLACK * (m + high_m))
    df = max(0.0, max(low_f - f, f - high_f) - SLACK * (f + high_f))
    return SHAVE * (dm * dm + tree.ratio * (df * df))


@inner
def search(tree: ClusterTree, forest: Forest, cluster: int) -> None:
    """Find a cluster's nearest neighbour, the oldest of equally near ones.

    From the cluster's own block upwards, into each sibling that may hold something as near.
    """
    own, blocks = forest.slot[cluster], len(tree.box) >> 1
    own_m, own_f, own_weight = tree.sum_m[own], tree.sum_f[own], tree.weight[own]
    m, f, inverse = own_m / own_weight, own_f / own_weight, 1.0 / own_weight
    best, least = -1, np.inf
    home = node = _block_node(tree, own // BLOCK)
    visited, top = 0, 0
    while node > 0:
        visited += 1
        if node >= blocks:
            start = _node_block(tree, node) * BLOCK
            for slot in range(start, start + BLOCK):
                weight = tree.weight[slot]
                dm = own_m * weight - tree.sum_m[slot] * own_weight
                df = own_f * weight - tree.sum_f[slot] * own_weight
                square = 2.0 * (dm * dm + tree.ratio * (df * df))
                divisor = own_weight * weight * (own_weight + weight)
                # most are farther, and need no division
                if square <= least * divisor * ABOVE and slot != own and weight > 0.0:
                    distance = square / divisor
                    other = tree.cluster[slot]
                    if distance < least or (distance == least and is_older(forest, other, best)):
                        best, least = other, distance
        else:
            # the nearer child on top: it is looked at first and shortens the rest
            a = _box_square(tree, 2 * node, m, f)
            b = _box_square(tree, 2 * node + 1, m, f)
            swap = 1 if b < a else 0
            tree.stack[top], tree.far[top] = 2 * node + 1 - swap, max(a, b)
            tree.stack[top + 1], tree.far[top + 1] = 2 * node + swap, min(a, b)
            top += 2
        node = 0
        while node == 0 and (top > 0 or home > 1):
            if top == 0:
                tree.stack[0], tree.far[0] = home ^ 1, _box_square(tree, home ^ 1, m, f)
                home >>= 1
                top = 1
                visited += 1
            top -= 1
            if tree.far[top] <= least * (inverse + tree.box[tree.stack[top], 4]):
                node = tree.stack[top]
    forest.neighbor[cluster] = best
    forest.bound[cluster] = least
    tree.counts[SEARCHES] += 1
    tree.counts[NODES] += visited
