"""Thresholds where somebody stands exactly on them: a step to either side is another answer."""

from __future__ import annotations

import pytest

import segmenter
from segmenter import Settings, Source

SALES = Source(
    transactions="sales", customer="customer_id", amount="amount", order="order_id", date="sold_on"
)


@pytest.fixture
def graded(con):
    """101 customers: number i has i orders of 1.00 in two rows each, and refunds in none.

    The 99th percentile of either metric is exactly what number 100 has. Twenty more have refunds
    only, which count as money and not as an order.
    """
    con.execute(
        """
        create table sales as
        select
            i as customer_id, i * 1000 + k as order_id, part * 0.25 as amount,
            date '2024-01-01' as sold_on
        from range(1, 102) as r(i), range(1, i + 1) as o(k), (values (1), (3)) as p(part)
        union all
        select 1000 + i, -i, -2.5, date '2024-01-01' from range(20) as r(i)
        """
    )
    return con


@pytest.mark.parametrize("cut_on", ["either", "monetary", "frequency"])
def test_a_whale_is_above_the_cut_and_not_on_it(graded, cut_on):
    model = segmenter.fit(graded, SALES, Settings(cut_on=cut_on))
    cuts = {"monetary": model.monetary_cut, "frequency": model.frequency_cut}
    wanted = ("monetary", "frequency") if cut_on == "either" else (cut_on,)
    assert cuts == {name: 100 if name in wanted else None for name in cuts}
    assert (model.customers, model.whales, model.points.n_customers) == (121, 1, 100)
    for query in (
        "select customer_id from segments.customer_segments where is_whale",
        "select customer_id from segments.customer_segments where is_above_monetary"
        " or is_above_frequency",
        "select customer_id from segments.customer_segments_snapshot where is_whale",
    ):
        assert graded.execute(query).fetchall() == [(101,)]
    assert graded.execute("select whales from segments_internal.profile_cut").fetchone() == (1,)


def test_an_order_counts_once_and_a_refund_is_money(graded):
    segmenter.fit(graded, SALES)
    profile = "select monetary, frequency from segments.customer_profile where customer_id = "
    assert graded.execute(f"{profile} 7").fetchone() == (7.0, 7)
    assert graded.execute(f"{profile} 1007").fetchone() == (-2.5, 0)
    graded.execute("insert into sales values (7, 7001, -0.75, date '2024-01-01')")
    assert graded.execute(f"{profile} 7").fetchone() == (6.25, 7)
    by_rows = Source(transactions="sales", customer="customer_id", amount="amount")
    segmenter.fit(graded, by_rows, publish=True)
    assert graded.execute(f"{profile} 7").fetchone() == (6.25, 14)
    assert graded.execute(f"{profile} 1007").fetchone() == (-2.5, 0)


def test_rules_hold_from_their_first_cent_on(graded):
    segmenter.fit(graded, SALES)
    steps = graded.execute(
        """
        from (
            select
                frequency_from, monetary_from, segment,
                lag(segment) over (partition by frequency_from order by monetary_from) as below
            from segments.segment_rules
        )
        where below is not null
        """
    ).fetchall()
    assert len(steps) > 3
    for frequency, money, segment, below in steps:
        asked = "select classify_segment($1, $2), classify_segment($1 - 0.01, $2)"
        assert graded.execute(asked, [money, frequency]).fetchone() == (segment, below)


@pytest.mark.parametrize(
    ("first", "last", "lifecycle"),
    [
        (10, 0, "new"),
        (11, 0, "active"),
        (50, 10, "active"),
        (50, 11, "lapsing"),
        (50, 20, "lapsing"),
        (50, 21, "lapsed"),
    ],
)
def test_a_lifecycle_lasts_to_the_end_of_its_last_day(graded, first, last, lifecycle):
    graded.execute(
        "insert into sales values (2000, 1, 5, date '2024-01-01' - $1::int), "
        "(2000, 2, 5, date '2024-01-01' - $2::int)",
        [first, last],
    )
    segmenter.fit(graded, SALES, Settings(active_days=10, lapsed_days=20))
    query = "select lifecycle from segments.customer_segments where customer_id = 2000"
    assert graded.execute(query).fetchone() == (lifecycle,)
