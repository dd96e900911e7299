"""The coordinates in which blocks are clustered: money and orders, or the logarithms of both.

In logarithms twice as much is as far as half as much, wherever a customer stands. Of nothing, or of
less, there is no logarithm, and a cent would be as far from the rest as a giant in plain money. So
at the low end money has the same cut as at the high end: what is below the quantile ``1 - cut`` of
the training customers, or is no money at all, counts as the smallest amount above.

Logarithms are whole numbers, of 1e-8 for money and of 1e-6 for orders, so that everything which is
exact over cents is exact here. A processor's own logarithm may differ in its last digit from
another's; this one is made of additions, multiplications and divisions, which all round alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from segmenter.clustering.segmentation import Split
from segmenter.errors import InputError
from segmenter.points import IntArray, Points, distinct_pairs
from segmenter.settings import Settings

__all__ = ["Scaled", "natural_logarithm", "scaled"]

Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]

_ORDERS_UNIT = 1e6
_CENTS_UNIT = 100 * _ORDERS_UNIT
"""A hundredth of that of orders, as a cent is of the currency: lines then have the same form."""

_LN_2 = 0.6931471805599453
_LN_100 = 4.605170185988092
_TERMS = 12
"""Of the series: the thirteenth is below the last digit."""


@dataclass(frozen=True)
class Scaled:
    """Points in the coordinates that they are clustered in.

    Attributes
    ----------
    points : Points
        As they are.
    at : Points
        In coordinates; those of several points may be equal, which are then one.
    group : ndarray of int64, shape (n_points,), or None
        The place in `at` of each point; None where both are the same.
    """

    points: Points
    at: Points
    group: IntArray | None = None

    @property
    def height_unit(self) -> float:
        """What a height of Ward's tree is counted in: cents of the currency, or of a logarithm."""
        return 100.0 if self.group is None else _CENTS_UNIT

    def of_points(self, values: Labels) -> Labels:
        """Return what is known of coordinates, shape (n_at,), for each point."""
        return values if self.group is None else values[self.group]

    def asked_of_points(self, ask: Callable[[Mask], bool] | None) -> Callable[[Mask], bool] | None:
        """Return a question about points as one about coordinates."""
        if ask is None or self.group is None:
            return ask
        group = self.group
        return lambda block: ask(block[group])

    def in_units(self, split: Split) -> Split:
        """Return a split of coordinates with its figures in natural logarithms.

        The line is then ``monetary_weight * ln(monetary) + frequency_weight * ln(frequency)``.
        """
        if self.group is None:
            return split
        height, below = split.height / _ORDERS_UNIT, split.next_height
        threshold = split.threshold
        if threshold is not None:
            cents = _LN_100 if split.monetary_weight else 0.0
            threshold = threshold / _ORDERS_UNIT - cents
        return replace(
            split,
            scaling=split.scaling / (_CENTS_UNIT / _ORDERS_UNIT) ** 2,
            height=height,
            next_height=None if below is None else below / _ORDERS_UNIT,
            threshold=threshold,
        )


def scaled(points: Points, settings: Settings, base: Points | None = None) -> Scaled:
    """Return points in the coordinates that the setting ``scale`` asks for.

    Parameters
    ----------
    points : Points
    settings : Settings
    base : Points, optional
        All training points, where `points` are a block of them: they say which money is too
        little to count as it is.

    Raises
    ------
    InputError
        Logarithms of money are asked for, and nobody has spent anything.
    """
    if settings.scale == "linear":
        return Scaled(points, points)
    money = np.maximum(points.cents, _least(base or points, settings.cut))
    c = _in_units(money, _CENTS_UNIT)
    f = _in_units(np.maximum(points.frequency, 1), _ORDERS_UNIT)
    order, place = distinct_pairs(c, f)
    group = np.empty(len(points), np.int64)
    group[order] = place
    return Scaled(points, Points.group(c, f, points.customers), group)


def natural_logarithm(values: IntArray) -> NDArray[np.float64]:
    """Return the natural logarithms of positive whole numbers, shape (n,), the same everywhere.

    Of ``value = m * 2^e`` with m near 1 it is ``e ln(2) + 2 atanh((m - 1) / (m + 1))``, and the
    second by its series.

    Examples
    --------
    >>> natural_logarithm(np.array([1, 2, 100])).round(12).tolist()
    [0.0, 0.69314718056, 4.605170185988]
    """
    fraction, exponent = np.frexp(values.astype(np.float64))
    is_small = fraction < math.sqrt(0.5)
    fraction = np.where(is_small, 2 * fraction, fraction)
    exponent = exponent - is_small
    z = (fraction - 1) / (fraction + 1)
    square = z * z
    series = np.zeros_like(z)
    for term in range(_TERMS, -1, -1):
        series = series * square + 1 / (2 * term + 1)
    return np.asarray(exponent * _LN_2 + 2 * (z * series))


def _in_units(values: IntArray, unit: float) -> IntArray:
    return np.rint(natural_logarithm(values) * unit).astype(np.int64)


def _least(points: Points, cut: float) -> int:
    """Return the smallest money that counts as it is, in cents."""
    positive = points.cents[points.cents > 0]
    if not len(positive):
        raise InputError(
            "scale = 'log' needs customers who have spent something, and the money of all of them "
            "is 0 or less. Use scale = 'linear'."
        )
    up_to = np.cumsum(points.customers)
    place = int(np.searchsorted(up_to, math.floor((1 - cut) * points.n_customers), side="right"))
    return max(int(positive.min()), int(points.cents[min(place, len(points) - 1)]))
