"""Macro, rules and search give the same answer at every profile that was thought of."""

from __future__ import annotations

import numpy as np
import pytest

DISAGREE = """
    select count(*),
        count(*) filter (
            classify_segment(monetary, frequency)
            is distinct from classify_segment_knn(monetary, frequency)
        )
    from queries
"""

COVERED = """
    select count(*), count(distinct queries.rowid)
    from queries
    inner join segments.segment_rules as rule
        on greatest(floor(queries.frequency), 0)
            between rule.frequency_from and rule.frequency_to
        and queries.monetary >= rule.monetary_from
        and queries.monetary < rule.monetary_below
    where rule.segment = classify_segment(queries.monetary, queries.frequency)
"""


def create_queries(con, monetary, frequency):
    con.execute("select 1").fetchall()  # whatever another test has left half read
    con.register("query_arrays", {"m": monetary, "f": frequency})
    con.execute(
        "create or replace temp table queries as "
        "select m::double as monetary, f::double as frequency from query_arrays"
    )
    con.unregister("query_arrays")


def check(con, at_least):
    total, disagreements = con.execute(DISAGREE).fetchall()[0]
    assert total >= at_least
    assert disagreements == 0
    assert con.execute(COVERED).fetchall() == [(total, total)]


def test_at_a_million_random_points(fitted):
    rng = np.random.default_rng(17)
    points = fitted.model.points
    low, high = points.cents.min() / 100, points.cents.max() / 100
    monetary = np.concatenate(
        [
            rng.uniform(low * 1.5 - 10, high * 1.5, 600_000),
            np.exp(rng.uniform(0, np.log(1e12), 200_000)),
            rng.choice(points.cents, 200_000) / 100 + rng.integers(-2, 3, 200_000) / 100,
        ]
    )
    frequency = rng.integers(0, int(points.frequency.max() * 1.5) + 2, len(monetary))
    create_queries(fitted.con, monetary, frequency.astype(float))
    check(fitted.con, 1_000_000)


def test_at_both_sides_of_every_breakpoint(fitted):
    rules = fitted.con.execute("from segments.segment_rules").df()
    breakpoints = rules.monetary_below[np.isfinite(rules.monetary_below)].unique()
    cents = np.round(breakpoints * 100)
    monetary = np.unique(
        np.concatenate(
            [
                breakpoints,
                (cents - 1) / 100,
                (cents + 1) / 100,
                np.nextafter(breakpoints, -np.inf),
                np.nextafter(breakpoints, np.inf),
                breakpoints - 0.005,
            ]
        )
    )
    last = int(fitted.model.points.frequency.max())
    frequency = np.array([-3, -0.5, *range(last + 3), last + 0.9, 10 * last, 1e9, 1e18])
    every = [axis.ravel() for axis in np.meshgrid(monetary, frequency)]
    create_queries(fitted.con, *every)
    check(fitted.con, 500)


@pytest.mark.parametrize("size", [1e12, 1e15, 1e300])
def test_far_outside(fitted, size):
    monetary = np.array([-size, size, -size / 7, size / 7] * 40)
    frequency = np.repeat(np.arange(40.0), 4)
    create_queries(fitted.con, monetary, frequency)
    check(fitted.con, 160)


def test_at_every_customer(fitted):
    fitted.con.execute(
        "create or replace temp table queries as "
        "select monetary, frequency::double as frequency from segments.customer_profile"
    )
    check(fitted.con, fitted.model.customers)
