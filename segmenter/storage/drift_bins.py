"""Bins: the training profile in a few numbers, which later profiles are compared with.

They are tenths of the customers: enough to see a distribution move, and of no use to find a
customer in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from segmenter.classifier.rules import Rules
from segmenter.points import IntArray, Points

__all__ = ["MAX_BINS", "MIN_CUSTOMERS", "Bin", "training_bins"]

MAX_BINS = 10

MIN_CUSTOMERS = 30
"""Fewer customers in a bin would let chance alone look like drift."""


class Bin(NamedTuple):
    """A row of ``segments_internal.model_bins``."""

    metric: str
    bin: int
    lower_edge: float | None
    upper_edge: float | None
    segment: str | None
    customers: int
    share_of_customers: float


def training_bins(points: Points, rules: Rules, names: Sequence[str], whales: int) -> list[Bin]:
    """Return the bins of a training profile: of both metrics, of the segments, of the whales.

    Parameters
    ----------
    points : Points
    rules : Rules
        They say who is in which segment, as they do for later profiles.
    names : sequence of str
        Of the segments.
    whales : int
        Customers above the cut, who are no part of the training profile.

    Examples
    --------
    >>> from segmenter.classifier.rules import OPEN_HIGH, OPEN_LOW
    >>> everywhere = np.array([0]), np.array([OPEN_HIGH]), np.array([OPEN_LOW])
    >>> rules = Rules(*everywhere, np.array([OPEN_HIGH]), np.array([0], np.int32))
    >>> points = Points.group(np.arange(1, 91) * 100, np.ones(90))
    >>> for each in training_bins(points, rules, ["All"], whales=10):
    ...     print(each.metric, each.lower_edge, each.upper_edge, each.customers)
    monetary -inf 30.0 30
    monetary 30.0 60.0 30
    monetary 60.0 inf 30
    frequency -inf inf 90
    segment None None 90
    whale None None 90
    whale None None 10
    """
    codes = rules.lookup(points.cents, points.frequency)
    found = list(_bins("monetary", points.cents, points.customers, 100))
    order = np.argsort(points.frequency, kind="stable")
    found += _bins("frequency", points.frequency[order], points.customers[order], 1)
    n = points.n_customers
    for rank, name in enumerate(names, start=1):
        customers = int(points.customers[codes == rank - 1].sum())
        found.append(Bin("segment", rank, None, None, name, customers, customers / n))
    for number, customers in enumerate((n, whales), start=1):
        found.append(Bin("whale", number, None, None, None, customers, customers / (n + whales)))
    return found


def _bins(metric: str, values: IntArray, customers: IntArray, unit: int) -> Iterator[Bin]:
    """Divide ascending values so that the bins hold equally many customers, ties together."""
    ends = np.flatnonzero(np.append(values[1:] != values[:-1], True))
    levels, up_to = values[ends], np.cumsum(customers)[ends]
    n = int(up_to[-1])
    n_bins = max(1, min(MAX_BINS, n // MIN_CUSTOMERS))
    wanted = np.array([-(-n * part // n_bins) for part in range(1, n_bins)], dtype=np.int64)
    last = np.unique(np.append(np.searchsorted(up_to, wanted), len(levels) - 1))
    counts = np.diff(up_to[last], prepend=0)
    edges = [-np.inf, *(levels[last[:-1]] / unit).tolist(), np.inf]
    for number, count in enumerate(counts.tolist()):
        lower, upper = edges[number : number + 2]
        yield Bin(metric, number + 1, float(lower), float(upper), None, count, count / n)
