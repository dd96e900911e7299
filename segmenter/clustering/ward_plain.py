"""Exact Ward linkage in NumPy: the shortest statement of the method, and what kernels must equal.

The same two phases as `segmenter.clustering.ward_merges`, for the same reasons: all pairs that are
each other's nearest neighbour merge at once; where such a round merges little, the nearest pair of
all merges, one by one. Every sum and distance is computed from the same numbers by the same
operations, so the tree has the same bits.

In the rounds living clusters are kept in the order of their age, oldest first: then the oldest of
equally near ones is the first of them. One by one a cluster may be made that is older than some
that the rounds have made, being lower; there ages are compared where distances are equal.
"""

from __future__ import annotations

import heapq
from functools import cmp_to_key
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.clustering.ward_plain_order import Tree, cut, merge_duplicates, write_merges
from segmenter.jit.choice import kernels_pay, spend
from segmenter.jit.tiles import make_tiles, pieces

__all__ = ["cut", "merge_all", "merge_duplicates", "start"]

FloatArray = NDArray[np.float64]
IdArray = NDArray[np.int32]
IntArray = NDArray[np.int64]

LEAST_SHARE = 0.05
"""Of the living clusters: a round that merges less is the last one."""

_SLACK = 2.0**-50
_SHAVE = 2.0 * (1.0 - 2.0**-48)
"""Of bounds, for what roundings can do to them; see `segmenter.clustering.ward_tree`."""

_PAIR, _QUERY, _CALL, _STEP = 2e-8, 2e-6, 1e-3, 6e-5
"""Seconds for each pair of clusters that is looked at, for each search in a round, for a round, and
for a step of the merging one by one."""

_STEPS = 4
"""Of the merging one by one, for each merge: searches, and the merge itself."""


class Start(NamedTuple):
    """Distinct points before the first merge."""

    m: FloatArray
    f: FloatArray
    w: FloatArray
    ratio: float


def start(m: FloatArray, f: FloatArray, w: FloatArray, ratio: float) -> Start:
    """Return what `merge_all` merges: coordinates from 0 on, weights, and the scaling r."""
    return Start(m, f, w, ratio)


def merge_all(points: Start, rank: IdArray, size: IdArray, linkage: FloatArray) -> dict[str, int]:
    """Write the merges of n distinct points into the last n - 1 rows of a linkage matrix.

    Parameters
    ----------
    points : Start
    rank, size : ndarray of int32, shape (n,)
        What each point is called in the matrix, and how many points it stands for.
    linkage : ndarray of float64, shape (n_points - 1, 4)

    Returns
    -------
    dict
        Empty where NumPy did it: nothing is counted.

    Notes
    -----
    O(n) memory. Time is close to O(n^1.5) where neighbours are near, and O(n^2) at worst.
    """
    order = np.argsort(rank)
    forest = _Forest(points.m[order], points.f[order], points.w[order], points.ratio)
    forest.merge_in_rounds()
    left = forest.n - 1 - forest.k
    if left and kernels_pay(_STEPS * left * (_STEP + _PAIR / 2 * left)):
        from segmenter.clustering import ward_kernels

        return ward_kernels.merge_all(ward_kernels.start(*points), rank, size, linkage)
    forest.merge_one_by_one()
    tree = Tree(forest.left, forest.right, forest.height)
    write_merges(tree, rank[order], size[order], linkage)
    return {}


