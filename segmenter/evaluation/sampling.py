"""Samples of customers: a rule on the order of the points and a fixed seed, so that they repeat."""

from __future__ import annotations

import numpy as np

from segmenter.points import IntArray, Points

__all__ = ["SEED", "folds", "subsample", "systematic_sample"]

SEED = 0
"""Of every sample; results say it."""


def systematic_sample(points: Points, size: int) -> IntArray:
    """Return how many customers of each point are in a sample of at most `size` of them.

    Customers stand in point order, and every ``n / size``-th of them is taken, from a random
    start: each has the same chance, and all parts of the base are there in their proportion.

    Parameters
    ----------
    points : Points
    size : int

    Returns
    -------
    ndarray of int64, shape (n_points,)
        Everybody when there are no more than `size`.
    """
    n = points.n_customers
    if n <= size:
        return points.customers
    start = np.random.default_rng(SEED).random()
    chosen = np.floor((np.arange(size) + start) * (n / size)).astype(np.int64)
    place = np.searchsorted(np.cumsum(points.customers), chosen, side="right")
    return np.bincount(np.minimum(place, len(points) - 1), minlength=len(points)).astype(np.int64)


def subsample(points: Points, share: float, number: int) -> IntArray:
    """Return how many customers of each point stay when each stays with the chance `share`.

    Parameters
    ----------
    points : Points
    share : float
    number : int
        Of the draw: each is another one, and always the same.
    """
    rng = np.random.default_rng((SEED, number))
    return rng.binomial(points.customers, share).astype(np.int64)


def folds(points: Points, customers: IntArray, n_folds: int) -> IntArray:
    """Divide customers among folds at random.

    Parameters
    ----------
    points : Points
    customers : ndarray of int64, shape (n_points,)
        Of each point, those to divide.
    n_folds : int

    Returns
    -------
    ndarray of int64, shape (n_points, n_folds)
        Customers of each point in each fold.
    """
    rng = np.random.default_rng(SEED)
    shares = np.full(n_folds, 1 / n_folds)
    return rng.multinomial(customers, shares, size=len(points)).astype(np.int64)
