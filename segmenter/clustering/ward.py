"""Exact Ward linkage of weighted points in the plane, in O(n) memory.

Ward's method merges, again and again, the two clusters whose union raises the sum of squares
least. Textbook implementations look at all pairs: O(n^2) time, and mostly O(n^2) memory. This one
gives the same tree, merge by merge, in close to O(n log n) where kernels do it:

* Ward's distance needs only the weights and centroids of two clusters, so a kd-tree over the
  living clusters finds nearest neighbours (`segmenter.clustering.ward_tree`).
* Ward is *reducible* (Bruynooghe 1977): merging two clusters never brings them nearer to a third
  than the nearer of the two was. So two clusters that are each other's nearest neighbour will
  merge with each other whatever happens elsewhere, and all such pairs can merge at once
  (`segmenter.clustering.ward_merges`).
* What is written once, and read when all is written, is done on all threads, with the same bits
  (`segmenter.jit.threads`): the searches and merges of a round, the halves of the tree, the rows of
  the result. One-by-one merging (where rounds merge little) is left to one thread.
* A few thousand points are clustered in NumPy before kernels are even loaded
  (`segmenter.clustering.ward_plain`, the shortest statement of the method; equal bits).
* Equal heights are ordered as one-by-one merging would: by the smaller id, then the larger; ids
  are given to points in the order of input and then to clusters as they appear
  (`segmenter.clustering.ward_order`).

A point of weight w counts as w equal points; those would merge first, at height 0.

References
----------
.. [1] J. H. Ward, "Hierarchical grouping to optimize an objective function", Journal of the
   American Statistical Association 58 (1963).
.. [2] M. Bruynooghe, "Classification ascendante hierarchique des grands ensembles de donnees",
   Cahiers de l'analyse des donnees 3 (1978).
.. [3] S. Yu, Y. Wang, Y. Gu, L. Dhulipala, J. Shun, "ParChain: a framework for parallel
   hierarchical agglomerative clustering using nearest-neighbor chain", PVLDB 15(2) (2021).
.. [4] B. Sumengen et al., "Scaling hierarchical agglomerative clustering to billion-sized
   datasets", arXiv:2105.11653 (2021).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmenter.errors import InputError
from segmenter.jit.choice import kernels_pay, ward_seconds
from segmenter.points import distinct_pairs

__all__ = ["WardCounters", "cut_tree", "split_in_two", "ward_linkage"]


FloatArray = NDArray[np.float64]
IdArray = NDArray[np.int32]
IntArray = NDArray[np.int64]

_FAR, _HEAVY = 1e60, 1e30
"""Largest spread and weight: products of them stay far from overflow and underflow."""


@dataclass
class WardCounters:
    """What a linkage took, to show that no layout of points makes it quadratic."""

    n_points: int = 0
    """Distinct points."""
    searches: int = 0
    """Nearest-neighbour searches."""
    nodes: int = 0
    """Tree nodes that they visited."""
    rounds: int = 0
    """Rounds in which all reciprocal neighbours merged."""
    rebuilds: int = 0
    """How often the tree was built anew."""
    merges: int = 0
    """Merges of distinct points and clusters: `n_points` - 1."""
    merges_in_rounds: int = 0
    """Those of the rounds; the others came from the heap."""

    @property
    def searches_per_point(self) -> float:
        """Searches for each distinct point."""
        return self.searches / max(1, self.n_points)

    @property
    def nodes_per_search(self) -> float:
        """Tree nodes visited by a search."""
        return self.nodes / max(1, self.searches)


def ward_linkage(
    monetary: ArrayLike,
    frequency: ArrayLike,
    customers: ArrayLike | None = None,
    *,
    ratio: float = 1.0,
    counters: WardCounters | None = None,
) -> FloatArray:
    """Return the Ward linkage matrix of weighted points.

    The squared distance of two points is ``dmonetary^2 + ratio * dfrequency^2``, that of two
    clusters ``2 wA wB / (wA + wB)`` times the squared distance of their centroids.

    Parameters
    ----------
    monetary, frequency : array-like of float, shape (n_points,)
        Coordinates, in any order.
    customers : array-like of float, shape (n_points,), optional
        Weights above 0; 1 when absent.
    ratio : float, default 1.0
        The scaling r, at least 0.
    counters : WardCounters, optional
        Receives what the linkage took.

    Returns
    -------
    ndarray of float64, shape (n_points - 1, 4)
        SciPy's linkage matrix: the two clusters of each merge (smaller id first), its height in
        the units of `monetary`, and the number of points (not of customers) in the new cluster.
        Shape (0, 4) for fewer than two points.

    Raises
    ------
    InputError
        Arrays of different lengths, values that are not finite, weights that are not above 0.

    Notes
    -----
    Deterministic. Whole numbers are compared without rounding as long as squares of their
    weighted differences stay below 2^53; beyond that, and for other numbers, distances are
    correct to a few units in the last place and ties are as float64 has them. Memory of the
    kernels is about 140 bytes a point; their time is close to O(n log n) on every layout that
    was tried; they are listed by ``python -m benchmarks --only clustering``. Some thousand points
    are left to NumPy: O(n) memory, and O(n^2) time at worst.

    Examples
    --------
    >>> ward_linkage([0, 1, 5, 6, 20], [1, 1, 1, 1, 1]).round(3)
    array([[ 0.   ,  1.   ,  1.   ,  2.   ],
           [ 2.   ,  3.   ,  1.   ,  2.   ],
           [ 5.   ,  6.   ,  7.071,  4.   ],
           [ 4.   ,  7.   , 21.503,  5.   ]])
    """
    m, f, w = _checked(monetary, frequency, customers, ratio)
    n_points = len(m)
    if n_points < 2:
        return np.empty((0, 4))
    linkage = np.empty((n_points - 1, 4))
    merges = _merges(n_points if counters is None else None)
    group = _equal_points(m, f)
    rank, size = np.arange(n_points, dtype=np.int32), np.ones(n_points, np.int32)
    if group is not None:
        m, f, w, size = _grouped(m, f, w, group)
        rank = merges.merge_duplicates(group, linkage)
    start = merges.start(m, f, w, ratio)
    del m, f, w, group  # memory of many points
    counts = merges.merge_all(start, rank, size, linkage)
    if counters is not None:
        vars(counters).update(counts, n_points=len(rank), merges=len(rank) - 1)
    return linkage


def _merges(n_points: int | None) -> Any:
    """Return who merges so many points: kernels, or NumPy with equal results; kernels count."""
    if n_points is None or kernels_pay(ward_seconds(n_points)):
        from segmenter.clustering import ward_kernels

        return ward_kernels
    from segmenter.clustering import ward_plain

    return ward_plain


def cut_tree(linkage: FloatArray, n_clusters: int) -> IntArray:
    """Return the block of each point when the last merges are undone.

    Parameters
    ----------
    linkage : ndarray of float64, shape (n_points - 1, 4)
        From `ward_linkage`.
    n_clusters : int
        Number of blocks, 1 to n_points.

    Returns
    -------
    ndarray of int64, shape (n_points,)
        0 to n_clusters - 1, numbered by the first point in each block. Equal heights do not
        change the number of blocks: the merge that comes later is undone first. O(n_points).

    Raises
    ------
    InputError
        `n_clusters` out of range.

    Examples
    --------
    >>> cut_tree(ward_linkage([0, 20, 1, 5, 6], [1, 1, 1, 1, 1]), 3)
    array([0, 1, 0, 2, 2])
    """
    n_points = len(linkage) + 1
    if isinstance(n_clusters, bool) or not 1 <= n_clusters <= n_points:
        raise InputError(
            f"n_clusters must be a whole number from 1 to the {n_points:,} points of the linkage, "
            f"not {n_clusters!r}."
        )
    cut: IntArray = _merges(0).cut(linkage, n_clusters)
    return cut


def split_in_two(linkage: FloatArray) -> IntArray:
    """Return the two blocks that the last merge joined, 0 for the first point's; see `cut_tree`."""
    return cut_tree(linkage, 2)


