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

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.ward_order import FloatArray, Forest, IdArray, inner, is_older, kernel

__all__ = ["BLOCK", "Tree", "fill", "rebuild", "refit", "refit_all", "search"]

BLOCK = 8
SEARCHES, NODES, REBUILDS, ROUNDS, ROUND_MERGES = 0, 1, 2, 3, 4  # places in Tree.counts
ABOVE = 1.0 + 2.0**-48
SLACK = 2.0**-50
SHAVE = 2.0 * (1.0 - 2.0**-48)  # the 2 of the formula, less what its roundings can add


class Tree(NamedTuple):
    """Living clusters in slots, 8 a block, and the boxes of the nodes above them."""

    sum_m: FloatArray  # (8 blocks,) weighted sum of the first coordinate
    sum_f: FloatArray  # (8 blocks,) of the second
    weight: FloatArray  # (8 blocks,) 0 in an empty slot
    cluster: IdArray  # (8 blocks,) who is in the slot, -1 for nobody
    box: FloatArray  # (2 blocks, 5) low m, high m, low f, high f, largest 1 / w
    first: int  # the node of the first block
    ratio: float  # the scaling r: d2 = dm^2 + r df^2
    counts: NDArray[np.int64]  # what it took, by SEARCHES, NODES, ...


@inner
def _block_node(block: int, first: int, blocks: int) -> int:
    """Return the node of a block: the deepest level comes first, from left to right."""
    return first + block if first + block < 2 * blocks else first + block - blocks


@inner
def _node_block(node: int, first: int, blocks: int) -> int:
    """Return the block of a leaf."""
    return node - first if node >= first else node - first + blocks


@inner
def _swap(x: FloatArray, y: FloatArray, index: IdArray, i: int, j: int) -> None:
    x[i], x[j] = x[j], x[i]
    y[i], y[j] = y[j], y[i]
    index[i], index[j] = index[j], index[i]


@inner
def _less(x: FloatArray, y: FloatArray, i: int, j: int) -> bool:
    return x[i] < x[j] or (x[i] == x[j] and y[i] < y[j])


@inner
def _median3(x: FloatArray, y: FloatArray, i: int, j: int, k: int) -> int:
    if _less(x, y, j, i):
        i, j = j, i
    if _less(x, y, k, j):
        j = i if _less(x, y, k, i) else k
    return j


@inner
def _select(x: FloatArray, y: FloatArray, index: IdArray, low: int, high: int, k: int) -> None:
    """Hoare's selection by (x, y): what is in [low, k) comes before what is in [k, high)."""
    high -= 1
    seed = np.uint64(k)
    while low < high:
        seed = seed * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
        span = high - low + 1
        u = np.int64(seed >> np.uint64(24))
        # three places that no layout can foresee: no input makes this quadratic
        pivot = _median3(x, y, low + u % span, low + (u >> 6) % span, low + (u >> 12) % span)
        px, py = x[pivot], y[pivot]
        i, j = low, high
        while i <= j:
            while x[i] < px or (x[i] == px and y[i] < py):
                i += 1
            while px < x[j] or (px == x[j] and py < y[j]):
                j -= 1
            if i <= j:
                _swap(x, y, index, i, j)
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            return


@inner
def _left_blocks(blocks: int) -> int:
    """Return how many of a complete binary tree's leaves are left of its root."""
    full = 1
    while 2 * full <= blocks:
        full *= 2
    return full // 2 + min(blocks - full, full // 2)


@inner
def _spread(x: FloatArray, low: int, high: int) -> float:
    least = most = x[low]
    for i in range(low + 1, high):
        if x[i] < least:
            least = x[i]
        if x[i] > most:
            most = x[i]
    return most - least


@kernel
def split_at_medians(x: FloatArray, y: FloatArray, index: IdArray, ratio: float) -> None:
    """Bring points into the order of the tree's blocks, the wider side split first."""
    n = len(x)
    stack = np.empty((64, 2), np.int64)
    stack[0, 0], stack[0, 1] = 0, (n + BLOCK - 1) // BLOCK
    top = 1
    while top > 0:
        top -= 1
        start, blocks = stack[top]
        while blocks > 1:
            low, high = start * BLOCK, min((start + blocks) * BLOCK, n)
            left = _left_blocks(blocks)
            wide, deep = _spread(x, low, high), _spread(y, low, high)
            if wide * wide >= ratio * deep * deep:
                _select(x, y, index, low, high, low + left * BLOCK)
            else:
                _select(y, x, index, low, high, low + left * BLOCK)
            stack[top, 0], stack[top, 1] = start + left, blocks - left
            top += 1
            blocks = left


