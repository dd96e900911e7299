"""The measures of a clustering against scikit-learn's on the customers one by one."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as theirs

from segmenter.clustering.recursion import flat_segments, recursive_segments
from segmenter.evaluation import metrics, resampling
from segmenter.evaluation.metrics import Moments
from segmenter.evaluation.sampling import folds, subsample, systematic_sample
from segmenter.points import Points
from segmenter.settings import Settings


def one_by_one(points, *others):
    """Return the customers in the geometry of the clustering, and each array repeated for them."""
    space = np.column_stack([points.cents, np.sqrt(points.scaling()) * points.frequency])
    return (np.repeat(values, points.customers, axis=0) for values in (space, *others))


def moments(points, labels):
    return [
        Moments(
            int((w := points.customers[labels == block]).sum()),
            int(w @ (c := points.cents[labels == block])),
            int(w @ (f := points.frequency[labels == block])),
            int(w @ c**2),
            int(w @ f**2),
        )
        for block in np.unique(labels)
    ]


@pytest.fixture(params=[0, 1, 2])
def base(request):
    """A lopsided base with many equal customers, and the labels of its recursion."""
    rng = np.random.default_rng(request.param)
    cents = np.round(rng.lognormal(8, 1, 900), -2).astype(int)
    points = Points.group(cents, rng.geometric(0.4, 900), rng.integers(1, 4, 900))
    return points, recursive_segments(points).codes


def test_measures_equal_those_of_scikit_learn(base):
    points, labels = base
    ratio = points.scaling()
    space, each = one_by_one(points, labels)
    assert metrics.silhouette(points, labels, ratio) == pytest.approx(
        theirs.silhouette_score(space, each), abs=1e-9
    )
    assert metrics.davies_bouldin(points, labels, ratio) == pytest.approx(
        theirs.davies_bouldin_score(space, each), rel=1e-9
    )
    assert metrics.calinski_harabasz(moments(points, labels), ratio) == pytest.approx(
        theirs.calinski_harabasz_score(space, each), rel=1e-9
    )


def test_adjusted_rand_equals_scikit_learns(base):
    points, labels = base
    flat = flat_segments(points, 3, Settings())
    random = np.random.default_rng(5).integers(0, 4, len(points)).astype(np.int32)
    for other in (flat, random):
        _, one, two = one_by_one(points, labels, other)
        assert metrics.adjusted_rand(labels, other, points.customers) == pytest.approx(
            theirs.adjusted_rand_score(one, two), abs=1e-12
        )
    assert metrics.adjusted_rand(labels, 2 - labels, points.customers) == 1.0


def test_equal_customers_are_no_trouble():
    points = Points.group([100, 100, 900], [1, 2, 1], [50, 1, 1])
    labels = np.array([0, 0, 1], np.int32)
    space, each = one_by_one(points, labels)
    assert metrics.silhouette(points, labels, points.scaling()) == pytest.approx(
        theirs.silhouette_score(space, each), abs=1e-9
    )
    alone = np.array([0, 1, 2], np.int32)
    space, each = one_by_one(points, alone)
    assert metrics.silhouette(points, alone, points.scaling()) == pytest.approx(
        theirs.silhouette_score(space, each), abs=1e-9
    )
    assert metrics.davies_bouldin(points, alone, points.scaling()) == 0
    assert metrics.calinski_harabasz(moments(points, alone), points.scaling()) is None


def test_one_block_has_no_separation():
    points, labels = Points.group([1, 2, 3], [1, 1, 1]), np.zeros(3, np.int32)
    assert metrics.silhouette(points, labels, 0.0) is None
    assert metrics.davies_bouldin(points, labels, 0.0) is None
    assert metrics.calinski_harabasz(moments(points, labels), 0.0) is None
    assert metrics.largest_share(points, labels) == 1


def test_samples_repeat_and_keep_proportions():
    points = Points.group(np.arange(1000), np.ones(1000), np.arange(1000) % 7 + 1)
    sample = systematic_sample(points, 400)
    assert sample.sum() == 400
    assert (sample <= points.customers).all()
    assert sample[:500].sum() == pytest.approx(200, abs=2)
    assert (sample == systematic_sample(points, 400)).all()
    assert systematic_sample(points, 10**6) is points.customers
    assert (subsample(points, 0.9, 3) == subsample(points, 0.9, 3)).all()
    assert (subsample(points, 0.9, 3) != subsample(points, 0.9, 4)).any()
    assert subsample(points, 0.9, 3).sum() == pytest.approx(0.9 * points.n_customers, rel=0.02)
    divided = folds(points, points.customers, 5)
    assert (divided.sum(axis=1) == points.customers).all()
    assert divided.sum(axis=0) == pytest.approx(points.n_customers / 5, rel=0.1)


def test_neighbours_agree_as_scikit_learns_do(base):
    from sklearn.model_selection import KFold, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    points, labels = base
    space, each = one_by_one(points, labels)
    cut = KFold(5, shuffle=True, random_state=0)
    theirs_found = cross_val_score(KNeighborsClassifier(5), space, each, cv=cut).mean()
    ours = resampling.knn_agreement(points, labels, points.scaling(), 5)
    assert ours == pytest.approx(theirs_found, abs=0.01)  # the folds are others
    shuffled = np.random.default_rng(0).permutation(labels)
    assert resampling.knn_agreement(points, shuffled, points.scaling(), 5) < ours - 0.1


def test_large_bases_are_measured_on_samples(base, monkeypatch):
    points, labels = base
    exact = resampling.knn_agreement(points, labels, points.scaling(), 5)
    near = resampling.nearby_by_vote(points, labels, points.scaling(), 5)
    monkeypatch.setattr(resampling, "MANY", 200)
    assert resampling.asked(points).sum() == 200
    assert resampling.draw_share(points) == 200 / points.n_customers
    assert resampling.knn_agreement(points, labels, points.scaling(), 5) == pytest.approx(
        exact, abs=0.05
    )
    again = resampling.nearby_by_vote(points, labels, points.scaling(), 5)
    assert again.either == pytest.approx(near.either, abs=0.05)
    assert 0 < resampling.stability(points, labels, Settings(), 0) <= 1


def test_too_few_customers_have_no_figure():
    points, labels = Points.group([1, 2, 3], [1, 1, 1]), np.array([0, 1, 2], np.int32)
    assert resampling.knn_agreement(points, labels, 0.0, 1) is None
    assert resampling.stability(points, labels, Settings(), 0) is None
