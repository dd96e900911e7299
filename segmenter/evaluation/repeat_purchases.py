"""BG/NBD and Gamma-Gamma: what a customer is expected to buy, from how often and when they bought.

Fader, Hardie and Lee, "Counting your customers the easy way: an alternative to the Pareto/NBD
model" (2005): while a customer is alive, orders come at a rate that is gamma distributed over
customers (r, alpha), and after each order the customer is gone with a probability that is beta
distributed (a, b). Fader and Hardie, "The Gamma-Gamma model of monetary value" (2013): what an
order brings is gamma distributed (p), its scale too (q, gamma).

They are the usual yardstick for rankings that know of time. SciPy is imported only here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["BetaGeometric", "GammaGamma", "expected_spend", "fit_beta_geometric", "fit_gamma_gamma"]

FloatArray = NDArray[np.float64]

_MOST = 100_000
"""Parameters are learned from so many customers, evenly from all; more would change little."""


class BetaGeometric(NamedTuple):
    """The parameters of BG/NBD; alpha in units of the time that it was fitted with."""

    r: float
    alpha: float
    a: float
    b: float

    def expected_orders(
        self, repeats: FloatArray, recency: FloatArray, age: FloatArray, span: float
    ) -> FloatArray:
        """Return how many orders each customer is expected to make in a span to come.

        Parameters
        ----------
        repeats, recency, age : ndarray of float64, shape (n_customers,)
            Orders after the first one, when the last one was and now, both since the first one.
        span : float
            In the same unit of time.
        """
        from scipy.special import hyp2f1

        r, alpha, a, b = self
        whole = a + b + repeats - 1
        beyond = alpha + age + span
        inner = hyp2f1(r + repeats, b + repeats, whole, span / beyond)
        decay = np.exp((r + repeats) * (np.log(alpha + age) - np.log(beyond)))
        gone = np.exp((r + repeats) * (np.log(alpha + age) - np.log(alpha + recency)))
        gone = np.where(repeats > 0, a / (b + np.maximum(repeats, 1) - 1) * gone, 0.0)
        found: FloatArray = whole / (a - 1) * (1 - decay * inner) / (1 + gone)
        return np.where(np.isfinite(found), found, 0.0)


class GammaGamma(NamedTuple):
    """The parameters of Gamma-Gamma; gamma in money."""

    p: float
    q: float
    gamma: float

    def expected_value(self, repeats: FloatArray, mean: FloatArray) -> FloatArray:
        """Return what an order of each customer is expected to bring.

        Parameters
        ----------
        repeats, mean : ndarray of float64, shape (n_customers,)
            Orders after the first one, and their mean; without any, the mean of the base.
        """
        p, q, gamma = self
        known = repeats > 0
        return p * (gamma + np.where(known, repeats * mean, 0.0)) / (p * repeats + q - 1)


def fit_beta_geometric(repeats: FloatArray, recency: FloatArray, age: FloatArray) -> BetaGeometric:
    """Fit BG/NBD by maximum likelihood.

    Parameters
    ----------
    repeats, recency, age : ndarray of float64, shape (n_customers,)

    Notes
    -----
    The published values for CDNOW, in weeks, are r = 0.243, alpha = 4.414, a = 0.793, b = 2.426.
    """
    from scipy.special import gammaln

    repeats, recency, age = (_spread(one) for one in (repeats, recency, age))
    scale = float(age.max()) / 10 or 1.0
    last, now = recency / scale, age / scale
    came_again = repeats > 0

    def loss(logs: FloatArray) -> float:
        r, alpha, a, b = np.exp(logs)
        rate = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
        stay = gammaln(a + b) + gammaln(b + repeats) - gammaln(b) - gammaln(a + b + repeats)
        alive = -(r + repeats) * np.log(alpha + now)
        gone = np.log(a) - np.log(b + np.maximum(repeats, 1) - 1)
        gone = gone - (r + repeats) * np.log(alpha + last)
        either = np.where(came_again, np.logaddexp(alive, gone), alive)
        return -float((rate + stay + either).mean())

    r, alpha, a, b = _smallest(loss, 4)
    return BetaGeometric(r, alpha * scale, a, b)


def fit_gamma_gamma(repeats: FloatArray, mean: FloatArray) -> GammaGamma:
    """Fit Gamma-Gamma by maximum likelihood to customers who came again.

    Parameters
    ----------
    repeats, mean : ndarray of float64, shape (n_customers,)
        Both positive.
    """
    from scipy.special import gammaln

    n, scale = _spread(repeats), float(mean.mean())
    m = _spread(mean) / scale

    def loss(logs: FloatArray) -> float:
        p, q, gamma = np.exp(logs)
        found = gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(gamma)
        found = found + (p * n - 1) * np.log(m) + p * n * np.log(n)
        return -float((found - (p * n + q) * np.log(n * m + gamma)).mean())

    p, q, gamma = _smallest(loss, 3)
    return GammaGamma(p, q, gamma * scale)


def expected_spend(
    repeats: FloatArray, recency: FloatArray, age: FloatArray, mean: FloatArray, span: float
) -> FloatArray:
    """Return what each customer is expected to spend in a span to come.

    Parameters
    ----------
    repeats, recency, age, mean : ndarray of float64, shape (n_customers,)
        The mean is that of repeat orders; NaN where there is none.
    span : float
    """
    orders = fit_beta_geometric(repeats, recency, age)
    known = (repeats > 0) & (mean > 0)
    money = fit_gamma_gamma(repeats[known], mean[known])
    value = money.expected_value(np.where(known, repeats, 0.0), np.where(known, mean, 0.0))
    if money.q <= 1:  # then the model has no mean of the base
        value = np.where(known, value, mean[known].mean())
    return orders.expected_orders(repeats, recency, age, span) * value


def _spread(values: FloatArray) -> FloatArray:
    """Return at most so many values, evenly from all."""
    return values[:: -(-len(values) // _MOST)]


def _smallest(loss: Callable[[FloatArray], float], parameters: int) -> list[float]:
    """Return the positive parameters of the smallest loss; the same from the same data."""
    from scipy.optimize import minimize

    with np.errstate(all="ignore"):
        found = minimize(
            loss,
            np.zeros(parameters),
            method="Nelder-Mead",
            options={"maxiter": 2_000, "xatol": 1e-6, "fatol": 1e-9, "adaptive": True},
        )
    return [float(one) for one in np.exp(found.x)]
