"""Generated bases of every kind: money and orders of n customers, from a random generator."""

from __future__ import annotations

import numpy as np

__all__ = ["KINDS", "blobs", "dealers"]


def one_time_buyers(rng, n):
    """One in twenty comes twice, for less each time."""
    orders = 1 + (rng.random(n) < 0.05)
    return rng.lognormal(4, 1, n) / orders**2, orders


def subscriptions(rng, n):
    """A price times the months."""
    orders = 1 + rng.poisson(5, n)
    return orders * 9.99, orders


def dealers(rng, n):
    """Money and orders that have nothing to do with each other."""
    return rng.lognormal(7, 1.5, n), rng.integers(1, 9, n)


def real_groups(rng, n):
    """Three groups of 55, 25 and 20 %, far apart."""
    group = rng.choice(3, n, p=[0.55, 0.25, 0.2])
    return (
        rng.normal(np.array([100, 500, 1200])[group], 40),
        np.maximum(rng.normal(np.array([2, 8, 18])[group], 1), 1),
    )


def against_each_other(rng, n):
    """The more money, the fewer orders."""
    money = rng.lognormal(5, 1, n)
    return money, 1 + (20 / (1 + money / 100)).astype(int)


def shop(rng, n):
    """One population: orders by a geometric law, sizes of orders by a lognormal."""
    orders = rng.geometric(0.3, n)
    return orders * rng.lognormal(3, 1, n), orders


def no_orders_apart(rng, n):
    """Everybody has one order."""
    return rng.lognormal(4, 1, n), np.ones(n)


def few_giants(rng, n):
    """One population, and two customers far outside."""
    return np.append(rng.lognormal(4, 0.3, n), [90_000, 95_000]), np.append(
        rng.integers(1, 5, n), [40, 44]
    )


def blobs(rng, n):
    """Two round groups of a half each, four deviations apart in both metrics."""
    away = 4 * (rng.random(n) < 0.5)
    return 500 + 50 * (away + rng.normal(size=n)), np.maximum(
        10 + 2 * (away + rng.normal(size=n)), 1
    )


KINDS = [
    one_time_buyers,
    subscriptions,
    dealers,
    real_groups,
    against_each_other,
    shop,
    no_orders_apart,
    few_giants,
]
