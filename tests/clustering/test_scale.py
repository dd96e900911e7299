"""Blocks in logarithms: the coordinates, and what they make of segments, lines and rules."""

from __future__ import annotations

import math
from decimal import Decimal

import duckdb
import numpy as np
import pytest

import segmenter
from segmenter import InputError, Settings, Source
from segmenter.clustering.recursion import flat_segments, recursive_segments
from segmenter.clustering.scale import natural_logarithm, scaled
from segmenter.evaluation.resampling import demoted
from segmenter.operations.describe import audit_sentences, line_sentences
from segmenter.points import MAX_CENTS, Points
from segmenter.progress import Silent
from segmenter.training.learning import learn
from tests.combinations import first_in_gate
from tests.kinds import KINDS

LOG = Settings(scale="log")


def points_of(kind, n=1_500, seed=1):
    money, orders = kind(np.random.default_rng(seed), n)
    return Points.group(np.rint(np.asarray(money) * 100), np.asarray(orders).astype(int))


def test_the_logarithm_is_that_of_decimal_arithmetic():
    values = np.unique(np.geomspace(1, MAX_CENTS, 3_000).astype(np.int64))
    found = natural_logarithm(values)
    exact = np.array([float(Decimal(int(value)).ln()) for value in values])
    assert np.abs(found - exact).max() < 1e-14
    assert (np.diff(found) > 0).all()
    # its digits are the same on every processor: whoever changes the series changes models
    assert natural_logarithm(np.array([3, 12_345, MAX_CENTS])).tolist() == [
        1.0986122886681096,
        9.421006401779279,
        34.657359027997266,
    ]


def test_coordinates_are_units_of_logarithms_and_never_turn_round():
    points = Points.group([500, 500, 1_000, 250_000], [1, 3, 1, 8])
    base = scaled(points, Settings(scale="log", cut=1.0))
    assert base.at.frequency.tolist() == [0, 1_098_612, 0, 2_079_442]
    assert base.at.cents.tolist() == [round(math.log(c) * 1e8) for c in (500, 500, 1_000, 250_000)]
    assert base.group.tolist() == [0, 1, 2, 3]
    for kind in KINDS:
        points = points_of(kind)
        base = scaled(points, LOG)
        assert (np.diff(base.at.cents[base.group]) >= 0).all()
        assert base.at.n_customers == points.n_customers


def test_money_of_nothing_and_less_counts_as_the_least_that_counts():
    points = Points.group(
        [-900, 0, 3, 4_000, 5_000, 6_000], [1, 1, 1, 1, 2, 2], [1, 1, 1, 97, 50, 50]
    )
    assert least(points, 1.0) == 3
    assert least(points, 0.99) == 3  # two of 200 are below: the third stands at the quantile
    assert least(points, 0.98) == 4_000
    with pytest.raises(InputError, match="scale = 'log' needs customers who have spent something"):
        scaled(Points.group([-5, 0], [1, 1]), LOG)
    with pytest.raises(InputError, match="are equal"):
        recursive_segments(
            Points.group([-5, 0, 7], [1, 1, 1]), Settings(scale="log", n_neighbors=1)
        )


def least(points, cut):
    base = scaled(points, Settings(scale="log", cut=cut))
    return round(math.exp(base.at.cents.min() / 1e8))


@first_in_gate("kind", KINDS, first=3, ids=lambda kind: kind.__name__)
def test_more_never_demotes_and_the_lines_part_the_blocks(kind):
    points = points_of(kind)
    found = learn(points, LOG, Silent())
    assert demoted(points, found.rules.lookup) == 0
    segmentation = found.segmentation
    lines = [split for split in segmentation.splits if split.threshold is not None]
    assert lines
    (first,) = segmentation.splits[:1]
    money = np.maximum(points.cents, least_cents(points)) / 100
    reached = first.monetary_weight * np.log(money) + first.frequency_weight * np.log(
        np.maximum(points.frequency, 1)
    )
    higher = np.isin(
        segmentation.codes, [segmentation.names.index(name) for name in first.higher_segments]
    )
    sure = np.abs(reached - first.threshold) > 1e-6
    assert first.far_customers or (higher == (reached > first.threshold))[sure].all()


