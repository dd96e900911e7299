"""Points: the distinct profiles that the clustering sees, each with its number of customers.

A profile is a whole number of cents and a whole number of orders, so everything that the
geometry needs is computed from integers. Distances are

    d2 = (difference in cents)^2 + r * (difference in frequency)^2

with one number, the scaling ``r = var(cents) / var(frequency)``: z-scores up to a constant factor.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmenter.errors import InputError

__all__ = [
    "MAX_CENTS",
    "MAX_CUSTOMERS",
    "MAX_FREQUENCY",
    "CodeArray",
    "IntArray",
    "Points",
    "distinct_pairs",
]

CodeArray = NDArray[np.int32]
IntArray = NDArray[np.int64]

MAX_CENTS = 2**50
"""Largest size of a monetary value in cents: sums and differences of two stay exact doubles."""

MAX_FREQUENCY = 2**25
"""Largest frequency: its square stays an exact double."""

MAX_CUSTOMERS = 2**31 - 1
"""Most customers of all points together: with more, exact sums of squares leave 64 bits."""


def distinct_pairs(first: NDArray[Any], second: NDArray[Any]) -> tuple[IntArray, IntArray]:
    """Return an ascending order of pairs, and in that order the number of each distinct pair.

    Parameters
    ----------
    first, second : ndarray, shape (n,)

    Examples
    --------
    >>> order, group = distinct_pairs(np.array([5, 1, 5]), np.array([2, 9, 2]))
    >>> order.tolist(), group.tolist()
    ([1, 0, 2], [0, 1, 1])
    """
    order = np.lexsort((second, first))
    a, b = first[order], second[order]
    is_new = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    return order, np.concatenate([[0][: len(order)], np.cumsum(is_new)]).astype(np.int64)


@dataclass(frozen=True)
class Points:
    """Distinct profiles in ``(cents, frequency)`` order.

    Parameters
    ----------
    cents, frequency, customers : ndarray of int64, shape (n_points,)
        Monetary in cents, number of orders, and how many customers share the two.
        Strictly increasing in ``(cents, frequency)``; `group` makes such arrays of any others.
    """

    cents: IntArray
    frequency: IntArray
    customers: IntArray

    @classmethod
    def group(cls, cents: Any, frequency: Any, customers: Any = None) -> Points:
        """Sort profiles and add up the customers of equal ones.

        Parameters
        ----------
        cents, frequency : array-like of int, shape (n,)
        customers : array-like of int, shape (n,), optional
            How often each profile counts, at least 1; once when absent.

        Raises
        ------
        InputError
            A profile beyond `MAX_CENTS` or `MAX_FREQUENCY`, a count below 1, or more customers in
            all than `MAX_CUSTOMERS`.
        """
        c = np.ascontiguousarray(cents, dtype=np.int64)
        f = np.ascontiguousarray(frequency, dtype=np.int64)
        w = np.ones(len(c), np.int64) if customers is None else np.asarray(customers, np.int64)
        _check_range(c, f, w)
        order, group = distinct_pairs(c, f)
        starts = np.flatnonzero(np.diff(group, prepend=-1))
        counts = np.add.reduceat(w[order], starts) if len(starts) else w
        first = order[starts]
        return cls(c[first], f[first], counts)

    def __len__(self) -> int:
        return len(self.cents)

    @property
    def n_customers(self) -> int:
        """Number of customers, all points together."""
        return int(self.customers.sum())

    def take(self, index: NDArray[Any]) -> Points:
        """Return the points at a mask or an ascending index."""
        return Points(self.cents[index], self.frequency[index], self.customers[index])

    def scaling(self) -> float:
        """Return ``r = var(cents) / var(frequency)`` over customers, correctly rounded.

        A metric without spread: 0 for frequency, 1 for monetary.
        """
        cents = _scatter(self.cents, self.customers)
        frequency = _scatter(self.frequency, self.customers)
        if frequency == 0:
            return 0.0
        if cents == 0:
            return 1.0
        return cents / frequency

    def variance_of_cents(self) -> Fraction:
        """Return ``var(cents)`` over customers, exactly."""
        return Fraction(_scatter(self.cents, self.customers), self.n_customers**2)

    def exact_mean(self, part: NDArray[np.bool_] | None = None) -> tuple[Fraction, Fraction]:
        """Return mean cents and mean frequency over customers, of all points or of a part."""
        customers = self.customers if part is None else np.where(part, self.customers, 0)
        n = int(customers.sum())
        cents, frequency = (_dot(along, customers) for along in (self.cents, self.frequency))
        return Fraction(cents, n), Fraction(frequency, n)

    def mean(self) -> tuple[float, float]:
        """Return mean cents and mean frequency over customers, correctly rounded."""
        cents, frequency = self.exact_mean()
        return float(cents), float(frequency)


def _check_range(cents: IntArray, frequency: IntArray, customers: IntArray) -> None:
    too_far = np.flatnonzero((cents > MAX_CENTS) | (cents < -MAX_CENTS))
    if len(too_far):
        raise InputError(
            f"monetary {int(cents[too_far[0]]) / 100:,.2f} is beyond what is computed exactly "
            f"({MAX_CENTS / 100:,.0f}). Give amounts in a larger unit, say in thousands."
        )
    beyond = np.flatnonzero((frequency > MAX_FREQUENCY) | (frequency < 0))
    if len(beyond):
        raise InputError(
            f"frequency must be between 0 and {MAX_FREQUENCY:,}, not {int(frequency[beyond[0]]):,}."
        )
    if len(customers) and customers.min() < 1:
        raise InputError(
            f"customers must be at least 1 at every point, not {int(customers.min())}."
        )
    total = customers.sum(dtype=np.float64)
    if total > MAX_CUSTOMERS:
        raise InputError(
            f"the points have {total:,.0f} customers together, and sums are exact up to "
            f"{MAX_CUSTOMERS:,}. Divide customers by the same number in each point."
        )


def _scatter(values: IntArray, weights: IntArray) -> int:
    """Return n * sum(w v^2) - (sum(w v))^2, n^2 times the variance, as an exact integer."""
    shifted = values - values.min()
    used = max(1, -(-int(shifted.max()).bit_length() // 16))
    limbs = [(shifted >> (16 * i)) & 0xFFFF for i in range(used)]
    n, total, squares = int(weights.sum()), 0, 0
    for i, limb in enumerate(limbs):
        weighted = weights * limb
        total += int(weighted.sum()) << (16 * i)
        for j in range(i + 1):
            squares += int(weighted @ limbs[j]) << (16 * (i + j) + (i != j))
    return n * squares - total * total


def _dot(values: IntArray, weights: IntArray) -> int:
    """Return sum(w v) as an exact integer."""
    low = int(values.min())
    shifted = values - low
    high, rest = shifted >> 26, shifted & 0x3FFFFFF
    return (int(weights @ high) << 26) + int(weights @ rest) + low * int(weights.sum())
