"""More never demotes, and nobody is alone: on random bases, against a search of every profile."""

from __future__ import annotations

import numpy as np
import pytest

from segmenter import Settings
from segmenter.classifier.knn import NearestNeighbors
from segmenter.clustering.lines import has_reversed_pair
from segmenter.errors import InputError
from segmenter.points import Points
from segmenter.progress import Silent
from segmenter.training.learning import learn
from tests.kinds import KINDS


def base(kind, seed):
    rng = np.random.default_rng(seed)
    money, orders = kind(rng, int(rng.integers(30, 400)))
    return Points.group(np.rint(np.asarray(money) * 100), np.asarray(orders).astype(int))


def drawn(seed):
    rng = np.random.default_rng([seed, 1])
    return Settings(
        shape=["recursive", "recursive", "flat", "auto"][rng.integers(4)],
        levels=[1, 2, 2, 3, "auto"][rng.integers(5)],
        n_neighbors=int(rng.choice([1, 3, 5, 5, 9])),
        n_init=int(rng.choice([1, 8])),
        consolidate=bool(rng.random() < 0.8),
    )


CASES = [(kind, seed) for kind in KINDS for seed in range(12)]


@pytest.mark.parametrize(("kind", "seed"), CASES)
def test_more_never_demotes_and_every_segment_can_be_entered(kind, seed):
    points, settings = base(kind, seed), drawn(seed)
    try:
        found = learn(points, settings, Silent())
    except InputError as error:
        assert "Lower n_neighbors or bring more customers" in str(error)  # noqa: PT017
        return
    codes, rules = found.segmentation.codes, found.rules
    for code in range(len(found.segmentation.segments) - 1):
        assert not has_reversed_pair(points, codes <= code)
    for split in found.segmentation.splits[points.n_customers < 50 :]:
        assert min(split.higher_customers, split.lower_customers) >= settings.n_neighbors
        assert split.gap_index is None or 0 <= split.gap_index <= 1
    labels = rules.lookup(points.cents, points.frequency)
    assert set(labels) == set(range(len(found.segmentation.segments)))

    money = np.unique(np.clip(rules.cents_from, points.cents.min(), points.cents.max()))
    money = np.unique(np.concatenate([money, money - 1, money + 1, points.cents[::7]]))
    orders = np.arange(int(points.frequency.max()) + 2)
    grid = tuple(axis.ravel() for axis in np.meshgrid(money, orders, indexing="ij"))
    shape = len(money), len(orders)
    compiled = rules.lookup(*grid).reshape(shape)
    assert (np.diff(compiled, axis=0) <= 0).all()
    assert (np.diff(compiled, axis=1) <= 0).all()

    search = NearestNeighbors(
        points, codes, ratio=found.segmentation.scaling, n_neighbors=settings.n_neighbors
    )
    raised = search.raised(*rules.corners())
    assert np.array_equal(raised.classify_cents(*grid).reshape(shape), compiled)
    assert np.array_equal(raised.classify(grid[0] / 100, grid[1]).reshape(shape), compiled)
    # the oracle: no rules, every vote on the grid, and the highest of those below
    votes = search.classify_cents(*grid).reshape(shape)
    highest = np.minimum.accumulate(np.minimum.accumulate(votes, axis=0), axis=1)
    assert (compiled <= votes).all()
    inside = money >= points.cents.min()  # below, all money is the least
    assert np.array_equal(highest[inside], compiled[inside])
    assert found.raised_customers == int(
        points.customers[labels != search.classify_cents(points.cents, points.frequency)].sum()
    )
