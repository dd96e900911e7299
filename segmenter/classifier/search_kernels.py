"""The nearest-neighbour classifier by compiled kernels: a kd-tree, and walks along frequencies.

`segmenter.classifier.search_plain` has the same methods with equal results, in NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from segmenter.classifier.breakpoints import only_segments, walk
from segmenter.classifier.kdtree import (
    CodeArray,
    FloatArray,
    PointTree,
    Scratch,
    build_tree,
    scratch,
    search,
    vote,
    voter_bound,
)
from segmenter.jit.kernels import bare_kernel as kernel
from segmenter.jit.threads import over_ranges
from segmenter.points import IntArray, Points

__all__ = ["TreeSearch"]

RANGE = 1 << 15
"""Queries that a thread takes at a time."""


class TreeSearch:
    """The k nearest customers among weighted, labelled points.

    Parameters
    ----------
    points : Points
    segment : ndarray of int32, shape (n_points,)
    ratio : float
    n_neighbors : int
    """

    def __init__(self, points: Points, segment: CodeArray, ratio: float, n_neighbors: int) -> None:
        self.tree = build_tree(points, segment, ratio, n_neighbors)
        self._width = int(points.cents.max()) - int(points.cents.min()) + 1

    def classify(self, queries: FloatArray) -> CodeArray:
        """Return the segment of queries, shape (m, 2): whole cents and orders, or NaN for -1."""
        codes = np.empty(len(queries), np.int32)
        # in an order in which each is near to the one before
        order = np.argsort(queries[:, 1] * self._width + queries[:, 0])

        def work(first: int, last: int) -> None:
            found = scratch(self.tree)
            _classify_in_order(self.tree, found, queries, order[first:last], codes)

        over_ranges(work, len(queries), RANGE)
        return codes

    def find(self, cents: float, frequency: float) -> tuple[IntArray, FloatArray]:
        """Return the points that vote on a query, nearest first, and their squared distances."""
        found = scratch(self.tree)
        size = _find(self.tree, found, cents, frequency)
        return self.tree.number[found.point[:size]], found.d2[:size]

    def lines(
        self, frequencies: range, low: int, high: int
    ) -> Iterator[tuple[IntArray, CodeArray]]:
        """Yield where the segment changes along each frequency; see `NearestNeighbors.lines`."""
        only, found = only_segments(self.tree), scratch(self.tree)
        for frequency in frequencies:
            yield walk(self.tree, only, found, float(frequency), low, high)


@kernel
def _find(tree: PointTree, found: Scratch, c: float, f: float) -> int:
    return search(tree, found, c, f, np.inf)


@kernel
def _classify_in_order(
    tree: PointTree, found: Scratch, queries: FloatArray, order: IntArray, codes: CodeArray
) -> None:
    """Write the codes of queries; equal ones in a row are searched once."""
    size, code = 0, -1
    last_c = last_f = np.nan
    for i in order:
        c, f = queries[i, 0], queries[i, 1]
        if np.isnan(c):
            codes[i] = -1
            continue
        if c != last_c or f != last_f:
            size = search(tree, found, c, f, voter_bound(tree, found, size, c, f))
            code = vote(tree, found, size)
            last_c, last_f = c, f
        codes[i] = code
