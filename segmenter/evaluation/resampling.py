"""Measures that ask the model again: other customers, held-out customers, a step to the side.

Each takes a labelling of the model's points, so that the segments and a flat clustering are
measured alike, and bounds its work by a sample of customers that is always the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmenter.classifier.knn import NearestNeighbors
from segmenter.classifier.rules import Rules
from segmenter.clustering.recursion import flat_segments, recursive_segments
from segmenter.errors import SegmenterError
from segmenter.evaluation.metrics import adjusted_rand
from segmenter.evaluation.sampling import folds, subsample, systematic_sample
from segmenter.points import IntArray, Points
from segmenter.settings import Settings

__all__ = [
    "DRAWS",
    "FOLDS",
    "LEFT_OUT",
    "MANY",
    "STEP",
    "Nearby",
    "asked",
    "demoted",
    "draw_share",
    "knn_agreement",
    "nearby_by_rules",
    "nearby_by_vote",
    "stability",
]

Labels = NDArray[np.int32]

MANY = 200_000
"""With more points than this, as many customers are looked at instead of all."""

FOLDS = 5
DRAWS = 10

LEFT_OUT = 0.1
"""Chance of each customer to be left out of a draw."""

STEP = 0.01
"""A small step in money, as a share of it."""


@dataclass(frozen=True)
class Nearby:
    """Shares of customers whom a small step leads to another segment.

    Attributes
    ----------
    either, by_money, by_order : float
        By one of the two steps; by money that is `STEP` more or less; by one order more or less.
    """

    either: float
    by_money: float
    by_order: float


def asked(points: Points) -> IntArray:
    """Return the customers of each point that are looked at: all, or an even sample."""
    return points.customers if len(points) <= MANY else systematic_sample(points, MANY)


def draw_share(points: Points) -> float:
    """Return the chance of a customer to stay in a draw."""
    kept = 1 - LEFT_OUT
    return kept if len(points) <= MANY else min(kept, MANY / points.n_customers)


def knn_agreement(points: Points, labels: Labels, ratio: float, n_neighbors: int) -> float | None:
    """Return the share of held-out customers whom the neighbours put into their own block.

    Cross-validation over customers: each fold is classified by a nearest-neighbour search over the
    others. A customer whose twins are in the other folds is voted for by them, as in use.

    Parameters
    ----------
    points : Points
    labels : ndarray of int32, shape (n_points,)
    ratio : float
        The scaling r.
    n_neighbors : int

    Returns
    -------
    float or None
        None with fewer customers than folds.
    """
    customers = asked(points)
    if int(customers.sum()) < FOLDS:
        return None
    in_fold = folds(points, customers, FOLDS)
    right = 0
    for fold in range(FOLDS):
        tested, taught = in_fold[:, fold], customers - in_fold[:, fold]
        test, train = tested > 0, taught > 0
        if not train.any():
            return None
        known = Points(points.cents[train], points.frequency[train], taught[train])
        neighbors = NearestNeighbors(known, labels[train], ratio=ratio, n_neighbors=n_neighbors)
        votes = neighbors.classify_cents(points.cents[test], points.frequency[test])
        right += int(tested[test][votes == labels[test]].sum())
    return right / int(customers.sum())


def stability(
    points: Points, labels: Labels, settings: Settings, number: int, *, flat: bool = False
) -> float | None:
    """Return how far a clustering of one draw of the customers agrees with the labels.

    Parameters
    ----------
    points : Points
    labels : ndarray of int32, shape (n_points,)
        From all customers.
    settings : Settings
    number : int
        Of the draw.
    flat : bool, default False
        Cluster flatly into as many blocks as the labels have, instead of recursively.

    Returns
    -------
    float or None
        Adjusted Rand index over the customers of the draw; None when they are too few to cluster.
    """
    customers = subsample(points, draw_share(points), number)
    there = np.flatnonzero(customers)
    part = Points(points.cents[there], points.frequency[there], customers[there])
    try:
        if flat:
            again = flat_segments(part, int(labels.max()) + 1, settings)
        else:
            again = recursive_segments(part, settings).codes
    except SegmenterError:
        return None
    return adjusted_rand(labels[there], again, part.customers)


def nearby_by_rules(points: Points, rules: Rules) -> Nearby:
    """Return the customers near a boundary of the rules."""
    return _nearby(points, rules.lookup)


def nearby_by_vote(points: Points, labels: Labels, ratio: float, n_neighbors: int) -> Nearby:
    """Return the customers near a boundary of the neighbours' vote over any labels."""
    neighbors = NearestNeighbors(points, labels, ratio=ratio, n_neighbors=n_neighbors)
    return _nearby(points, neighbors.classify_cents)


def demoted(points: Points, classify: Callable[[IntArray, IntArray], Labels]) -> float:
    """Return the share of customers whom one more order leads to a lower segment.

    Parameters
    ----------
    points : Points
    classify : callable
        Cents and orders to segment codes, 0 being the highest.

    Notes
    -----
    The order has the median size: of each customer's mean order, over customers.
    """
    size = points.cents / np.maximum(points.frequency, 1)
    order = np.argsort(size, kind="stable")
    up_to = np.cumsum(points.customers[order])
    median = int(size[order[np.searchsorted(up_to, up_to[-1] / 2)]])
    here = classify(points.cents, points.frequency)
    after = classify(points.cents + max(median, 0), points.frequency + 1)
    return int(points.customers[after > here].sum()) / points.n_customers


def _nearby(points: Points, classify: Callable[[IntArray, IntArray], Labels]) -> Nearby:
    customers = asked(points)
    there = np.flatnonzero(customers)
    cents, frequency, customers = points.cents[there], points.frequency[there], customers[there]
    here = classify(cents, frequency)
    step = np.maximum(np.abs(cents) // round(1 / STEP), 1)
    by_money = (classify(cents - step, frequency) != here) | (
        classify(cents + step, frequency) != here
    )
    by_order = (classify(cents, np.maximum(frequency - 1, 0)) != here) | (
        classify(cents, frequency + 1) != here
    )
    n = int(customers.sum())
    return Nearby(
        *(int(customers[near].sum()) / n for near in (by_money | by_order, by_money, by_order))
    )
