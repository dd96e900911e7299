"""Where customers stand by time, and what the base itself says about how long they stay away."""

from __future__ import annotations

from dataclasses import replace

import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.progress import Silent

LIVES = """
    create table sales as
    from (values
        (1, 100, date '2024-01-01'), (1, 100, date '2024-01-31'), -- every 30 days, then gone
        (2, 100, date '2024-05-20'), -- came ten days before the end
        (3, 100, date '2024-01-01'), (3, 100, date '2024-05-25'),
        (4, 100, date '2024-01-01'), (4, 100, date '2024-04-15'),
        (5, 900, date '2024-01-01'), (5, 900, date '2024-05-30'),
        (6, -50, date '2024-05-29') -- never bought anything
    ) as t(customer_id, amount, sold_at)
"""

SALES = Source(transactions="sales", customer="customer_id", amount="amount", date="sold_at")
SMALL = {"cut": 1.0, "n_neighbors": 1}


@pytest.fixture
def lives(con):
    con.execute(LIVES)
    return con


def lifecycles(con, view="segments.customer_segments"):
    return con.execute(
        f"select customer_id, days_since_last_order, lifecycle from {view} order by customer_id"
    ).fetchall()


EXPECTED = [
    (1, 120, "lapsed"),
    (2, 10, "new"),
    (3, 5, "active"),
    (4, 45, "lapsing"),
    (5, 0, "active"),
    (6, None, None),
]


@pytest.mark.parametrize("max_rules", [2000, 1])
def test_thresholds_that_were_set(lives, max_rules):
    settings = Settings(active_days=30, lapsed_days=90, max_rules=max_rules, **SMALL)
    segmenter.fit(lives, SALES, settings)
    assert lifecycles(lives) == EXPECTED
    assert lifecycles(lives, "segments.customer_segments_snapshot") == EXPECTED
    assert lifecycles(lives, "segments.customer_segments_at(null)") == EXPECTED
    later = lifecycles(lives, "segments.customer_segments_at('2024-06-29 18:00')")
    assert [row[1] for row in later[:5]] == [150, 40, 35, 75, 30]


@pytest.mark.parametrize("name", ["transactions", "customer_profile", "customer_segments"])
def test_the_users_table_may_be_called_as_a_view(lives, name):
    lives.execute(f"alter table sales rename to {name}")
    settings = Settings(active_days=30, lapsed_days=90, **SMALL)
    segmenter.fit(lives, replace(SALES, transactions=name, where="amount <> 0"), settings)
    assert lifecycles(lives) == EXPECTED
    assert lifecycles(lives, "segments.customer_segments_at(null)") == EXPECTED


def test_thresholds_come_from_the_base(lives):
    model = segmenter.fit(lives, SALES, Settings(**SMALL))
    # mean intervals are 30, 105, 145 and 150 days
    assert model.active_days == 147  # 146.25, rounded up
    assert model.lapsed_days == 150  # 149.25
    stored = lives.execute(
        "select active_days, lapsed_days from segments_internal.models"
    ).fetchall()
    assert stored == [(147, 150)]
    assert segmenter.load(lives).active_days == 147


def test_newest_order_moves_everybody(lives):
    segmenter.fit(lives, SALES, Settings(active_days=30, lapsed_days=90, **SMALL))
    lives.execute("insert into sales values (6, 50, date '2024-06-09')")
    assert lifecycles(lives)[1:3] == [(2, 20, "new"), (3, 15, "active")]
    assert lifecycles(lives)[5] == (6, 0, "new")
    # a refund, or a row without a customer, is no order
    lives.execute("insert into sales values (6, -50, date '2025-01-01'), (null, 9, '2025-01-01')")
    assert lifecycles(lives)[5] == (6, 0, "new")


def test_nobody_came_back(lives):
    lives.execute("delete from sales where customer_id <> 2 and sold_at > date '2024-01-02'")
    warned = []

    class Listener(Silent):
        def warn(self, message, code):
            warned.append(message)

    segmenter.fit(lives, SALES, Settings(**SMALL), progress=Listener())
    assert any("lifecycle is NULL. Set active_days and lapsed_days" in each for each in warned)
    assert {row[2] for row in lifecycles(lives)} == {None}


def test_without_a_date_column(lives):
    source = Source(transactions="sales", customer="customer_id", amount="amount")
    segmenter.fit(lives, source, Settings(**SMALL))
    assert {row[1:] for row in lifecycles(lives)} == {(None, None)}


def test_settings_are_checked():
    with pytest.raises(SegmenterError, match="active_days must be a whole number from 1 to 36,500"):
        Settings(active_days=0)
    with pytest.raises(SegmenterError, match="lapsed_days must not be less than active_days = 90"):
        Settings(active_days=90, lapsed_days=30)


def test_real_bases_have_a_life(fitted):
    counts = dict(
        fitted.con.execute(
            "select lifecycle, count(*) from segments.customer_segments group by lifecycle"
        ).fetchall()
    )
    assert {"active", "lapsing", "lapsed"} <= set(counts)  # CDNOW's customers are all old ones
    assert 0 < fitted.model.active_days < fitted.model.lapsed_days
