"""Points and profiles that are given: what is wrong with one is said, with its row."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import segmenter
from segmenter import Source
from tests.sources.test_sources import said

POINTS = [(1.0 * i * i, i % 4 + 1, 2) for i in range(1, 40)]


def points(con, *more):
    """Return a table of points; a first row to the end is what is wrong with it."""
    rows = pd.DataFrame([*POINTS, *more], columns=["monetary", "frequency", "customers"])
    con.register("rows", rows.astype("float64"))
    con.execute("create or replace table points as from rows")
    con.unregister("rows")
    return "points"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((5, 1, float("nan")), r"customers = (nan|NULL)\): customers (must be finite|is missing)"),
        ((5, 1, 1e25), "customers must be from 1 to 2,147,483,647, not 1e\\+25"),
        ((5, 1, 0), "customers must be from 1 to 2,147,483,647, not 0"),
        ((5, 1, 1.5), "customers must be a whole number, not 1.5"),
        (
            (5, -16, 3),
            r"frequency must be from 0 to 33,554,432, not -16\. .*between 0 and 33554432",
        ),
        (
            (5e13, 2, 3),
            r"monetary must be at most 11,258,999,068,426 in size\. Give monetary in a larg",
        ),
        ((float("inf"), 2, 3), r"monetary must be finite\. .*isfinite\(monetary\)"),
    ],
)
def test_the_fault_of_a_point_is_named(con, row, message):
    assert re.search(message, said(con, points=points(con, row)))


def test_infinite_and_missing_customers_are_refused(con):
    points(con)
    con.execute("insert into points values (5, 1, 'nan')")
    assert "customers must be finite" in said(con, points="points")
    con.execute("update points set customers = null where isnan(customers)")
    assert "customers is missing" in said(
        con,
        points="points",
    )


def test_too_many_customers_in_all_are_refused(con):
    text = said(con, points=points(con, (5, 1, 2**30), (6, 1, 2**30)))
    assert "stand for 2,147,483,726 customers in all, and sums are exact up to" in text
    con.execute("update points set customers = customers * 1e15")
    assert "customers must be from 1 to" in said(con, points="points")


def test_as_many_customers_as_are_allowed_add_up(con):
    rest = sum(point[2] for point in POINTS)
    most = 2**31 - 1 - rest
    model = segmenter.fit(con, Source(points=points(con, (11_258_999_068_426.0, 50, most))))
    assert model.customers == 2**31 - 1
    summary = con.execute("from segments.segment_summary").df()
    assert summary.customers.sum() == 2**31 - 1
    expected = sum(m * c for m, _, c in POINTS) + 11_258_999_068_426.0 * most
    assert summary.revenue.sum() == pytest.approx(expected, rel=1e-12)
    assert summary.share_of_revenue.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1, null, 3", r"\(customer_id = 1, monetary = NULL, frequency = 3\.0\): monetary is miss"),
        ("1, 5, 'nan'", r"frequency must be finite\. .*isfinite\(frequency\)"),
        ("1, 5, -1", "frequency must be from 0 to 33,554,432, not -1"),
        ("1, -2e13, 1", "monetary must be at most 11,258,999,068,426 in size. Give monetary in"),
        ("7, 5, 1), (7, 5, 1", "customer 7 has 2 rows in given"),
    ],
)
def test_the_fault_of_a_profile_is_named(con, row, message):
    con.execute("create table given (customer_id int, monetary double, frequency double)")
    con.execute(f"insert into given values (3, 1, 1), ({row})")
    text = said(con, profile="given")
    assert re.search(message, text)
    assert "rows_of_customer" not in text
