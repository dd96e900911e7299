"""The nearest-neighbour classifier as rectangles: thresholds that SQL can compare.

Frequency is a whole number, so the classifier is a family of functions ``monetary -> segment``,
one for each frequency, each constant between a few breakpoints that `breakpoints` finds and proves.
Frequencies in a row with the same breakpoints and segments become one range. Nothing is
approximated: the rules and the search agree on every profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from segmenter.errors import InputError
from segmenter.formatting import counted
from segmenter.points import CodeArray, IntArray

if TYPE_CHECKING:
    from segmenter.classifier.knn import NearestNeighbors

__all__ = ["MAX_FREQUENCIES", "MAX_RECTANGLES", "OPEN_HIGH", "OPEN_LOW", "Rules", "compile_rules"]

OPEN_LOW = int(np.iinfo(np.int64).min)
"""`Rules.cents_from` of a rectangle without a lower bound."""

OPEN_HIGH = int(np.iinfo(np.int64).max)
"""`Rules.cents_below` without an upper bound, and the last `Rules.frequency_to`."""

MAX_FREQUENCIES = 100_000
"""Most whole numbers from the smallest to the largest frequency: each is looked at by itself."""

MAX_RECTANGLES = 1_000_000
"""Most rectangles that are worth keeping: labels are looked up in them by a join."""


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
        return self.segment[self.rectangle(cents, frequency)]

    def corners(self) -> tuple[IntArray, IntArray]:
        """Return where each rectangle begins: cents and frequency, int64 of shape (n_rules,)."""
        return self.cents_from, self.frequency_from

    def rectangle(self, cents: ArrayLike, frequency: ArrayLike) -> IntArray:
        """Return the number of the rule that each profile falls under, as `lookup`."""
        c = np.asarray(cents, dtype=np.int64)
        f = np.maximum(np.asarray(frequency, dtype=np.int64), 0)
        ranges, first = np.unique(self.frequency_from, return_index=True)
        of_range = np.searchsorted(ranges, f, side="right") - 1
        low, high = first[of_range], np.append(first, len(self))[of_range + 1]
        while np.any(high - low > 1):
            middle = (low + high) >> 1
            above = self.cents_from[middle] <= c
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        return low


class _Line(NamedTuple):
    """The classifier from one frequency on: segment codes from each start on."""

    frequency: int
    starts: IntArray
    codes: CodeArray


def compile_rules(neighbors: NearestNeighbors, *, max_rules: int, monotone: bool = False) -> Rules:
    """Turn a classifier into the rectangles on which it is constant.

    Parameters
    ----------
    neighbors : NearestNeighbors
    max_rules : int
        How many the caller has a use for. It gets more all the same, up to `MAX_RECTANGLES`:
        compare it with ``len(rules)``.
    monotone : bool, default False
        Give each profile the highest segment (the smallest code) of all profiles with no more
        money and no more orders: the smallest monotone classifier above the vote. Votes of few
        neighbours, in sparse places, can fall where money or orders rise.

    Returns
    -------
    Rules
        ``rules.lookup`` equals ``neighbors.classify_cents`` everywhere; if monotone, that of
        ``neighbors.raised(*rules.corners())``.

    Raises
    ------
    InputError
        Frequencies reach over more than `MAX_FREQUENCIES` whole numbers, or there are more
        rectangles than `MAX_RECTANGLES` and `max_rules`.

    Notes
    -----
    Time grows with the frequencies from the smallest to the largest, occupied or not, and with
    the breakpoints: around 100 searches, O(log n_points) each, a breakpoint and frequency.

    Examples
    --------
    >>> from segmenter.classifier.knn import NearestNeighbors
    >>> from segmenter.points import Points
    >>> points = Points.group([100, 200, 900], [1, 1, 1])
    >>> neighbors = NearestNeighbors(points, [1, 1, 0], ratio=0.0, n_neighbors=1)
    >>> compile_rules(neighbors, max_rules=10).cents_from[1:].tolist()
    [551]
    """
    low, high = neighbors.frequency_range
    if high - low >= MAX_FREQUENCIES:
        raise InputError(
            f"frequency goes from {low:,} to {high:,}; up to {MAX_FREQUENCIES:,} whole numbers "
            "can be compiled. Count orders, visits or days instead of single lines or clicks."
        )
    lines: list[_Line] = []
    n_rules = 0
    raised = _Raised(neighbors.n_segments)
    for frequency, (starts, codes) in enumerate(neighbors.lines(), start=low):
        if monotone:
            starts, codes = raised.line(starts, codes)
        if lines and _is_equal(lines[-1], starts, codes):
            continue
        lines.append(_Line(frequency, starts, codes))
        n_rules += len(starts)
        if n_rules > max(max_rules, MAX_RECTANGLES):
            raise InputError(
                f"the classifier needs more than {counted(n_rules - 1, 'rule')}. "
                "Raise n_neighbors for "
                "smoother boundaries, or count orders instead of single lines or clicks."
            )
    return _to_rules(lines)


class _Raised:
    """From which cents on each segment, or a higher one, was reached at fewer orders."""

    def __init__(self, n_segments: int) -> None:
        self._from = np.full(n_segments, OPEN_HIGH, np.int64)

    def line(self, starts: IntArray, codes: CodeArray) -> tuple[IntArray, CodeArray]:
        """Raise the classifier along the next frequency."""
        first = np.full_like(self._from, OPEN_HIGH)
        np.minimum.at(first, codes, starts)
        np.minimum(self._from, np.minimum.accumulate(first), out=self._from)
        is_step = self._from < np.append(OPEN_HIGH, self._from[:-1])
        steps = np.flatnonzero(is_step)[::-1]  # from the lowest segment upwards
        return self._from[steps], steps.astype(np.int32)


def _is_equal(line: _Line, starts: IntArray, codes: CodeArray) -> bool:
    return np.array_equal(line.starts, starts) and np.array_equal(line.codes, codes)


def _to_rules(lines: list[_Line]) -> Rules:
    sizes = [len(line.starts) for line in lines]
    begins = np.array([line.frequency for line in lines], np.int64)
    begins[0] = 0
    below = np.concatenate([np.append(line.starts[1:], OPEN_HIGH) for line in lines])
    start = np.concatenate([line.starts for line in lines])
    start[np.cumsum(sizes) - sizes] = OPEN_LOW
    return Rules(
        frequency_from=np.repeat(begins, sizes),
        frequency_to=np.repeat(np.append(begins[1:] - 1, OPEN_HIGH), sizes),
        cents_from=start,
        cents_below=below,
        segment=np.concatenate([line.codes for line in lines]),
    )
