"""The straight line between the two parts of a split, and whether it runs downwards anywhere.

Consolidated parts lie on the two sides of one line. Written as

    monetary_weight * monetary + frequency_weight * frequency >= threshold

for the higher part, both weights tell what one more of each counts. With both above zero, more
money or more orders never lead to the lower part.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.points import Points

__all__ = ["Line", "bisector", "has_reversed_pair", "order_worth", "score", "score_line"]


class Line(NamedTuple):
    """A line, with the weight 1 for money in the currency, or for orders where money counts not.

    The threshold is in the currency, or in orders.
    """

    monetary_weight: float
    frequency_weight: float
    threshold: float

    def is_higher(self, points: Points) -> NDArray[np.bool_]:
        """Tell which points, shape (n,), are on the side of the higher part."""
        money = self.monetary_weight * (points.cents / 100)
        return money + self.frequency_weight * points.frequency >= self.threshold


def bisector(higher: Points, lower: Points, ratio: float) -> Line:
    """Return the line on which a profile is equally near to both means.

    Parameters
    ----------
    higher, lower : Points
    ratio : float
        The scaling r, in which distances are measured.
    """
    (c1, f1), (c0, f0) = higher.mean(), lower.mean()
    money, orders = (c1 - c0) / 100, ratio * (f1 - f0) / 1e4
    middle_money, middle_orders = (c1 + c0) / 200, (f1 + f0) / 2
    if money == 0:
        return Line(0.0, 1.0, middle_orders)
    weight = orders / money
    return Line(1.0, weight, middle_money + weight * middle_orders)


def order_worth(points: Points) -> int:
    """Return how many cents count as much as one order in a score, at least 1.

    That is the ratio of the two standard deviations, in whole cents: the score is the sum of both
    z-scores, but for a constant factor. Where orders fall so much with money that the score would
    spread less than money does, it is 0, and the score is money alone.
    """
    worth = max(1, round(math.sqrt(points.scaling())))
    room = 2**52 - int(np.abs(points.cents).max())  # scores stay exact doubles
    worth = max(1, min(worth, room // (int(points.frequency.max()) + 1)))
    spread = score(points, worth).variance_of_cents()
    return worth if spread > 0 and spread >= points.variance_of_cents() else 0


def score(points: Points, worth: int) -> Points:
    """Return ``cents + worth * frequency`` of each point in the place of its cents."""
    along = points.cents + worth * points.frequency
    return Points(along, np.zeros_like(along), points.customers)


def score_line(higher: Points, lower: Points, worth: int) -> Line:
    """Return the line that is equally near to the mean scores of both (see `score`)."""
    return Line(1.0, worth / 100, (higher.mean()[0] + lower.mean()[0]) / 200)


def has_reversed_pair(points: Points, is_higher: NDArray[np.bool_]) -> bool:
    """Tell whether a lower point has at least the money and the orders of a higher one."""
    order = np.lexsort((points.frequency, points.cents))
    orders, higher = points.frequency[order], is_higher[order]
    least = np.minimum.accumulate(np.where(higher, orders, np.iinfo(np.int64).max))
    return bool(np.any(~higher & (orders >= least)))
