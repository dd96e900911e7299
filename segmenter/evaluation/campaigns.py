"""Campaigns: what the treated did beside the held out, and what such a comparison can show.

The difference of spend has the spend before the campaign as its covariate: of each side's mean is
taken what the past explains. With one slope for both sides that is the analysis of covariance
(R. A. Fisher, "Statistical methods for research workers", 4th edition, 1932), and for campaigns on
the web CUPED (Deng, Xu, Kohavi and Walker, "Improving the sensitivity of online controlled
experiments by utilizing pre-experiment data", WSDM 2013). The interval is Welch's on what is left,
so that the sides may vary differently. The difference of the shares that bought has Newcombe's
interval (R. G. Newcombe, "Interval estimation for the difference between independent proportions",
Statistics in Medicine 17, 1998, method 10), from two of Wilson's.

All of it needs no more than sums, which are added up in SQL. SciPy is imported only here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple, Self

__all__ = [
    "ENOUGH",
    "ENOUGH_BUYERS",
    "Interval",
    "Sums",
    "buyers_lift",
    "rate_power",
    "spend_lift",
    "spend_power",
]

ENOUGH = 30
"""With fewer customers on a side nothing is told: no mean of spend is near to normal then."""

ENOUGH_BUYERS = 10
"""With fewer buyers on a side nothing is told of the spend: where nobody bought, nothing varies,
and the interval would take that for certainty."""

_LEVEL = 0.95
_POWER = 0.8


class Interval(NamedTuple):
    """A difference with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def includes_zero(self) -> bool:
        """Whether no effect can be told."""
        return self.low <= 0 <= self.high


@dataclass(frozen=True)
class Sums:
    """What is added up of a group of customers.

    Attributes
    ----------
    customers, buyers : int
        All of them, and those with an order in the period.
    spent, past : int
        What they spent in the period and before it, in whole cents.
    spent_squared, past_squared, product : int
        Sums of the squares of both, and of their product, over the customers.
    """

    customers: int = 0
    buyers: int = 0
    spent: int = 0
    spent_squared: int = 0
    past: int = 0
    past_squared: int = 0
    product: int = 0

    def __add__(self, other: Self) -> Self:
        return type(self)(
            *(
                mine + its
                for mine, its in zip(vars(self).values(), vars(other).values(), strict=True)
            )
        )

    @property
    def rate(self) -> float | None:
        """The share of them that bought."""
        return self.buyers / self.customers if self.customers else None

    @property
    def mean(self) -> float | None:
        """What they spent on average, in the table's currency."""
        return self.spent / self.customers / 100 if self.customers else None

    def scatter(self) -> tuple[float, float, float]:
        """Return the sums of squares around the means, of spend and past, and of products.

        In squared cents; of integers until the one division.
        """
        n = self.customers
        return (
            (n * self.spent_squared - self.spent * self.spent) / n,
            (n * self.past_squared - self.past * self.past) / n,
            (n * self.product - self.spent * self.past) / n,
        )


def spend_lift(treated: Sums, held_out: Sums) -> Interval | None:
    """Return how much more the treated spent than the held out, a customer.

    Parameters
    ----------
    treated, held_out : Sums

    Returns
    -------
    Interval or None
        In the table's currency, with the past as covariate; None where one side has fewer than
        `ENOUGH` customers or `ENOUGH_BUYERS` buyers.
    """
    from scipy.stats import t

    sides = (treated, held_out)
    if min(side.customers for side in sides) < ENOUGH:
        return None
    if min(side.buyers for side in sides) < ENOUGH_BUYERS:
        return None
    slope = _slope(sides)
    means = [(side.spent - slope * side.past) / side.customers for side in sides]
    # of each mean: what varies around the line, by the customers
    errors = [_around(side, slope) / (side.customers - 1) / side.customers for side in sides]
    error = sum(errors)
    if error <= 0:
        return None
    freedom = error**2 / sum(
        one**2 / (side.customers - 1) for one, side in zip(errors, sides, strict=True)
    )
    value = means[0] - means[1]
    margin = float(t.ppf((1 + _LEVEL) / 2, freedom)) * math.sqrt(error)
    return Interval(value / 100, (value - margin) / 100, (value + margin) / 100)


def buyers_lift(treated: Sums, held_out: Sums) -> Interval | None:
    """Return how much larger the share that bought is among the treated, in parts of 1.

    None where one side has fewer than `ENOUGH` customers.
    """
    from scipy.stats import binomtest

    if min(treated.customers, held_out.customers) < ENOUGH:
        return None
    rates, lows, highs = [], [], []
    for side in (treated, held_out):
        found = binomtest(side.buyers, side.customers).proportion_ci(_LEVEL, method="wilson")
        rates.append(side.buyers / side.customers)
        lows.append(float(found.low))
        highs.append(float(found.high))
    value = rates[0] - rates[1]
    return Interval(
        value,
        value - math.hypot(rates[0] - lows[0], highs[1] - rates[1]),
        value + math.hypot(highs[0] - rates[0], rates[1] - lows[1]),
    )


def spend_power(measured: Sums, treated: int, held_out: int) -> float | None:
    """Return the smallest lift of the spend of a customer that would be found.

    Parameters
    ----------
    measured : Sums
        Customers like those, in a period without the campaign.
    treated, held_out : int
        How many customers there will be on each side.

    Returns
    -------
    float or None
        In the table's currency: found with 80 % power by a two-sided test at 5 %, with the past as
        covariate. None where one of the three has fewer than `ENOUGH` customers.
    """
    if min(measured.customers, treated, held_out) < ENOUGH:
        return None
    variance = _around(measured, _slope([measured])) / (measured.customers - 1)
    return _both_tails() * math.sqrt(max(variance, 0.0) * (1 / treated + 1 / held_out)) / 100


def rate_power(measured: Sums, treated: int, held_out: int) -> float | None:
    """Return the smallest lift of the share that buys that would be found.

    Parameters
    ----------
    measured, treated, held_out
        As in `spend_power`.

    Returns
    -------
    float or None
        In parts of 1, by Cohen's effect size of two proportions (J. Cohen, "Statistical power
        analysis for the behavioral sciences", 2nd edition, 1988, chapter 6). None also where not
        even a share of 1 would be found.
    """
    if min(measured.customers, treated, held_out) < ENOUGH:
        return None
    rate = measured.buyers / measured.customers
    angle = 2 * math.asin(math.sqrt(rate)) + _both_tails() * math.sqrt(1 / treated + 1 / held_out)
    return None if angle >= math.pi else math.sin(angle / 2) ** 2 - rate


def _both_tails() -> float:
    """Return how many standard errors an effect must have."""
    from scipy.stats import norm

    return float(norm.ppf((1 + _LEVEL) / 2) + norm.ppf(_POWER))


def _slope(sides: tuple[Sums, ...] | list[Sums]) -> float:
    """Return the slope of the spend on the past, within the sides."""
    scatter = [side.scatter() for side in sides]
    past = sum(one[1] for one in scatter)
    return sum(one[2] for one in scatter) / past if past > 0 else 0.0


def _around(side: Sums, slope: float) -> float:
    """Return the sum of squares around the line of that slope."""
    spent, past, product = side.scatter()
    return spent - 2 * slope * product + slope * slope * past