def fill(buffers: Tree, m: FloatArray, f: FloatArray, weight: FloatArray, cluster: IdArray) -> Tree:
    """Return a tree over n clusters in the front of the buffers of another one.

    Parameters
    ----------
    buffers : Tree
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
    split_at_medians(m / weight, f / weight, index, tree.ratio)
    tree.sum_m[:n], tree.sum_f[:n] = m[index], f[index]
    tree.weight[:n], tree.cluster[:n] = weight[index], cluster[index]
    tree.weight[n:], tree.cluster[n:] = 0.0, -1
    refit_all(tree)
    return tree


def rebuild(tree: Tree, forest: Forest) -> Tree:
    """Return a tree over the living clusters, without the empty slots."""
    full = np.flatnonzero(tree.cluster >= 0)
    tree.counts[REBUILDS] += 1
    tree = fill(tree, tree.sum_m[full], tree.sum_f[full], tree.weight[full], tree.cluster[full])
    forest.slot[tree.cluster[: len(full)]] = np.arange(len(full))
    return tree


@inner
def refit_block(tree: Tree, block: int) -> bool:
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
    node = _block_node(block, tree.first, len(tree.box) >> 1)
    return _store(tree.box, node, low_m, high_m, low_f, high_f, inverse)


@inner
def _refit_parent(box: FloatArray, node: int) -> bool:
    a, b = 2 * node, 2 * node + 1
    return _store(
        box,
        node,
        min(box[a, 0], box[b, 0]),
        max(box[a, 1], box[b, 1]),
        min(box[a, 2], box[b, 2]),
        max(box[a, 3], box[b, 3]),
        max(box[a, 4], box[b, 4]),
    )


@inner
def _store(
    box: FloatArray,
    node: int,
    low_m: float,
    high_m: float,
    low_f: float,
    high_f: float,
    inverse: float,
) -> bool:
    same: bool = (
        box[node, 0] == low_m
        and box[node, 1] == high_m
        and box[node, 2] == low_f
        and box[node, 3] == high_f
        and box[node, 4] == inverse
    )
    box[node, 0], box[node, 1] = low_m, high_m
    box[node, 2], box[node, 3] = low_f, high_f
    box[node, 4] = inverse
    return not same


@inner
def refit(tree: Tree, slot: int) -> None:
    """Make all boxes right after a change in one slot."""
    block = slot // BLOCK
    node = _block_node(block, tree.first, len(tree.box) >> 1)
    changed = refit_block(tree, block)
    while changed and node > 1:
        node >>= 1
        changed = _refit_parent(tree.box, node)


@kernel
def refit_all(tree: Tree) -> None:
    """Make all boxes right after changes in many slots."""
    blocks = len(tree.box) >> 1
    for block in range(blocks):
        refit_block(tree, block)
    for node in range(blocks - 1, 0, -1):
        _refit_parent(tree.box, node)


@inner
def _box_square(box: FloatArray, node: int, m: float, f: float, ratio: float) -> float:
    """Return a lower bound of 2 |c - box|^2, whatever roundings do to what it is compared to.

    Coordinates are not negative, so m + the upper side is the most that a difference can lose
    its last places from.
    """
    dm = max(box[node, 0] - m, m - box[node, 1]) - SLACK * (m + box[node, 1])
    df = max(box[node, 2] - f, f - box[node, 3]) - SLACK * (f + box[node, 3])
    dm, df = max(dm, 0.0), max(df, 0.0)
    return SHAVE * (dm * dm + ratio * (df * df))


@inner
def search(tree: Tree, forest: Forest, cluster: int, stack: IdArray, far: FloatArray) -> None:
    """Find a cluster's nearest neighbour, the oldest of equally near ones.

    From the cluster's own block upwards, into each sibling that may hold something as near.
    """
    # as locals: taking an array out of a tuple counts a reference, which costs in a loop
    box, ratio, first, blocks = tree.box, tree.ratio, tree.first, len(tree.box) >> 1
    sum_m, sum_f, weights = tree.sum_m, tree.sum_f, tree.weight
    own = forest.slot[cluster]
    own_m, own_f, own_weight = sum_m[own], sum_f[own], weights[own]
    m, f, inverse = own_m / own_weight, own_f / own_weight, 1.0 / own_weight
    best, least = -1, np.inf
    home = node = _block_node(own // BLOCK, first, blocks)
    visited, top = 0, 0
    while True:
        visited += 1
        if node >= blocks:
            start = _node_block(node, first, blocks) * BLOCK
            for slot in range(start, start + BLOCK):
                weight = weights[slot]
                dm = own_m * weight - sum_m[slot] * own_weight
                df = own_f * weight - sum_f[slot] * own_weight
                square = 2.0 * (dm * dm + ratio * (df * df))
                divisor = own_weight * weight * (own_weight + weight)
                # most are farther, and need no division
                if square <= least * divisor * ABOVE and slot != own and weight > 0.0:
                    distance = square / divisor
                    other = tree.cluster[slot]
                    if distance < least or (distance == least and is_older(forest, other, best)):
                        best, least = other, distance
        else:
            # the nearer child on top: it is looked at first and shortens the rest
            a = _box_square(box, 2 * node, m, f, ratio)
            b = _box_square(box, 2 * node + 1, m, f, ratio)
            swap = 1 if b < a else 0
            stack[top], far[top] = 2 * node + 1 - swap, max(a, b)
            stack[top + 1], far[top + 1] = 2 * node + swap, min(a, b)
            top += 2
        node = 0
        while node == 0:
            if top == 0:
                if home == 1:
                    break
                stack[0], far[0] = home ^ 1, _box_square(box, home ^ 1, m, f, ratio)
                home >>= 1
                top = 1
                visited += 1
            top -= 1
            if far[top] <= least * (inverse + box[stack[top], 4]):
                node = stack[top]
        if node == 0:
            break
    forest.neighbor[cluster] = best
    forest.bound[cluster] = least
    tree.counts[SEARCHES] += 1
    tree.counts[NODES] += visited
