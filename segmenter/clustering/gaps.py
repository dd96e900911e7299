"""The gap index: whether customers are rarer between two neighbouring segments.

It looks at the density of the customers of both along the way from one to the other: both metrics
in logarithms and scaled by their spread, orders moved by up to half an order either way, so that
whole numbers leave no holes (where money is a multiple of orders, orders alone), a normal kernel as
wide as the normal rule says. The index is the lowest density between the medians over the lower of
the two peaks beside it: 1 where the line cuts a crowd, 0 where nobody stands. Of more than 50,000
points every second, third and so on is looked at.

The rule of the kernel: Silverman, "Density Estimation for Statistics and Data Analysis" (1986).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from segmenter.clustering.segmentation import Segmentation, Split
from segmenter.points import Points

__all__ = ["GAP", "gap_index", "is_gap", "with_gaps"]

GAP = 0.5
"""Below this there is a gap."""

FloatArray = NDArray[np.float64]

_ONE_NUMBER = 0.999
_MOST = 50_000
_BINS = 4096
_COPIES = 16
_DIGITS = 6
"""Of an index: logarithms and sums of doubles differ beyond them between processors."""

_GOLDEN = (5**0.5 - 1) / 2


def with_gaps(segmentation: Segmentation) -> Segmentation:
    """Return the segmentation with the gap index of each split in its audit.

    Each split parts two segments that follow each other: the lowest of its higher part, and the
    highest of its lower one.
    """
    names, codes = segmentation.names, segmentation.codes
    found = []
    for split in segmentation.splits:
        index = None
        if split.higher_segments and split.lower_segments:
            above, below = split.higher_segments[-1], split.lower_segments[0]
            index = gap_index(
                segmentation.points.take(codes == names.index(below)),
                segmentation.points.take(codes == names.index(above)),
            )
        found.append(replace(split, gap_index=index))
    return replace(segmentation, splits=tuple(found))


def is_gap(split: Split) -> bool:
    """Tell whether the two segments at the line of a split stand apart."""
    return split.gap_index is not None and split.gap_index < GAP


def gap_index(one: Points, other: Points) -> float | None:
    """Return the gap index between two groups of customers.

    Parameters
    ----------
    one, other : Points

    Returns
    -------
    float or None
        From 0 to 1; None where the medians of both are the same profile.

    Notes
    -----
    O(n_points) time and memory.
    """
    profiles = [_logarithms(points) for points in (one, other)]
    weights = [profile[2] for profile in profiles]
    spread = _spread(np.concatenate([p[:2] for p in profiles], axis=1), np.concatenate(weights))
    scaled = [profile[:2] / spread[:, None] for profile in profiles]
    medians = [
        np.array([_median(axis, w) for axis in both])
        for both, w in zip(scaled, weights, strict=True)
    ]
    way = medians[1] - medians[0]
    if _is_one_number(one, other):
        way[0] = 0.0
    if not way.any():
        return None
    along = [way @ both for both in scaled]
    ends = sorted(_median(values, w) for values, w in zip(along, weights, strict=True))
    if ends[0] == ends[1]:
        return None
    inside = [_spread(values[None, :], w)[0] for values, w in zip(along, weights, strict=True)]
    within = np.concatenate([np.full(len(w), s * s) for s, w in zip(inside, weights, strict=True)])
    weight = np.concatenate(weights)
    spread_within = float((within @ weight / weight.sum()) ** 0.5)
    return _lowest_over_peaks(np.concatenate(along), weight, ends, spread_within)


def _is_one_number(*groups: Points) -> bool:
    """Tell whether money is a multiple of orders, as of subscriptions: then it has their holes."""
    cents = np.concatenate([points.cents for points in groups])
    orders = np.concatenate([points.frequency for points in groups])
    weights = np.concatenate([points.customers for points in groups]).astype(np.float64)
    axes = np.stack([cents, orders]).astype(np.float64)
    around = axes - ((axes @ weights) / weights.sum())[:, None]
    both = (around[0] * around[1]) @ weights
    apart = ((around * around) @ weights).prod() ** 0.5
    return bool(apart > 0 and both / apart > _ONE_NUMBER)


def _logarithms(points: Points) -> FloatArray:
    """Return log money, log orders and the weight of each customer, or of a part of equal ones."""
    points = points.take(np.arange(0, len(points), 1 + len(points) // _MOST))
    copies = np.minimum(points.customers, _COPIES)
    cents = np.repeat(np.maximum(points.cents, 1), copies)
    orders = np.repeat(np.maximum(points.frequency, 1), copies)
    moved = orders + (np.arange(1, len(orders) + 1) * _GOLDEN) % 1 - 0.5
    return np.stack([np.log(cents), np.log(moved), np.repeat(points.customers / copies, copies)])


def _spread(axes: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the standard deviation of each axis, 1 where there is none."""
    share = weights / weights.sum()
    around = axes - (axes @ share)[:, None]
    deviation = np.sqrt((around * around) @ share)
    deviation[deviation == 0] = 1.0
    return np.asarray(deviation)


def _median(values: FloatArray, weights: FloatArray) -> float:
    order = np.argsort(values, kind="stable")
    up_to = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(up_to, up_to[-1] / 2)]])


def _lowest_over_peaks(
    values: FloatArray, weights: FloatArray, ends: list[float], spread: float
) -> float:
    """Return the lowest density between two places over the lower of the peaks on its two sides."""
    width = 1.06 * spread * float(weights.sum()) ** -0.2
    if width == 0:
        return 0.0  # two profiles, and nobody between them
    first, last = values.min() - 3 * width, values.max() + 3 * width
    counts, edges = np.histogram(values, bins=_BINS, range=(first, last), weights=weights)
    step = float(edges[1] - edges[0])
    reach = int(4 * width / step) + 1
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / width) ** 2)
    density = np.convolve(counts, kernel, mode="full")[reach : reach + len(counts)]
    place = [min(int((end - first) / step), _BINS - 1) for end in ends]
    lowest = place[0] + int(np.argmin(density[place[0] : place[1] + 1]))
    peak = min(density[: lowest + 1].max(), density[lowest:].max())
    return round(float(density[lowest] / peak), _DIGITS)
