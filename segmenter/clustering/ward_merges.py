# mypy: disable-error-code="no-any-return, arg-type"
"""The merges of Ward linkage in close to O(n log n) time and O(n) memory.

Two phases; see `segmenter.clustering.ward` for why they give the tree of one-by-one merging.

1. Rounds: all pairs that are each other's nearest neighbour merge at once; the new clusters and
   those whose neighbour has merged search again. As long as a round merges a share of what is
   left, the work is a geometric series.
2. A heap: where a round merges little (growing gaps along a line: one pair a round), the
   clusters wait in a heap by their distance, and a neighbour that has merged is replaced only
   when its owner comes up.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.clustering.ward_order import FloatArray, Forest, IdArray, is_older, record_merge
from segmenter.clustering.ward_tree import (
    BLOCK,
    RANGE,
    ROUND_MERGES,
    ROUNDS,
    ClusterTree,
    rebuild,
    refit,
    refit_all,
    search,
)
from segmenter.jit.kernels import bare_inner as inner
from segmenter.jit.kernels import bare_kernel as kernel
from segmenter.jit.threads import over_ranges

__all__ = ["merge_all"]

LEAST_SHARE = 0.05


@inner
def _join(tree: ClusterTree, forest: Forest, k: int, a: int, b: int) -> int:
    """Make merge k of clusters a and b, in the slot of the heavier one; return the other slot."""
    record_merge(forest, k, a, b, forest.bound[a])
    kept, freed = forest.slot[a], forest.slot[b]
    if tree.weight[freed] > tree.weight[kept]:
        kept, freed = freed, kept
    made = len(forest.rank) + k
    tree.sum_m[kept] += tree.sum_m[freed]
    tree.sum_f[kept] += tree.sum_f[freed]
    tree.weight[kept] += tree.weight[freed]
    tree.cluster[kept] = made
    tree.weight[freed] = 0.0
    tree.cluster[freed] = -1
    forest.slot[a] = forest.slot[b] = -1
    forest.slot[made] = kept
    forest.neighbor[made] = -1
    forest.bound[made] = forest.height[k]  # reducibility: nobody is nearer than a and b were
    return freed


@kernel
def _is_sparse(tree: ClusterTree, living: int) -> bool:
    """Whether half of the slots are empty."""
    return len(tree.cluster) > BLOCK and 2 * living <= len(tree.cluster)


@inner
def _is_stale(forest: Forest, a: int) -> bool:
    """Whether a cluster's neighbour has merged or was never searched."""
    return forest.neighbor[a] < 0 or forest.slot[forest.neighbor[a]] < 0


def _search_stale(tree: ClusterTree, forest: Forest) -> None:
    """Give every living cluster a living nearest neighbour."""

    def work(first: int, last: int) -> NDArray[np.int64]:
        own = tree._replace(
            stack=np.empty_like(tree.stack),
            far=np.empty_like(tree.far),
            counts=np.zeros_like(tree.counts),
        )
        _search_range(own, forest, first * BLOCK, last * BLOCK)
        return own.counts

    for counts in over_ranges(work, len(tree.box) >> 1, RANGE):
        tree.counts[:] += counts


@kernel
def _search_range(tree: ClusterTree, forest: Forest, first: int, last: int) -> None:
    """Search for the clusters in some slots: it writes no more than what these are to know."""
    for slot in range(first, last):
        a = tree.cluster[slot]
        if a >= 0 and _is_stale(forest, a):
            search(tree, forest, a)


def _merge_reciprocal(tree: ClusterTree, forest: Forest, k: int) -> int:
    """Merge all pairs that are each other's nearest neighbour; return the next merge."""
    pairs = np.empty_like(tree.cluster)

    def find(first: int, last: int) -> int:
        return _find_pairs(tree, forest, first * BLOCK, last * BLOCK, pairs)

    def join(place: int, _: int) -> None:
        start = place * RANGE * BLOCK
        found = pairs[start : start + counts[place]]
        _join_pairs(tree, forest, found, k + sum(counts[:place]))

    counts = over_ranges(find, len(tree.box) >> 1, RANGE)
    over_ranges(join, len(counts), 1)
    return k + sum(counts)


@kernel
def _find_pairs(tree: ClusterTree, forest: Forest, first: int, last: int, pairs: IdArray) -> int:
    """Write down one of each pair, the one whose slot comes first; return how many there are."""
    found = 0
    for slot in range(first, last):
        a = tree.cluster[slot]
        if a >= 0:
            b = forest.neighbor[a]
            if b >= 0 and forest.neighbor[b] == a and forest.slot[b] > slot:
                pairs[first + found] = a
                found += 1
    return found