class _Forest:
    """All clusters so far: ids below n are points, the oldest first; n + k is made by merge k."""

    def __init__(self, m: FloatArray, f: FloatArray, w: FloatArray, ratio: float) -> None:
        n, ids = len(m), 2 * len(m) - 1
        self.n = n
        self.k = 0
        self.ordered = 2 * n  # from this id on, clusters are made in the order of their age
        self.ratio = ratio or 1.0  # at 0 all frequencies are 0
        self.sums = np.empty((3, ids))  # weighted sums of both coordinates, and weights
        self.sums[:, :n] = m * w, f * w, w
        self.height = np.full(ids, -1.0)  # squared; points are older than all that was merged
        self.left = np.full(ids, -1)  # the older child
        self.right = np.full(ids, -1)
        self.neighbor = np.full(ids, -1)
        self.bound = np.full(ids, np.inf)  # squared distance to the neighbour: nobody is nearer
        self.is_living = np.arange(ids) < n

    def merge_in_rounds(self) -> None:
        """Merge all pairs of each other's nearest neighbours as long as a round merges a share."""
        living, is_worth = np.arange(self.n), True
        while self.k < self.n - 1 and is_worth:
            self._search(living[self._is_stale(living)], living)
            merged = self._merge_reciprocal(living)
            spend(_CALL)
            is_worth = merged >= LEAST_SHARE * len(living)
            made = np.arange(self.n + self.k - merged, self.n + self.k)
            living = self._by_age(np.append(living[self.is_living[living]], made))

    def _is_stale(self, clusters: IntArray) -> NDArray[np.bool_]:
        """Whether the neighbour of each has merged or was never searched."""
        neighbor = self.neighbor[clusters]
        return np.asarray((neighbor < 0) | ~self.is_living[neighbor])

    def _search(self, asking: IntArray, living: IntArray) -> None:
        """Find the nearest neighbours of some clusters, the oldest of equally near ones."""
        n = len(living)
        # where a tile has no cluster there is one that is infinitely far away
        sums = np.append(self.sums[:, living], [[np.inf], [0.0], [1.0]], axis=1)
        centers = sums[:2, :n] / sums[2, :n]
        tiles = make_tiles(centers[0], centers[1], self.ratio)
        inverse = np.append(1 / sums[2, :n], 0.0)
        most = inverse[tiles.member].max(axis=1)
        place = np.empty(2 * self.n - 1, np.int64)
        place[living] = np.arange(n)
        for piece in pieces(len(asking), n):
            own = place[asking[piece]]
            m, f = centers[:, own]
            near = tiles.member[tiles.home[own]]
            bound = self._distances(sums, own, near).min(axis=1)
            gap_m, gap_f = tiles.gaps(m, m, f)
            gap_m = np.maximum(gap_m - _SLACK * (m[:, None] + tiles.high[0]), 0.0)
            gap_f = np.maximum(gap_f - _SLACK * (f[:, None] + tiles.high[1]), 0.0)
            least = _SHAVE * (gap_m * gap_m + self.ratio * (gap_f * gap_f))
            query, tile = np.nonzero(least <= bound[:, None] * (inverse[own][:, None] + most))
            others = tiles.member[tile]
            distance = self._distances(sums, own[query], others)
            spend(_QUERY * len(own) + _PAIR * (near.size + others.size + least.size))
            starts = np.searchsorted(query, np.arange(len(own)))
            bound = np.minimum.reduceat(distance.min(axis=1), starts)
            oldest = np.where(distance == bound[query][:, None], others, n).min(axis=1)
            self.neighbor[asking[piece]] = living[np.minimum.reduceat(oldest, starts)]
            self.bound[asking[piece]] = bound

    def _distances(self, sums: FloatArray, own: IntArray, others: IntArray) -> FloatArray:
        """Return Ward's squared distance of each of q clusters to t others; not to itself.

        Parameters
        ----------
        sums : ndarray of float64, shape (3, n_living + 1)
        own : ndarray of int64, shape (q,)
        others : ndarray of int64, shape (q, t)
        """
        distance = _ward_distance(sums[:, own, None], sums[:, others], self.ratio)
        distance[others == own[:, None]] = np.inf
        return distance

    def _merge_reciprocal(self, living: IntArray) -> int:
        """Merge all pairs that are each other's nearest neighbour; return how many there are."""
        place = np.empty(2 * self.n - 1, np.int64)
        place[living] = np.arange(len(living))
        mate = self.neighbor[living]
        is_older = (self.neighbor[mate] == living) & (place[mate] > np.arange(len(living)))
        older, younger = living[is_older], mate[is_older]
        made = np.arange(self.n + self.k, self.n + self.k + len(older))
        self.left[made], self.right[made] = older, younger
        self.sums[:, made] = self.sums[:, older] + self.sums[:, younger]
        # a parent is never below its children
        height = np.maximum(self.bound[older], self.height[older])
        self.height[made] = self.bound[made] = np.maximum(height, self.height[younger])
        self.is_living[older] = self.is_living[younger] = False
        self.is_living[made] = True
        self.k += len(older)
        return len(older)

    def _by_age(self, clusters: IntArray) -> IntArray:
        """Return clusters in the order in which one-by-one merging would have made them."""
        by_height = clusters[np.lexsort((clusters, self.height[clusters]))]
        height = self.height[by_height]
        is_tied = (height[1:] == height[:-1]) & (height[1:] >= 0)
        if not is_tied.any():
            return by_height
        runs = groupby(by_height.tolist(), self.height.__getitem__)
        return np.array(
            [one for h, run in runs for one in (run if h < 0 else sorted(run, key=self.age))]
        )

    def age(self, cluster: int) -> Any:
        """Return what older clusters have less of."""
        return cmp_to_key(self._compare_age)(cluster)

    def _compare_age(self, a: int, b: int) -> int:
        """Tell which cluster is older, below 0 for a; see `segmenter.clustering.ward_order`."""
        while a >= self.n and b >= self.n and (a < self.ordered or b < self.ordered):
            if self.height[a] != self.height[b]:
                return -1 if self.height[a] < self.height[b] else 1
            a, b = self.left[a], self.left[b]
        return int(a) - int(b)

    def merge_one_by_one(self) -> None:
        """Merge the nearest pair of all, by (height, older, younger), until one is left.

        A cluster waits by the distance of its neighbour, which is replaced only when it comes up:
        until then its distance is a lower bound.
        """
        self.ordered = self.n + self.k
        living = np.flatnonzero(self.is_living)
        row = _Row(self, living)
        heap = [self._waiting(cluster) for cluster in living.tolist()]
        heapq.heapify(heap)
        before = 0.0
        while self.k < self.n - 1:
            cluster = heapq.heappop(heap)[-1]
            if not self.is_living[cluster]:
                continue
            spend(_STEP)
            mate = int(self.neighbor[cluster])
            if mate < 0 or not self.is_living[mate]:
                row.search(cluster)
            else:
                before = self._join(cluster, mate, before)
                cluster = self.n + self.k - 1
                row.replace(cluster)
            heapq.heappush(heap, self._waiting(cluster))

    def _waiting(self, cluster: int) -> tuple[float, bool, Any, Any, int]:
        """Return where a cluster stands in the queue: who was not searched yet comes first."""
        bound, mate = float(self.bound[cluster]), int(self.neighbor[cluster])
        own = self.age(cluster)
        if mate < 0:
            return bound, False, own, own, cluster
        return bound, True, *sorted((own, self.age(mate))), cluster

    def _join(self, a: int, b: int, before: float) -> float:
        """Merge two clusters at `before` or above, and return the height."""
        if self._compare_age(a, b) > 0:
            a, b = b, a
        made = self.n + self.k
        self.left[made], self.right[made] = a, b
        self.sums[:, made] = self.sums[:, a] + self.sums[:, b]
        height = max(float(self.bound[a]), self.height[a], self.height[b], before)
        self.height[made] = self.bound[made] = height
        self.is_living[[a, b, made]] = False, False, True
        self.k += 1
        return float(height)


