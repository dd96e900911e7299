"""Quality: measured on the real data sets as scikit-learn does, and kept in a table."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_score

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.evaluation.metrics import silhouette
from segmenter.evaluation.quality import Measure, measure, save_measures, trained_model
from segmenter.evaluation.sampling import systematic_sample
from segmenter.points import Points

METRICS = [
    "silhouette",
    "davies_bouldin",
    "calinski_harabasz",
    "knn_agreement",
    "stability",
    "stability_worst",
    "boundary_share",
    "gap_index",
    "demoted_share",
    "largest_share",
]


@pytest.fixture(scope="module")
def measured(fitted):
    return {one.metric: one for one in measure(fitted.con, fitted.model)}


def one_by_one(model, customers):
    """Return the customers in the geometry of the clustering, and their segments."""
    points = model.points
    space = np.column_stack([points.cents, np.sqrt(model.segmentation.scaling) * points.frequency])
    return space.repeat(customers, axis=0), model.segmentation.codes.repeat(customers)


def test_measures_equal_those_of_scikit_learn(fitted, measured):
    model = fitted.model
    scores = {
        "davies_bouldin": davies_bouldin_score,
        "calinski_harabasz": calinski_harabasz_score,
    }
    if model.points.n_customers < 10_000:  # scikit-learn takes ten seconds for CDNOW
        scores["silhouette"] = silhouette_score
    everybody = one_by_one(model, model.points.customers)
    for metric, score in scores.items():
        assert measured[metric].value == pytest.approx(score(*everybody), rel=1e-9)
        assert measured[metric].basis == f"exact: {model.points.n_customers:,} customers"


def test_the_silhouette_of_a_sample_equals_scikit_learns(fitted):
    model = fitted.model
    sample = systematic_sample(model.points, 3_000)
    there = sample > 0
    part = model.points.take(there)
    part = Points(part.cents, part.frequency, sample[there])
    assert silhouette(
        part, model.segmentation.codes[there], model.segmentation.scaling
    ) == pytest.approx(silhouette_score(*one_by_one(model, sample)), rel=1e-9)


def test_the_rest_is_what_the_model_says(fitted, measured):
    assert list(measured) == METRICS
    largest = measured["largest_share"]
    assert largest.flat_value == fitted.model.segmentation.flat_share
    assert largest.value == max(s.customers for s in fitted.model.segments) / (
        fitted.model.points.n_customers
    )
    assert measured["knn_agreement"].value > 0.95
    assert 0.9 < measured["stability_worst"].value <= measured["stability"].value <= 1
    assert 0 < measured["boundary_share"].value < 0.5
    assert measured["gap_index"].value > 0.95
    assert measured["gap_index"].value == min(s.gap_index for s in fitted.model.splits)
    assert measured["demoted_share"].value == 0


def test_measures_are_kept_and_replaced(shop, sales):
    model = segmenter.fit(shop, sales)
    found = measure(shop, model)
    assert found == measure(shop, segmenter.load(shop))
    save_measures(shop, model, found)
    save_measures(shop, model, [found[0]._replace(value=0.5), *found[1:]])
    rows = shop.execute(
        "select model_id, metric, value, flat_value, basis, message from segments.model_quality"
    ).fetchall()
    assert [row[1] for row in rows] == METRICS
    assert rows[0][2] == 0.5
    assert [Measure(*row[1:5]) for row in rows[1:]] == found[1:]
    assert all(row[0] == 1 and len(row[5]) > 20 for row in rows)


def test_the_rules_decide_who_is_near_a_boundary(con):
    """Of 10 customers two are one order, and one is a cent or so, from the other segment."""
    con.execute(
        """
        create table people as
        select * from (values
            (1, 10.00, 1), (2, 11.00, 1), (3, 12.00, 1), (4, 13.00, 1), (5, 14.00, 1),
            (6, 90.00, 1), (7, 91.00, 1), (8, 92.00, 1), (9, 93.00, 1), (10, 94.00, 1)
        ) as t(customer_id, monetary, frequency)
        """
    )
    settings = Settings(levels=1, cut=1.0, n_neighbors=1)
    model = segmenter.fit(con, Source(profile="people"), settings)
    assert [s.customers for s in model.segments] == [5, 5]
    found = {one.metric: one for one in measure(con, model)}
    assert found["boundary_share"].value == 0
    assert found["largest_share"][1:3] == (0.5, 0.5)
    assert found["silhouette"].value > 0.95
    assert found["stability"].value == found["stability"].flat_value == 1


def test_one_more_order_demotes_one_time_buyers_unless_the_model_is_monotone(con):
    con.execute(
        "create table people as select i as customer_id, "
        "exp(3.5 + 1.2 * sqrt(-2 * ln((i * 7919 % 4999 + 1) / 5001)) * cos(i)) "
        "/ (case when i % 25 = 0 then 1.6 else 1 end) as monetary, "
        "case when i % 25 = 0 then 2 else 1 end as frequency from range(3000) as t(i)"
    )
    shares = []
    for monotone in (True, False):
        model = segmenter.fit(
            con, Source(profile="people"), Settings(monotone=monotone), publish=True
        )
        shares += [m.value for m in measure(con, model) if m.metric == "demoted_share"]
    assert shares[0] == 0 < shares[1]


def test_points_can_be_measured_too(con):
    con.execute(
        "create table points as select (i * i % 997)::double as monetary, 1 + i % 5 as frequency, "
        "1 + i % 3 as customers from range(300) as t(i)"
    )
    model = segmenter.fit(con, Source(points="points"))
    found = measure(con, model)
    assert [one.metric for one in found] == METRICS
    assert all(one.value is not None for one in found)


def test_large_models_say_their_samples(con, monkeypatch):
    con.execute(
        "create table points as select (i * i % 9973)::double as monetary, 1 + i % 5 as frequency, "
        "1 + i % 3 as customers from range(3000) as t(i)"
    )
    model = segmenter.fit(con, Source(points="points"))
    exact = {one.metric: one.value for one in measure(con, model)}
    monkeypatch.setattr("segmenter.evaluation.resampling.MANY", 1000)
    monkeypatch.setattr("segmenter.evaluation.quality.EXACT_SILHOUETTE", 1000)
    found = {one.metric: one for one in measure(con, model)}
    n = model.points.n_customers
    assert found["silhouette"].basis == f"a sample of 1,000 of {n:,} customers, seed 0"
    assert (
        found["knn_agreement"].basis == f"5 folds of a sample of 1,000 of {n:,} customers, seed 0"
    )
    assert found["stability"].basis == f"10 draws of 1,000 of {n:,} customers, seed 0"
    for metric in ("silhouette", "knn_agreement", "boundary_share"):
        assert found[metric].value == pytest.approx(exact[metric], abs=0.05)
    assert found["calinski_harabasz"].value == exact["calinski_harabasz"]


def test_a_model_without_points_says_so(shop, sales):
    segmenter.fit(shop, sales)
    shop.execute("delete from segments_internal.model_points")
    with pytest.raises(SegmenterError, match=r"model 1 kept its rules only .* Fit again without"):
        trained_model(shop)
    with pytest.raises(SegmenterError, match="has no model 7"):
        trained_model(shop, 7)


def test_a_model_that_was_removed_meanwhile_is_not_measured(shop, sales):
    model = segmenter.fit(shop, sales)
    found = measure(shop, model)
    shop.execute("delete from segments_internal.models")
    with pytest.raises(SegmenterError, match="model 1 was removed meanwhile"):
        save_measures(shop, model, found)
    assert shop.execute("select count(*) from segments.model_quality").fetchall() == [(0,)]
