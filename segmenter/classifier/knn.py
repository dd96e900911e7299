"""K nearest neighbours among weighted points of the plane, exact to the last tie.

The neighbours of a query are the k nearest *customers*: points in the order of
``(d2, cents, frequency)`` with ``d2 = dcents^2 + r * dfrequency^2``; a point with c customers
counts c times, the last one as often as is still needed to make k. The majority of their
segments wins; tied segments yield to the one with the nearest neighbour.

Neighbours are found by `kdtree`, or by `search_plain` in NumPy where that is done earlier, and
ordered by `exact_distance`: no rounding decides, so the order is a mathematical fact, from which
`rules` can prove where segments change.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmenter.errors import InputError
from segmenter.jit.choice import kernels_pay, search_seconds, walk_seconds
from segmenter.points import CodeArray, IntArray, Points

if TYPE_CHECKING:
    from segmenter.classifier.search_kernels import TreeSearch
    from segmenter.classifier.search_plain import PlainSearch

__all__ = ["MAX_RATIO", "MIN_RATIO", "NearestNeighbors", "Voters", "to_cents"]

FloatArray = NDArray[np.float64]

MAX_NEIGHBORS = 50
MIN_RATIO, MAX_RATIO = 2.0**-400, 2.0**400
"""Range of a positive r in which nothing in `exact_distance` can overflow or underflow."""

LAST_CENT = 2**52  # neighbouring cents beyond it can be the same double
BLOCK = 1 << 20  # queries that are sorted at a time
_FIRST_LINES, _MOST_LINES = 4, 256  # that NumPy walks along at a time


@dataclass(frozen=True)
class Voters:
    """The points that decide about one query, nearest first.

    Parameters
    ----------
    index : ndarray of int64, shape (n_voters,)
        Their numbers among the points that the classifier was made from.
    distance : ndarray of float64, shape (n_voters,)
        ``sqrt(d2)``, in cents.
    votes : ndarray of int64, shape (n_voters,)
        Customers that vote at each, n_neighbors in all.
    """

    index: IntArray
    distance: FloatArray
    votes: IntArray


class NearestNeighbors:
    """The classifier: labelled points, a scaling and the number of neighbours that vote.

    Parameters
    ----------
    points : Points, n_points >= 1
    segment : array-like of int, shape (n_points,)
        Code of each point's segment, from 0.
    ratio : float
        The scaling r: 0, or between 2^-400 and 2^400.
    n_neighbors : int
        Customers that vote, 1 to 50. When there are fewer, all of them do.

    Attributes
    ----------
    cents_range, frequency_range : tuple of int
        Smallest and largest coordinate of the points: queries are clamped to this rectangle.
    n_segments : int

    Notes
    -----
    Made in O(n log n) time and O(n) memory. With kernels a query visits O(log n + k) cells on the
    bases seen, and runs without the GIL; NumPy holds it, and looks at the boxes of all tiles of
    points, n / 32 of them. Calls from several threads may overlap.

    Examples
    --------
    >>> points = Points.group([100, 200, 9000], [1, 1, 5])
    >>> neighbors = NearestNeighbors(points, [1, 1, 0], ratio=1e6, n_neighbors=1)
    >>> neighbors.classify([1.99, 1e9, float("nan")], [1, 7, 1]).tolist()
    [1, 0, -1]
    """

    def __init__(
        self, points: Points, segment: ArrayLike, *, ratio: float, n_neighbors: int
    ) -> None:
        codes = np.ascontiguousarray(segment, dtype=np.int32)
        _check(points, codes, ratio, n_neighbors)
        self.points = points
        self.cents_range = int(points.cents.min()), int(points.cents.max())
        self.frequency_range = int(points.frequency.min()), int(points.frequency.max())
        self.n_segments = int(codes.max()) + 1
        self.n_neighbors = int(n_neighbors)
        self._codes, self._ratio = codes, float(ratio)
        self._steps: list[tuple[IntArray, IntArray]] = []

    def raised(self, cents: ArrayLike, frequency: ArrayLike) -> NearestNeighbors:
        """Return the same search, in which more money or more orders never lead downwards.

        A profile gets the highest segment (the smallest code) that it or any of the given profiles
        with no more money and no more orders gets by its own vote.

        Parameters
        ----------
        cents, frequency : array-like of int, shape (m,)
            Where votes rise. With the corners of monotone rules this is the smallest monotone
            classifier above the vote (see `segmenter.classifier.rules.compile_rules`).
        """
        found = copy(self)
        low, high = self.frequency_range
        money = np.clip(np.asarray(cents, dtype=np.int64), *self.cents_range)
        orders = np.clip(np.asarray(frequency, dtype=np.int64), low, high)
        votes = self.classify_cents(money, orders)
        by_orders = np.lexsort((money, orders))
        money, orders, votes = money[by_orders], orders[by_orders], votes[by_orders]
        found._steps = [
            (orders[votes <= code], np.minimum.accumulate(money[votes <= code]))
            for code in range(int(votes.max()) + 1)
        ]
        return found

    def classify(self, monetary: ArrayLike, frequency: ArrayLike) -> CodeArray:
        """Return the segment of profiles as they come.

        Parameters
        ----------
        monetary, frequency : array-like of float, shape (m,)
            Monetary counts as `to_cents` says, frequency is floored; then both are clamped.

        Returns
        -------
        ndarray of int32, shape (m,)
            Segment codes; -1 where either is NaN or infinite.
        """
        money = np.ascontiguousarray(monetary, dtype=np.float64)
        orders = np.ascontiguousarray(frequency, dtype=np.float64)
        if money.shape != orders.shape or money.ndim != 1:
            raise ValueError(f"shapes differ: {money.shape} and {orders.shape}")
        codes = np.empty(len(money), np.int32)
        for first in range(0, len(money), BLOCK):
            block = slice(first, first + BLOCK)
            queries = _clamp(money[block], orders[block], self.cents_range, self.frequency_range)
            self._classify(queries, codes[block])
            self._raise(queries, codes[block])
        return codes

    def classify_cents(self, cents: ArrayLike, frequency: ArrayLike) -> CodeArray:
        """Return the segment codes, int32 of shape (m,), of profiles in whole cents, int64."""
        low, high = self.frequency_range
        queries = np.empty((np.size(cents), 2))
        queries[:, 0] = np.clip(np.asarray(cents, dtype=np.int64), *self.cents_range)
        queries[:, 1] = np.clip(np.asarray(frequency, dtype=np.int64), low, high)
        codes = np.empty(len(queries), np.int32)
        for first in range(0, len(queries), BLOCK):
            block = slice(first, first + BLOCK)
            self._classify(queries[block], codes[block])
            self._raise(queries[block], codes[block])
        return codes

    def neighbors(self, cents: int, frequency: int) -> Voters:
        """Return the points that vote on one profile."""
        c = float(np.clip(cents, *self.cents_range))
        f = float(np.clip(frequency, *self.frequency_range))
        index, d2 = self._search(1).find(c, f)
        customers = self.points.customers[index]
        before = np.cumsum(customers) - customers
        votes = np.minimum(customers, self.n_neighbors - before)
        return Voters(index, np.sqrt(d2), votes)

    def lines(self) -> Iterator[tuple[IntArray, CodeArray]]:
        """Yield where the segment changes along each frequency of the rectangle, lowest first.

        By votes alone, whether raised or not.

        Yields
        ------
        starts : ndarray of int64
            First cent of each piece; the first is that of the rectangle.
        codes : ndarray of int32
            Its segment, another one than before.
        """
        low, high = self.frequency_range
        count, seconds = _FIRST_LINES, walk_seconds(len(self.points), 1, self.n_neighbors)
        while low <= high and not kernels_pay(seconds * (high + 1 - low)):
            some = range(low, min(low + count, high + 1))
            before = self._plainly.seconds
            yield from self._plainly.lines(some, *self.cents_range)
            # where labels overlap a line has more steps than anybody can estimate
            seconds = max(seconds, (self._plainly.seconds - before) / len(some))
            low, count = some.stop, min(2 * count, _MOST_LINES)
        if low <= high:
            yield from self.by_tree.lines(range(low, high + 1), *self.cents_range)

    def _search(self, n_queries: int) -> PlainSearch | TreeSearch:
        """Return what searches so often: NumPy, or kernels with equal results."""
        seconds = search_seconds(len(self.points), n_queries, self.n_neighbors)
        return self.by_tree if kernels_pay(seconds) else self._plainly

    @cached_property
    def by_tree(self) -> TreeSearch:
        """The search by compiled kernels."""
        from segmenter.classifier.search_kernels import TreeSearch

        return TreeSearch(self.points, self._codes, self._ratio, self.n_neighbors)

    @cached_property
    def _plainly(self) -> PlainSearch:
        from segmenter.classifier.search_plain import PlainSearch

        return PlainSearch(self.points, self._codes, self._ratio, self.n_neighbors)

    def _classify(self, queries: FloatArray, codes: CodeArray) -> None:
        """Classify clamped queries."""
        codes[:] = self._search(len(queries)).classify(queries)

    def _raise(self, queries: FloatArray, codes: CodeArray) -> None:
        """Raise the codes of clamped queries to what profiles below them reach."""
        for code, (orders, least) in reversed(list(enumerate(self._steps))):
            place = np.searchsorted(orders, queries[:, 1], side="right") - 1
            reached = (place >= 0) & (codes > code)
            reached[reached] = least[place[reached]] <= queries[reached, 0]
            codes[reached] = code


def to_cents(monetary: ArrayLike) -> IntArray:
    """Return the largest cent c with ``c / 100.0 <= monetary``, compared as doubles.

    Which is what a plain ``<`` against a threshold in cents does; ``floor(monetary * 100)`` can
    be off by one (1.15 * 100 is below 115).

    Parameters
    ----------
    monetary : array-like of float, shape (n,)
        Clamped to 2^52 cents either way; NaN counts as the lowest.

    Returns
    -------
    ndarray of int64, shape (n,)

    Examples
    --------
    >>> to_cents([1.15, 1.1499, -0.001]).tolist()
    [115, 114, -1]
    """
    money = np.ascontiguousarray(monetary, dtype=np.float64)
    with np.errstate(over="ignore"):
        scaled = money * 100.0
    cents = np.where(scaled >= LAST_CENT, LAST_CENT, -LAST_CENT)
    inside = np.abs(scaled) < LAST_CENT
    money, found = money[inside], np.floor(scaled[inside]).astype(np.int64)
    while (above := found / 100.0 > money).any():
        found -= above
    while (below := (found + 1) / 100.0 <= money).any():
        found += below
    cents[inside] = found
    return cents


def _clamp(
    money: FloatArray,
    orders: FloatArray,
    cents_range: tuple[int, int],
    frequency_range: tuple[int, int],
) -> FloatArray:
    """Return queries of shape (m, 2) in whole cents and orders, NaN where there is no answer."""
    queries = np.full((len(money), 2), np.nan)
    known = np.isfinite(money) & np.isfinite(orders)
    queries[known, 0] = np.clip(to_cents(money[known]), *cents_range)
    queries[known, 1] = np.clip(np.floor(orders[known]), *frequency_range)
    return queries


def _check(points: Points, codes: CodeArray, ratio: float, n_neighbors: int) -> None:
    if len(points) == 0:
        raise InputError("there are no points to classify by. Fit on at least one customer.")
    if codes.shape != points.cents.shape or codes.min() < 0:
        raise InputError(
            f"segment must be one code from 0 for each of the {len(points):,} points, not shape "
            f"{codes.shape} with minimum {codes.min() if codes.size else None}."
        )
    if not (ratio == 0 or MIN_RATIO <= ratio <= MAX_RATIO):
        raise InputError(
            f"ratio must be 0 or between {MIN_RATIO:.0e} and {MAX_RATIO:.0e}, not {ratio!r}."
        )
    if not 1 <= n_neighbors <= MAX_NEIGHBORS:
        raise InputError(f"n_neighbors must be between 1 and {MAX_NEIGHBORS}, not {n_neighbors!r}.")