def _checked(
    monetary: ArrayLike, frequency: ArrayLike, customers: ArrayLike | None, ratio: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return float64 copies, coordinates counted from their minimum."""
    m = _column(monetary, "monetary")
    f = _column(frequency, "frequency")
    w = np.ones(len(m)) if customers is None else _column(customers, "customers")
    if not len(m) == len(f) == len(w):
        raise InputError(
            f"monetary, frequency and customers must have one value per point, "
            f"not {len(m):,}, {len(f):,} and {len(w):,}."
        )
    if not (np.isfinite(ratio) and 0 <= ratio <= _FAR):
        raise InputError(f"ratio must be a finite number, at least 0, not {ratio!r}.")
    if len(m) == 0:
        return m, f, w
    if not (w.min() >= 1 / _HEAVY and w.sum() <= _HEAVY):
        raise InputError(
            f"customers must be above 0 (at least {1 / _HEAVY:g}, at most {_HEAVY:g} in all), "
            f"not {w.min():g} to {w.max():g}."
        )
    # from the minimum, whole numbers stay whole and small ones small wherever they lie
    m -= m.min()
    f -= f.min()
    for name, values in (("monetary", m), ("frequency", f)):
        if values.max() > _FAR:
            raise InputError(
                f"{name} must not spread over more than {_FAR:g}, but {values.max():g} came. "
                f"Give it in a larger unit."
            )
    if ratio == 0:
        f[:] = 0.0
    return m, f, w


def _column(values: ArrayLike, name: str) -> FloatArray:
    try:
        column = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be numbers: {error}.") from error
    if column.ndim != 1:
        raise InputError(f"{name} must have one dimension, not shape {column.shape}.")
    wrong = np.flatnonzero(~np.isfinite(column))
    if len(wrong):
        raise InputError(
            f"{name} must be finite, but {column[wrong[0]]} came at position {wrong[0]:,}."
        )
    return column


def _equal_points(m: FloatArray, f: FloatArray) -> IdArray | None:
    """Return which distinct point each point is, in ascending order; None if all differ."""
    rising = (m[1:] > m[:-1]) | ((m[1:] == m[:-1]) & (f[1:] > f[:-1]))
    if rising.all():
        return None
    order, number = distinct_pairs(m, f)
    if number[-1] + 1 == len(m):
        return None
    group = np.empty(len(m), np.int32)
    group[order] = number
    return group


def _grouped(
    m: FloatArray, f: FloatArray, w: FloatArray, group: IdArray
) -> tuple[FloatArray, FloatArray, FloatArray, IdArray]:
    """Return coordinates, weights and numbers of points of the distinct points."""
    n = int(group.max()) + 1
    one = np.empty(n, np.int64)
    one[group] = np.arange(len(group))
    weight = np.bincount(group, w, n).astype(np.float64)
    return m[one], f[one], weight, np.bincount(group, minlength=n).astype(np.int32)
