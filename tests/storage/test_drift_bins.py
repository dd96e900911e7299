"""The bins of a training profile."""

from __future__ import annotations

import numpy as np
import pytest

from segmenter.classifier.rules import OPEN_HIGH, OPEN_LOW, Rules
from segmenter.points import Points
from segmenter.storage.drift_bins import MIN_CUSTOMERS, training_bins

INF = float("inf")

EVERYWHERE = Rules(
    np.array([0]),
    np.array([OPEN_HIGH]),
    np.array([OPEN_LOW]),
    np.array([OPEN_HIGH]),
    np.array([0], np.int32),
)


def bins_of(points, metric):
    found = training_bins(points, EVERYWHERE, ["All"], whales=7)
    return [
        (one.lower_edge, one.upper_edge, one.customers) for one in found if one.metric == metric
    ]


def test_tenths_hold_equally_many():
    points = Points.group(np.arange(1, 1001) * 100, np.ones(1000))
    found = bins_of(points, "monetary")
    assert found == [
        (-INF if i == 0 else 100.0 * i, INF if i == 9 else 100.0 * (i + 1), 100) for i in range(10)
    ]


def test_equal_customers_stay_together():
    points = Points.group(range(1000), [1] * 650 + [2] * 200 + [3] * 100 + [9] * 50)
    assert bins_of(points, "frequency") == [
        (-INF, 1, 650),
        (1, 2, 200),
        (2, 3, 100),
        (3, INF, 50),
    ]
    all_equal = Points.group([500], [2], [1000])
    assert bins_of(all_equal, "monetary") == bins_of(all_equal, "frequency") == [(-INF, INF, 1000)]


def test_few_customers_have_few_bins():
    assert len(bins_of(Points.group(range(59), np.ones(59)), "monetary")) == 1
    assert len(bins_of(Points.group(range(60), np.ones(60)), "monetary")) == 2


@pytest.mark.parametrize("seed", range(5))
def test_bins_hold_everybody_once(seed):
    rng = np.random.default_rng(seed)
    points = Points.group(
        rng.lognormal(8, 1, 500).astype(int) - 900, rng.geometric(0.4, 500), rng.integers(1, 9, 500)
    )
    for metric, values in (("monetary", points.cents / 100), ("frequency", points.frequency)):
        found = bins_of(points, metric)
        assert sum(customers for *_, customers in found) == points.n_customers
        for lower, upper, customers in found:
            there = (values > lower) & (values <= upper)
            assert points.customers[there].sum() == customers >= MIN_CUSTOMERS