class _Row:
    """The living clusters side by side, for one search at a time."""

    def __init__(self, forest: _Forest, living: IntArray) -> None:
        self._forest = forest
        self._make(living)

    def _make(self, living: IntArray) -> None:
        self._used = len(living)
        self._ids = np.append(living, np.zeros(len(living), np.int64))
        self._sums = np.repeat([[np.inf], [0.0], [1.0]], 2 * len(living), axis=1)
        self._sums[:, : len(living)] = self._forest.sums[:, living]
        self._place = np.full(2 * self._forest.n - 1, -1)
        self._place[living] = np.arange(len(living))

    def search(self, cluster: int) -> None:
        """Find a cluster's nearest neighbour, the oldest of equally near ones."""
        own = self._forest.sums[:, cluster, None]
        distance = _ward_distance(own, self._sums[:, : self._used], self._forest.ratio)
        distance[self._place[cluster]] = np.inf
        spend(_PAIR / 2 * self._used)  # side by side, one search at a time
        least = distance.min()
        near = self._ids[np.flatnonzero(distance == least)].tolist()
        self._forest.neighbor[cluster] = min(near, key=self._forest.age)
        self._forest.bound[cluster] = least

    def replace(self, made: int) -> None:
        """Put a merged cluster in the last place; its parts are infinitely far away."""
        parts = [self._forest.left[made], self._forest.right[made]]
        self._sums[:, self._place[parts]] = [[np.inf], [0.0], [1.0]]
        if self._used == len(self._ids):
            held = self._ids[self._forest.is_living[self._ids]]
            self._make(np.append(held, made))
            return
        self._ids[self._used], self._place[made] = made, self._used
        self._sums[:, self._used] = self._forest.sums[:, made]
        self._used += 1


def _ward_distance(one: FloatArray, other: FloatArray, ratio: float) -> FloatArray:
    """Return 2 |sA wB - sB wA|^2 / (wA wB (wA + wB)), Ward's squared distance of clusters.

    Parameters
    ----------
    one, other : ndarray of float64, shape (3, ...)
        Weighted sums of both coordinates, and weights; the rest of the shapes is broadcast.
    """
    (own_m, own_f, own_w), (m, f, w) = one, other
    along = own_m * w
    along -= m * own_w
    along *= along
    across = own_f * w
    across -= f * own_w
    across *= across
    across *= ratio
    along += across
    along *= 2.0
    divisor = own_w * w
    divisor *= own_w + w
    along /= divisor
    return np.asarray(along)