def least_cents(points):
    up_to = np.cumsum(points.customers)
    place = np.searchsorted(up_to, math.floor((1 - 0.99) * points.n_customers), side="right")
    return max(points.cents[place], points.cents[points.cents > 0].min())


def test_segments_are_more_even_and_means_are_those_of_money():
    points = points_of(KINDS[6] if KINDS[6].__name__ == "shop" else KINDS[5], 4_000)
    largest = {}
    for scale in ("linear", "log"):
        found = recursive_segments(points, Settings(scale=scale))
        largest[scale] = max(one.customers for one in found.segments)
        for code, one in enumerate(found.segments):
            part = points.take(found.codes == code)
            assert (one.mean_monetary * 100, one.mean_frequency) == pytest.approx(part.mean())
        assert found.scaling == points.scaling()  # the classifier's neighbours are those of money
        flat = flat_segments(points, 3, Settings(scale=scale))
        assert flat.shape == points.cents.shape
        assert found.flat_share == np.bincount(flat, points.customers).max() / points.n_customers
    assert largest["log"] < largest["linear"]


def test_currency_and_unit_do_not_matter():
    points = points_of(KINDS[0], 2_000)
    dearer = Points(points.cents * 128, points.frequency, points.customers)
    for scale in ("linear", "log"):
        ours, theirs = (
            recursive_segments(one, Settings(scale=scale)).codes for one in (points, dearer)
        )
        assert np.mean(ours != theirs) < 0.002


def test_what_is_said_of_a_line_holds(con):
    rng = np.random.default_rng(8)
    con.execute("create table sales (customer integer, amount double)")
    orders = rng.geometric(0.4, 800)
    rows = [(c, round(float(rng.lognormal(3, 1)), 2)) for c in range(800) for _ in range(orders[c])]
    con.executemany("insert into sales values (?, ?)", rows)
    model = segmenter.fit(
        con, Source(transactions="sales", customer="customer", amount="amount"), LOG
    )
    assert segmenter.load(con).settings.scale == "log"
    (settings,) = con.execute("select settings ->> 'scale' from segments.models").fetchone()
    assert settings == "log"
    lines = con.execute(
        "select order_worth, order_power, threshold, message from segments.segment_lines "
        "order by level"
    ).fetchall()
    for split, (worth, power, threshold, message) in zip(
        model.segmentation.splits, lines, strict=True
    ):
        assert worth is None
        assert power == pytest.approx(split.frequency_weight)
        assert threshold == pytest.approx(math.exp(split.threshold))
        assert f"{2**power:,.2f} times the money" in message
        assert f"from {threshold:,.2f} spent in one order" in message
    audit = " ".join(audit_sentences(con))
    assert "Twice the orders count as much as " in audit
    assert lines[0][3] in list(line_sentences(con))
    (agreement,) = con.execute(
        """
        select avg(((segment_rank = 1) = (monetary * pow(frequency, $1) >= $2))::integer)
        from segments.customer_segments where monetary > 0
        """,
        [lines[0][1], lines[0][2]],
    ).fetchone()
    assert agreement > 0.98  # the neighbours' vote puts few elsewhere


def test_another_scale_is_refused():
    with pytest.raises(InputError, match="scale must be 'linear' or 'log', not 'ln'"):
        Settings(scale="ln")


def test_models_of_before_are_linear():
    with duckdb.connect() as con:
        con.execute("create table sales as select i % 70 as c, 1.0 * i as a from range(700) t(i)")
        source = Source(transactions="sales", customer="c", amount="a")
        segmenter.fit(con, source)
        con.execute(
            "update segments_internal.models set settings = "
            "json_merge_patch(settings, '{\"scale\": null}')"
        )
        assert segmenter.load(con).settings.scale == "linear"
        assert con.execute("select min(order_power) from segments.segment_lines").fetchone() == (
            None,
        )
        assert "One order counts" in " ".join(audit_sentences(con)) or list(line_sentences(con))


def test_where_no_vote_leads_to_a_block_the_way_out_is_linear():
    (kind,) = [kind for kind in KINDS if kind.__name__ == "against_each_other"]
    points = points_of(kind, 5_000)
    with pytest.raises(InputError, match="Use scale = 'linear', lower n_neighbors") as refused:
        learn(points, LOG, Silent())
    assert "5,000 training customers" in str(refused.value)
    assert len(learn(points, Settings(scale="linear"), Silent()).segmentation.segments) == 2
