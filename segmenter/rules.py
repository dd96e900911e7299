"""The nearest-neighbour classifier as rectangles: thresholds that SQL can compare.

Frequency is a whole number, so the classifier is a family of functions ``monetary -> segment``,
one for each frequency, each constant between a few breakpoints that `segmenter.knn_line` finds
and proves. Frequencies in a row with the same breakpoints and segments become one range. Nothing
is approximated: the rules and the search agree on every profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from segmenter.knn import NearestNeighbors
from segmenter.knn_line import only_segments, walk
from segmenter.knn_tree import CodeArray
from segmenter.points import IntArray

__all__ = ["MAX_LINES", "OPEN_HIGH", "OPEN_LOW", "Rules", "compile_rules"]

OPEN_LOW = int(np.iinfo(np.int64).min)
"""`Rules.cents_from` of a rectangle without a lower bound."""

OPEN_HIGH = int(np.iinfo(np.int64).max)
"""`Rules.cents_below` without an upper bound, and the last `Rules.frequency_to`."""

MAX_LINES = 200_000
"""Most frequencies, occupied or not, that are looked at one by one."""


@dataclass(frozen=True)
class Rules:
    """Rectangles that cover every profile exactly once, by (frequency_from, cents_from).

    Parameters
    ----------
    frequency_from, frequency_to : ndarray of int64, shape (n_rules,)
        Both inclusive: from 0 to `OPEN_HIGH` over all rules.
    cents_from, cents_below : ndarray of int64, shape (n_rules,)
        From inclusive to exclusive: `OPEN_LOW` to `OPEN_HIGH` within each range of frequencies.
    segment : ndarray of int32, shape (n_rules,)
        Segment codes.
    """

    frequency_from: IntArray
    frequency_to: IntArray
    cents_from: IntArray
    cents_below: IntArray
    segment: CodeArray

    def __len__(self) -> int:
        return len(self.segment)

    def lookup(self, cents: ArrayLike, frequency: ArrayLike) -> CodeArray:
        """Return the segment codes, int32 of shape (m,), of profiles: O(m log n_rules).

        Parameters
        ----------
        cents, frequency : array-like of int, shape (m,)
            A negative frequency counts as 0.
        """
        c = np.asarray(cents, dtype=np.int64)
        f = np.maximum(np.asarray(frequency, dtype=np.int64), 0)
        ranges, first = np.unique(self.frequency_from, return_index=True)
        of_range = np.searchsorted(ranges, f, side="right") - 1
        low, high = first[of_range], np.append(first, len(self))[of_range + 1]
        while np.any(high - low > 1):
            middle = (low + high) >> 1
            above = self.cents_from[middle] <= c
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        return self.segment[low]


class _Line(NamedTuple):
    """The classifier at one frequency, from ``frequency`` on: codes from each start on."""

    frequency: int
    starts: IntArray
    codes: CodeArray


def compile_rules(neighbors: NearestNeighbors, *, max_rules: int) -> Rules:
    """Turn a classifier into the rectangles on which it is constant.

    Parameters
    ----------
    neighbors : NearestNeighbors
    max_rules : int
        What the caller can use. More are returned all the same, up to `MAX_LINES` or this.

    Returns
    -------
    Rules
        ``rules.lookup`` equals ``neighbors.classify_cents`` everywhere.

    Raises
    ------
    SegmenterError
        The points span more than `MAX_LINES` frequencies.

    Notes
    -----
    Time grows with the number of frequencies between the smallest and the largest, and with the
    number of breakpoints: some 100 searches each, O(log n_points) a search.
    """
    low, high = neighbors.frequency_range
    tree = neighbors.tree
    only = only_segments(tree)
    lines: list[_Line] = []
    for frequency in range(low, high + 1):
        starts, codes = walk(tree, only, float(frequency), *neighbors.cents_range)
        if not lines or not (
            np.array_equal(lines[-1].starts, starts) and np.array_equal(lines[-1].codes, codes)
        ):
            lines.append(_Line(frequency, starts, codes))
    return _to_rules(lines)


def _to_rules(lines: list[_Line]) -> Rules:
    sizes = [len(line.starts) for line in lines]
    begins = [0, *(line.frequency for line in lines[1:])]
    ends = [*(line.frequency - 1 for line in lines[1:]), OPEN_HIGH]
    cents_from, cents_below = [], []
    for line in lines:
        cents_from += [[OPEN_LOW], line.starts[1:]]
        cents_below += [line.starts[1:], [OPEN_HIGH]]
    return Rules(
        frequency_from=np.repeat(np.array(begins, np.int64), sizes),
        frequency_to=np.repeat(np.array(ends, np.int64), sizes),
        cents_from=np.concatenate(cents_from).astype(np.int64),
        cents_below=np.concatenate(cents_below).astype(np.int64),
        segment=np.concatenate([line.codes for line in lines]),
    )