@kernel
def _join_pairs(tree: ClusterTree, forest: Forest, pairs: IdArray, k: int) -> None:
    """Make merges k and following, of clusters and their neighbours."""
    for a in pairs:
        _join(tree, forest, k, a, forest.neighbor[a])
        k += 1


class Heap(NamedTuple):
    """Clusters by (height, id, id) of the pair that they and their neighbours are."""

    cluster: IdArray
    bound: FloatArray
    older: IdArray  # of the pair; -1 when the neighbour was not searched yet
    younger: IdArray  # of the pair; the cluster itself then


@inner
def _precedes(heap: Heap, forest: Forest, i: int, bound: float, c: int, d: int) -> bool:
    """Whether what is at a place comes before a pair (c, d) that is so far apart."""
    if heap.bound[i] != bound:
        return heap.bound[i] < bound
    a, b = heap.older[i], heap.younger[i]
    if (a < 0) != (c < 0):
        return a < 0
    if a != c:
        return is_older(forest, a, c)
    return b != d and is_older(forest, b, d)


@inner
def _put(heap: Heap, i: int, cluster: int, bound: float, older: int, younger: int) -> None:
    heap.cluster[i] = cluster
    heap.bound[i] = bound
    heap.older[i] = older
    heap.younger[i] = younger


@inner
def _sift(heap: Heap, size: int, forest: Forest, place: int) -> None:
    """Move the cluster at a place down to where it belongs."""
    own = heap.cluster[place]
    least = forest.bound[own]
    a, b = own, forest.neighbor[own]
    if b < 0 or is_older(forest, b, a):
        a, b = b, a
    while 2 * place + 1 < size:
        i = 2 * place + 1
        bound, c, d = heap.bound[i], heap.older[i], heap.younger[i]
        if i + 1 < size and _precedes(heap, forest, i + 1, bound, c, d):
            i += 1
        if not _precedes(heap, forest, i, least, a, b):
            break
        _put(heap, place, heap.cluster[i], heap.bound[i], heap.older[i], heap.younger[i])
        place = i
    _put(heap, place, own, least, a, b)


@kernel
def _merge_by_heap(tree: ClusterTree, forest: Forest, heap: Heap, k: int) -> int:
    """Merge the nearest pair of all, one by one, until the tree is sparse."""
    n, size = len(forest.rank), len(heap.cluster)
    place = size  # not a heap yet, from here on
    while k < n - 1 and (place > 0 or not _is_sparse(tree, n - k)):
        a = heap.cluster[0]
        if place > 0:
            place -= 1
        elif forest.slot[a] < 0:  # merged, as somebody's neighbour
            size -= 1
            heap.cluster[0] = heap.cluster[size]
        elif _is_stale(forest, a):  # its bound holds, its neighbour does not
            search(tree, forest, a)
        else:
            freed = _join(tree, forest, k, a, forest.neighbor[a])
            heap.cluster[0] = n + k
            k += 1
            refit(tree, freed)
            refit(tree, forest.slot[n + k - 1])
        _sift(heap, size, forest, place)
    return k


def merge_all(tree: ClusterTree, forest: Forest) -> None:
    """Merge n starting clusters until one is left.

    Parameters
    ----------
    tree : ClusterTree
        Over the clusters, numbered as they lie in it; its `counts` receive what it took.
    forest : Forest
        With `rank`, `size` and `slot` of the starting clusters; receives the merges.
    """
    n = len(forest.rank)
    k, going = 0, True
    forest.neighbor[:n] = -1
    while k < n - 1 and going:
        _search_stale(tree, forest)
        before, k = k, _merge_reciprocal(tree, forest, k)
        going = k - before >= LEAST_SHARE * (n - before)
        if _is_sparse(tree, n - k):
            tree = rebuild(tree, forest)
        else:
            refit_all(tree)
        tree.counts[ROUNDS] += 1
    tree.counts[ROUND_MERGES] = k
    forest.ordered[0] = n + k
    while k < n - 1:
        living = tree.cluster[tree.cluster >= 0]
        heap = Heap(living, forest.bound[living], np.empty_like(living), np.empty_like(living))
        k = _merge_by_heap(tree, forest, heap, k)
        if k < n - 1:
            tree = rebuild(tree, forest)
