"""Segments by lifecycle, what such customers did later, and what to do next."""

from __future__ import annotations

import math

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.evaluation.backtest import Backtest
from segmenter.operations.customers import at_stake, customers
from segmenter.operations.lifecycle import lapsed, segment_lifecycle
from segmenter.storage.publish import updating

SALES = Source(transactions="sales", customer="customer_id", amount="amount", date="sold_at")
SETTINGS = Settings(cut=1.0, n_neighbors=1, active_days=30, lapsed_days=90)

LIVES = """
    create table sales as
    from (values
        (1, 10.0, date '2024-01-01'), (2, 12.0, date '2024-01-05'), (3, 9.0, date '2024-01-09'),
        (4, 11.0, date '2024-04-01'), (5, 10.0, date '2024-05-20'),
        (6, 60.0, date '2024-01-01'), (6, 50.0, date '2024-03-20'),
        (7, 55.0, date '2024-01-01'), (7, 55.0, date '2024-05-25'),
        (8, 500.0, date '2024-01-01'), (8, 500.0, date '2024-05-30'),
        (9, 480.0, date '2024-01-01'), (9, 490.0, date '2024-04-10'),
        (10, -5.0, date '2024-05-29')
    ) as t(customer_id, amount, sold_at)
"""

LATER = """
    insert into sales values
        (1, 20.0, date '2024-06-10'), (5, 30.0, date '2024-06-10'), (8, 400.0, date '2024-07-01')
"""


@pytest.fixture
def lives(con):
    con.execute(LIVES)
    segmenter.fit(con, SALES, SETTINGS)
    return con


@pytest.fixture
def measured(lives):
    lives.execute(LATER)
    with Backtest(lives) as testing:
        testing.prepare("2024-05-31")
        testing.store()
    lives.execute("delete from sales where sold_at > '2024-05-31'")
    return lives


def rows(con, columns, source="segments.segment_lifecycle"):
    return con.execute(f"select {columns} from {source}").fetchall()


def test_it_adds_up_and_knows_nothing_that_was_not_measured(lives):
    found = rows(lives, "segment, lifecycle, customers, revenue")
    assert found == [
        ("Elite", "active", 2, 1110.0),  # 7 and 8
        ("Elite", "lapsing", 2, 1080.0),  # 6 and 9
        ("Loyal", "lapsing", 1, 11.0),  # 4
        ("Loyal", "lapsed", 1, 12.0),  # 2
        ("At-Risk", "new", 1, 10.0),  # 5
        ("At-Risk", "lapsed", 2, 19.0),  # 1 and 3
        ("At-Risk", None, 1, -5.0),  # 10
    ]
    shares = rows(lives, "sum(share_of_customers), sum(share_of_revenue), count(repeat_rate)")
    assert shares == [(pytest.approx(1), pytest.approx(1), 0)]
    assert lapsed(lives) is None


def test_what_was_measured_stands_beside(measured):
    known = "segment, lifecycle, repeat_rate, mean_later_revenue, measured_customers"
    found = {row[:2]: row[2:] for row in rows(measured, known)}
    assert found["At-Risk", "lapsed"] == (0.5, 10, 2)
    assert found["At-Risk", "new"] == (1, 30, 1)
    assert found["Elite", "active"] == (0.5, 200, 2)
    assert found["At-Risk", None] == (None, None, None)
    words = lapsed(measured).words()
    assert words == (
        "Lapsed is not gone: of 3 customers who were lapsed on 2024-05-31, 33 % came again within "
        "31 days."
    )


def test_the_interval_of_the_rate_is_wilsons(measured):
    ((low, high),) = rows(
        measured,
        "repeat_rate_low, repeat_rate_high",
        "segments.segment_lifecycle where segment = 'At-Risk' and lifecycle = 'lapsed'",
    )
    n, p, z = 2, 1 / 2, 1.959964
    centre, half = p + z * z / 2 / n, z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    assert (low, high) == (
        pytest.approx((centre - half) / (1 + z * z / n), abs=1e-6),
        pytest.approx((centre + half) / (1 + z * z / n), abs=1e-6),
    )


