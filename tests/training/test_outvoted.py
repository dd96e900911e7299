"""Segments that nobody could enter are none: on a base of dealers, and on one made for it."""

from __future__ import annotations

import numpy as np
import pytest

import segmenter
from segmenter import Settings, Source
from segmenter.operations.describe import audit_sentences
from segmenter.points import Points
from segmenter.progress import Silent
from segmenter.training.learning import learn
from tests.kinds import against_each_other


@pytest.fixture
def dealers(con):
    """90 dealers of two kinds, and two giants."""
    con.execute(
        "create table dealers as select i as customer_id, 1000.0 + i * 37 % 900 as monetary, "
        "2 + i % 4 as frequency from range(90) as t(i) "
        "union all select 90 + i, 90000.0 + i, 40 + i from range(2) as t(i)"
    )
    return con


def test_two_giants_are_no_segment_and_the_audit_says_where_they_stay(dealers):
    segmenter.fit(dealers, Source(profile="dealers"), Settings(cut=1))
    summary = dealers.execute(
        "select segment, customers from segments.segment_summary order by segment_rank"
    ).fetchall()
    assert all(customers >= 5 for _, customers in summary)
    told = " ".join(audit_sentences(dealers))
    assert (
        f"The 2 customers far outside stay with {summary[0][0]}: fewer than vote on a label could "
        "not be entered."
    ) in told
    giants = dealers.execute(
        "select distinct segment from segments.customer_segments where customer_id >= 90"
    ).fetchall()
    assert giants == [(summary[0][0],)]


def test_who_is_raised_above_the_vote_is_told(con):
    money, orders = against_each_other(np.random.default_rng(0), 400)
    con.execute(
        "create table people as select unnest(range(400)) as customer_id, "
        "round(unnest($1::double[]), 2) as monetary, unnest($2::bigint[]) as frequency",
        [money.tolist(), orders.tolist()],
    )
    model = segmenter.fit(con, Source(profile="people"), Settings(cut=1))
    assert model.raised_customers
    told = " ".join(audit_sentences(con))
    assert f"{model.raised_customers} customers higher than the neighbours' vote" in told
    assert "follow their neighbours' vote" not in told


def test_giants_are_a_segment_of_their_own_where_as_many_vote(dealers):
    segmenter.fit(dealers, Source(profile="dealers"), Settings(cut=1, n_neighbors=1))
    first = "select customers from segments.segment_summary where segment_rank = 1"
    assert dealers.execute(first).fetchall() == [(2,)]


def test_a_block_that_wins_no_vote_is_taken_back():
    """Five who are far from each other, each among others: enough for a part, never a majority."""
    rng = np.random.default_rng(0)
    crowd = rng.integers(100, 200, 300), rng.integers(1, 3, 300)
    apart = [2000, 4000, 8000, 16_000, 32_000], [9, 9, 9, 9, 9]
    points = Points.group(np.append(crowd[0], apart[0]), np.append(crowd[1], apart[1]))
    found = learn(points, Settings(monotone=False, levels=6, max_share=0.01), Silent())
    labels = found.rules.lookup(points.cents, points.frequency)
    assert set(labels.tolist()) == set(range(len(found.segmentation.segments)))
