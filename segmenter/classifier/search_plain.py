"""The nearest-neighbour classifier in NumPy: what the kernels of the kd-tree must equal.

Voters are found by their distances in doubles, which only ever rule points out: those within the
slack of each other are put in order exactly, as in `segmenter.classifier.exact_distance`. Along a
frequency the classifier is proved constant by the two proofs of `segmenter.classifier.breakpoints`,
for all intervals of all frequencies at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.jit.choice import spend
from segmenter.jit.tiles import SIZE, Tiles, make_tiles, pieces
from segmenter.points import CodeArray, IntArray, Points, distinct_pairs

__all__ = ["PlainSearch"]

FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]

_SLACK = 1.0 + 2.0**-50
_WIDER = 1.0 + 2.0**-40
_SPLITTER = 2.0**27 + 1.0
"""See `segmenter.classifier.exact_distance` and `segmenter.classifier.breakpoints`."""

_NOBODY = -1

_PAIR, _ROW, _CALL = 1.2e-8, 6e-7, 2e-4
"""Seconds for each pair of query and point that is looked at, for each that is sorted, and for a
call of some array functions."""


class _Voters(NamedTuple):
    """Who votes on q queries: rows by query, nearest first."""

    query: IntArray  # (n_rows,)
    point: IntArray  # (n_rows,)
    d2: FloatArray  # (n_rows,)
    votes: IntArray  # (n_rows,)
    first: IntArray  # (q,) where the rows of each query begin


class _Places(NamedTuple):
    """What is known at q places of the lines: fields as in `breakpoints._Ends`."""

    cents: IntArray
    frequency: IntArray
    code: CodeArray
    distance: FloatArray
    point: IntArray  # (q, n_neighbors) voters in the order of their numbers, NOBODY behind them
    last: IntArray
    decider: IntArray

    def at(self, index: IntArray | Mask) -> _Places:
        """Return some of the places."""
        return _Places._make(field[index] for field in self)

    def followed_by(self, others: _Places) -> _Places:
        """Return these places and others."""
        pairs = zip(self, others, strict=True)
        return _Places._make(np.concatenate([one, other]) for one, other in pairs)


class PlainSearch:
    """The k nearest customers among weighted, labelled points.

    Parameters
    ----------
    points : Points
    segment : ndarray of int32, shape (n_points,)
    ratio : float
    n_neighbors : int
    """

    def __init__(self, points: Points, segment: CodeArray, ratio: float, n_neighbors: int) -> None:
        c, f = points.cents.astype(np.float64), points.frequency.astype(np.float64)
        # a tile with fewer than k points says nothing about who can be among the k nearest
        self._tiles: Tiles = make_tiles(c, f, ratio, max(SIZE, 2 * n_neighbors))
        # where a tile has no point there is one that is infinitely far away
        self._at = np.append(np.stack([c, f]), [[np.inf], [0.0]], axis=1)
        self._customers = points.customers
        self._segment = segment
        self._n_segments = int(segment.max()) + 1
        self._ratio = float(ratio)
        self._k = n_neighbors
        self.seconds = 0.0  # for what all searches so far looked at, without those for calls
        members = np.append(segment, _NOBODY)[self._tiles.member]
        alike = (members == members[:, :1]) | (members == _NOBODY)
        self._only = np.where(alike.all(axis=1), members[:, 0], _NOBODY)

    def classify(self, queries: FloatArray) -> CodeArray:
        """Return the segment of queries, shape (m, 2): whole cents and orders, or NaN for -1."""
        codes = np.full(len(queries), -1, np.int32)
        known = np.flatnonzero(~np.isnan(queries[:, 0]))
        order, number = distinct_pairs(*queries[known].T)
        once = queries[known][order[np.flatnonzero(np.diff(number, prepend=-1))]]
        found = [self._vote(self._voters(once[piece]))[0] for piece in self._pieces(len(once))]
        codes[known[order]] = np.concatenate([np.empty(0, np.int32), *found])[number]
        return codes

    def find(self, cents: float, frequency: float) -> tuple[IntArray, FloatArray]:
        """Return the points that vote on a query, nearest first, and their squared distances."""
        found = self._voters(np.array([[cents, frequency]]))
        return found.point, found.d2

    def lines(
        self, frequencies: range, low: int, high: int
    ) -> Iterator[tuple[IntArray, CodeArray]]:
        """Yield where the segment changes along each frequency, from `low` to `high` cents.

        All frequencies are walked along at once, before the first is yielded.

        Yields
        ------
        starts : ndarray of int64
            First cent of each piece; the first is `low`.
        codes : ndarray of int32
            Its segment, another one than before.
        """
        every = np.array(frequencies)
        left = self._probe(np.full(len(every), low), every)
        steps = [left]
        right = self._probe(np.full(len(every), high), every)
        while len(left.cents):
            is_step = (right.cents - left.cents <= 1) & (left.code != right.code)
            steps.append(right.at(is_step))
            is_open = self._is_open(left, right)
            left, right = left.at(is_open), right.at(is_open)
            middle = self._probe((left.cents + right.cents) >> 1, left.frequency)
            left, right = left.followed_by(middle), middle.followed_by(right)
        yield from self._by_line(every, steps)

    @staticmethod
    def _by_line(every: IntArray, steps: list[_Places]) -> Iterator[tuple[IntArray, CodeArray]]:
        frequency, cents, code = (
            np.concatenate([getattr(step, name) for step in steps])
            for name in ("frequency", "cents", "code")
        )
        order = np.lexsort((cents, frequency))
        frequency, cents, code = frequency[order], cents[order], code[order]
        ends = np.searchsorted(frequency, every, side="right")
        for start, end in zip(np.append(0, ends[:-1]), ends, strict=True):
            yield cents[start:end], code[start:end]

    def _pieces(self, n_queries: int) -> list[slice]:
        return pieces(n_queries, len(self._segment))

    def _voters(self, queries: FloatArray) -> _Voters:
        """Find the voters of queries that are whole and within the rectangle of the points."""
        query, point, d2 = self._candidates(queries)
        order = np.lexsort((point, d2, query))
        query, point, d2 = query[order], point[order], d2[order]
        self._settle_ties(queries, query, point, d2)
        first = np.searchsorted(query, np.arange(len(queries)))
        customers = self._customers[point]
        up_to = np.cumsum(customers)
        before = up_to - customers
        left = self._k - (before - before[first][query])
        votes = np.minimum(customers, left)
        is_voter = votes > 0
        query = query[is_voter]
        first = np.searchsorted(query, np.arange(len(queries)))
        return _Voters(query, point[is_voter], d2[is_voter], votes[is_voter], first)

    def _candidates(self, queries: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Return (query, point, d2) of all points that may vote."""
        c, f = queries.T
        gap_c, gap_f = self._tiles.gaps(c, c, f)
        least = gap_c * gap_c + self._ratio * (gap_f * gap_f)
        near = self._tiles.member[least.argmin(axis=1)]
        bound = self._kth(self._squares(c[:, None], f[:, None], near))
        query, tile = np.nonzero(least <= bound[:, None])
        members = self._tiles.member[tile]
        d2 = self._squares(c[query, None], f[query, None], members)
        bound = np.minimum.reduceat(self._kth(d2), np.searchsorted(query, np.arange(len(c))))
        row, column = np.nonzero((d2 <= bound[query, None]) & (members < len(self._segment)))
        self._charge(len(row), near.size + members.size + least.size)
        return query[row], members[row, column], d2[row, column]

    def _charge(self, n_rows: int, n_pairs: int) -> None:
        """Charge a call of some array functions for what it looked at."""
        seconds = n_rows * _ROW + n_pairs * _PAIR
        self.seconds += seconds
        spend(_CALL + seconds)

    def _kth(self, d2: FloatArray) -> FloatArray:
        """Return within which squared distance there are enough voters in each row of d2."""
        if self._k > d2.shape[1]:
            return np.full(len(d2), np.inf)
        return np.asarray(np.partition(d2, self._k - 1, axis=1)[:, self._k - 1] * _SLACK)

    def _squares(self, c: FloatArray, f: FloatArray, point: IntArray) -> FloatArray:
        dc, df = self._at[0][point] - c, self._at[1][point] - f
        return np.asarray(dc * dc + self._ratio * (df * df))

    def _settle_ties(
        self, queries: FloatArray, query: IntArray, point: IntArray, d2: FloatArray
    ) -> None:
        """Put neighbouring rows in their exact order where doubles cannot tell, in place."""
        at, swapped, parity = np.arange(len(query) - 1), [True, True], 0
        while any(swapped):  # every other pair at a time, so that none has a row of another
            i = at[parity::2]
            i = i[(query[i + 1] == query[i]) & (d2[i + 1] <= d2[i] * _SLACK)]
            i = i[self._is_before(queries[query[i]].T, point[i + 1], point[i])]
            for column in (point, d2):
                column[i], column[i + 1] = column[i + 1], column[i]
            self._charge(0, 10 * len(at))
            swapped[parity] = len(i) > 0
            parity = 1 - parity

    def _is_before(self, query: FloatArray, p: IntArray, q: IntArray) -> Mask:
        """Tell which p come before their q: `segmenter.classifier.exact_distance.is_before`."""
        c, f = query
        (pc, pf), (qc, qf) = self._at[:, p], self._at[:, q]
        a, a_low = _two_product(qc - pc, (c - pc) + (c - qc))
        b, b_low = _two_product(np.full_like(pf, self._ratio), (pf - qf) * ((f - pf) + (f - qf)))
        is_low = np.where(a_low != b_low, a_low < b_low, p < q)
        return np.asarray(np.where(a != b, a < b, is_low), dtype=np.bool_)

    def _vote(self, voters: _Voters) -> tuple[CodeArray, IntArray, Mask]:
        """Return of each query the winner, the row of its nearest voter, and whether it was tied.

        Tied segments yield to the one with the nearest neighbour.
        """
        segment = self._segment[voters.point]
        ballots = np.zeros((len(voters.first), self._n_segments), np.int64)
        np.add.at(ballots, (voters.query, segment), voters.votes)
        is_most = ballots == ballots.max(axis=1)[:, None]
        rows = np.arange(len(segment))
        for_most = np.where(is_most[voters.query, segment], rows, len(rows))
        decider = np.minimum.reduceat(for_most, voters.first)
        return segment[decider], decider, is_most.sum(axis=1) > 1

    def _probe(self, cents: IntArray, frequency: IntArray) -> _Places:
        """Classify places of lines, and note what the proofs need."""
        queries = np.stack([cents, frequency], axis=1).astype(np.float64)
        found = [self._noted(queries[piece]) for piece in self._pieces(len(queries))]
        found = found or [self._noted(queries)]
        noted = [np.concatenate(column) for column in zip(*found, strict=True)]
        return _Places(cents, frequency, *noted)

    def _noted(self, queries: FloatArray) -> tuple[NDArray[np.generic], ...]:
        n = len(queries)
        if n == 0:
            none = np.empty(0, np.int64)
            return none.astype(np.int32), np.empty(0), np.empty((0, self._k), np.int64), none, none
        voters = self._voters(queries)
        code, decider, is_tied = self._vote(voters)
        sizes = np.diff(np.append(voters.first, len(voters.query)))
        last = voters.first + sizes - 1
        point = np.full((n, self._k), _NOBODY)
        by_number = np.lexsort((voters.point, voters.query))
        column = np.arange(len(voters.query)) - voters.first[voters.query]
        point[voters.query, column] = voters.point[by_number]
        in_part = voters.votes[last] < self._customers[voters.point[last]]
        return (
            code,
            np.sqrt(voters.d2[last]),
            point,
            np.where(in_part, voters.point[last], _NOBODY),
            np.where(is_tied, voters.point[decider], _NOBODY),
        )

    def _is_open(self, left: _Places, right: _Places) -> Mask:
        """Tell in which intervals the segment may change, or where is not known yet."""
        is_open = right.cents - left.cents > 1
        same_code = left.code == right.code
        same_voters = (
            (left.point == right.point).all(axis=1)
            & (left.last == right.last)
            & (left.decider == right.decider)
        )
        is_open &= ~(same_code & same_voters)
        asked = np.flatnonzero(is_open & same_code)
        is_open[asked] = ~self._is_pure(left.at(asked), right.at(asked))
        return is_open

    def _is_pure(self, left: _Places, right: _Places) -> Mask:
        """Proof (b): tell between which ends only points of one segment can vote."""
        a, b, f = (x.astype(np.float64) for x in (left.cents, right.cents, left.frequency))
        within = 0.5 * (left.distance + right.distance + (b - a)) * _WIDER
        within *= within
        is_pure = np.ones(len(a), np.bool_)
        for piece in self._pieces(len(a)):
            gap_c, gap_f = self._tiles.gaps(a[piece], b[piece], f[piece])
            is_near = gap_c * gap_c + self._ratio * (gap_f * gap_f) <= within[piece, None]
            i, tile = np.nonzero(is_near & (self._only != left.code[piece, None]))
            i += piece.start
            members = self._tiles.member[tile]
            self._charge(0, gap_c.size + members.size)
            at = self._at[:, members]
            dc = np.maximum(np.maximum(a[i, None] - at[0], at[0] - b[i, None]), 0.0)
            df = at[1] - f[i, None]
            others = np.append(self._segment, _NOBODY)[members] != left.code[i, None]
            others &= dc * dc + self._ratio * (df * df) <= within[i, None]
            is_pure[i[others.any(axis=1)]] = False
        return is_pure


def _two_product(a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return ``fl(a b)`` and its rounding error (Dekker 1971)."""
    high = a * b
    t = _SPLITTER * a
    a1 = t - (t - a)
    a2 = a - a1
    t = _SPLITTER * b
    b1 = t - (t - b)
    b2 = b - b1
    return high, ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2