def test_the_interval_of_the_mean_is_the_normal_one_of_thirty_and_more(con):
    con.execute(
        """
        create table sales as
        select i as customer_id, 10.0 + i % 7 + case when i >= 100 then 500 else 0 end as amount,
            timestamp '2024-01-01' + to_days(d) as sold_at
        from range(120) as t(i), range(0, 60, 10) as u(d)
        union all
        select i, i * 1.5, timestamp '2024-03-20' from range(60) as t(i)
        """
    )
    segmenter.fit(con, SALES, Settings(levels=1))
    with Backtest(con) as testing:
        (low, _) = testing.prepare("2024-02-28").lifecycle[-1], testing.store()
    spent = [1.5 * i if i < 60 else 0.0 for i in range(100)]
    mean = sum(spent) / 100
    sd = math.sqrt(sum((one - mean) ** 2 for one in spent) / 99)
    assert low["customers"] == 100
    assert low["mean_later_revenue"] == pytest.approx(mean)
    assert low["mean_later_revenue_low"] == pytest.approx(mean - 1.959964 * sd / 10)
    assert low["mean_later_revenue_high"] == pytest.approx(mean + 1.959964 * sd / 10)
    few = con.execute(
        "select count(*) from segments_internal.backtest_lifecycle "
        "where (customers < 30) <> (mean_later_revenue_low is null)"
    ).fetchone()
    assert few == (0,)


def test_the_next_actions_are_those_that_can_be_checked(measured):
    found = rows(
        measured,
        "customer_id, next_action, segment_after_median_order, revenue_at_stake, repeat_rate",
        "segments.next_actions order by revenue_at_stake desc, customer_id",
    )
    win_back = [row for row in found if row[1] == "win back"]
    assert win_back == [
        (9, "win back", None, 970.0, 0.0),
        (6, "win back", None, 110.0, 0.0),
        (4, "win back", None, 11.0, 0.0),
    ]
    lifted = dict(
        measured.execute(
            "select customer_id, segment_after_median_order from segments.customer_upgrades "
            "where is_lifted_by_median_order and customer_id in (5, 7)"
        ).fetchall()
    )
    assert {row[0]: row[2] for row in found if row[1] == "one more order"} == lifted
    assert at_stake(measured, None)["win back"] == (3, 1091.0)
    assert at_stake(measured, "Elite") == {"win back": (2, 1080.0)}
    listed = customers(measured, next_actions=True, limit=1).table().records()
    assert listed[0]["customer_id"] == 9


def test_without_dates_only_one_more_order_is_left(con):
    con.execute(LIVES)
    source = Source(transactions="sales", customer="customer_id", amount="amount")
    segmenter.fit(con, source, Settings(cut=1.0, n_neighbors=1))
    assert set(
        rows(con, "lifecycle, count(repeat_rate)", "segments.segment_lifecycle group by 1")
    ) == {(None, 0)}
    assert rows(con, "count(*)", "segments.next_actions where next_action <> 'one more order'") == [
        (0,)
    ]
    with pytest.raises(SegmenterError, match="knows no lifecycle"):
        segment_lifecycle(con)


def test_points_have_no_lifecycle(con):
    con.execute(
        "create table points as select 10.0 * i as monetary, i as frequency, 5 as customers "
        "from range(1, 30) as t(i)"
    )
    segmenter.fit(con, Source(points="points"))
    with pytest.raises(SegmenterError, match="anonymous points"):
        segment_lifecycle(con)


def test_the_snapshot_tells_it_too(measured):
    live = segment_lifecycle(measured).records()
    assert segment_lifecycle(measured, snapshot=True).records() == live


@pytest.fixture
def before(tmp_path, lives):
    """A file as the version before has made it: without what this one has added."""
    path = tmp_path / "before.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(LIVES)
        segmenter.fit(con, SALES, SETTINGS)
        con.execute("drop view segments.next_actions")
        con.execute("drop view segments.segment_lifecycle")
        con.execute("drop table segments_internal.backtest_lifecycle")
    return path


def test_a_file_of_the_version_before_answers(before, lives):
    with duckdb.connect(str(before), read_only=True) as con:
        assert segment_lifecycle(con).records() == segment_lifecycle(lives).records()
        assert (
            customers(con, next_actions=True).table().records()
            == customers(lives, next_actions=True).table().records()
        )
        assert at_stake(con, None) == at_stake(lives, None)
        assert lapsed(con) is None


def test_whatever_writes_gives_it_what_it_lacks(before):
    with duckdb.connect(str(before)) as con:
        with updating(con):
            pass
        assert rows(con, "count(*)") == [(7,)]
        ((comment,),) = rows(
            con, "comment", "duckdb_columns() where column_name = 'revenue_at_stake'"
        )
        assert comment
        con.execute(LATER)
        with Backtest(con) as testing:
            testing.prepare("2024-05-31")
            testing.store()
        assert lapsed(con).customers == 3
