"""A backtest: what was known, what came after it, and a plain ranking beside it."""

from __future__ import annotations

from collections import Counter

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.evaluation.backtest import Backtest
from segmenter.evaluation.rankings import RANKINGS
from segmenter.operations.backtest import backtest as operation
from segmenter.operations.backtest import standings, who_wins
from segmenter.workplace.place import OwnConnection
from tests.combinations import first_in_gate
from tests.datasets import load_dataset

SOURCE = Source(
    transactions="sales", customer="customer", amount="amount", order="invoice", date="sold_at"
)


@pytest.fixture
def shop(con):
    """Thirty customers in three kinds; who buys again in 2025 is written out below."""
    con.execute(
        """
        create table sales as
        select
            i % 30 as customer,
            i as invoice,
            (case when i % 30 < 20 then 10 when i % 30 < 27 then 60 else 300 end) + (i % 30) / 4.0
                as amount,
            timestamp '2024-01-01' + to_hours(i::integer) as sold_at
        from range(300) as t(i)
        where i < 30 or (i % 30 >= 20 and i < 150) or i % 30 >= 27
        """
    )
    segmenter.fit(con, SOURCE, Settings(cut=1, n_neighbors=3))
    con.execute(
        """
        insert into sales values
            (29, 1001, 100.00, '2025-01-05'),
            (29, 1001, 50.00, '2025-01-05'),
            (29, 1002, 30.00, '2025-02-05'),
            (28, 1003, -20.00, '2025-01-05'),
            (26, 1004, 40.00, '2025-01-07'),
            (0, 1005, 200.00, '2025-03-01'),
            (99, 1006, 500.00, '2025-01-09'),
            (null, 1007, 70.00, '2025-01-09'),
            (1, 1008, 1000.00, null)
        """
    )
    return con


def backtest(con, *moments):
    with Backtest(con) as testing:
        outcome = testing.prepare(*moments)
        testing.store()
    return outcome


def rows(con, columns="*"):
    return con.execute(
        f"select {columns} from segments.backtest order by as_of, ranking in ('segments', 'spend') "
        "desc, ranking, segment_rank"
    ).fetchall()


def test_a_person_can_follow_it(shop):
    outcome = backtest(shop, "2024-12-31")
    columns = "ranking, segment, customers, round(repeat_rate, 4), later_orders, later_revenue"
    assert rows(shop, columns)[:6] == [
        ("segments", "Elite", 3, 0.3333, 2, 160.0),
        ("segments", "Loyal", 7, 0.1429, 1, 40.0),
        ("segments", "At-Risk", 20, 0.05, 1, 200.0),
        ("spend", "Elite", 3, 0.3333, 2, 160.0),
        ("spend", "Loyal", 7, 0.1429, 1, 40.0),
        ("spend", "At-Risk", 20, 0.05, 1, 200.0),
    ]
    shares = rows(shop, "mean_later_revenue, share_of_later_revenue")
    assert shares[0] == (pytest.approx(160 / 3), 0.4)
    assert (outcome.newcomers, outcome.newcomers_revenue, outcome.later_revenue) == (1, 500, 900)
    assert str(outcome.until) == "2025-03-01 00:00:00"


def test_nothing_known_later_takes_part(shop):
    before = backtest(shop, "2024-12-31").rows
    shop.execute(
        "insert into sales values (5, 2001, 1e6, '2025-01-01'), (6, 2002, 5, '2026-01-01')"
    )
    after = backtest(shop, "2024-12-31", "2025-03-01").rows
    moved = ("later_orders", "later_revenue", "repeat_rate", "mean_later_revenue")
    assert [row["customers"] for row in after] == [row["customers"] for row in before]
    for old, new in zip(before, after, strict=True):
        if old["segment"] != "At-Risk":
            assert [old[name] for name in moved] == [new[name] for name in moved]


def test_the_segments_are_those_of_a_fit_of_that_day(shop):
    backtest(shop, "2024-12-31")
    counted = rows(shop, "segment, customers")[:3]
    shop.execute("delete from sales where sold_at > '2025-01-01' or sold_at is null")
    segmenter.fit(shop, SOURCE, Settings(cut=1, n_neighbors=3))
    assert (
        counted
        == shop.execute("select segment, customers from segments.segment_summary").fetchall()
    )


def test_equal_spend_is_ordered_by_customer(shop):
    shop.execute("update sales set amount = 50 where sold_at < '2024-06-01'")
    outcome = backtest(shop, "2024-12-31")
    again = backtest(shop, "2024-12-31")
    assert outcome.rows == again.rows


def test_the_same_day_is_replaced_and_another_is_kept(shop):
    backtest(shop, "2024-01-06")
    backtest(shop, "2024-12-31", "2025-01-31")
    first = rows(shop)
    backtest(shop, "2024-12-31", "2025-02-28")
    second = rows(shop)
    assert len(first) == len(second)
    assert first != second
    assert len({row[1] for row in second}) == 2


def test_a_window_ends_at_the_day(shop):
    source = Source(**SOURCE.as_dict() | {"window": "4 days", "as_of": "2024-01-09"})
    segmenter.fit(shop, source, Settings(cut=1, n_neighbors=3), publish=True)
    outcome = backtest(shop, "2024-01-08")
    counted = shop.execute(
        "select count(distinct customer) from sales "
        "where sold_at > '2024-01-05' and sold_at < '2024-01-09'"
    ).fetchone()
    assert sum(row["customers"] for row in outcome.rows if row["ranking"] == "spend") == counted[0]


def test_nothing_is_published_and_nothing_temporary_is_left(shop):
    before = shop.execute("select * from segments_internal.models").fetchall()
    summary = shop.execute("from segments.segment_summary").fetchall()
    backtest(shop, "2024-12-31")
    assert shop.execute("select * from segments_internal.models").fetchall() == before
    assert shop.execute("from segments.segment_summary").fetchall() == summary
    query = "select table_name from duckdb_tables() where temporary union all " + (
        "select view_name from duckdb_views() where temporary and not internal"
    )
    assert shop.execute(query).fetchall() == []


@first_in_gate(
    ("moments", "message"),
    [
        (("2023-12-31",), "has nothing up to 2023-12-31 to learn from: its rows span 2024-01-01"),
        (("2025-03-01",), "has nothing after 2025-03-01 to measure"),
        (("2024-12-31", "2024-12-31"), "until 2024-12-31 must be later than as_of 2024-12-31"),
        (("2024-12-31", "2025-01-02"), "no customer has a row after 2024-12-31"),
        (("soon",), "as_of must be a date such as"),
        (("2024-12-31", "later"), "until must be a date such as"),
    ],
    first=3,
)
def test_a_day_that_cannot_be_tested_is_said(shop, moments, message):
    with pytest.raises(SegmenterError, match=message):
        backtest(shop, *moments)
    assert rows(shop) == []


def test_of_several_days_none_is_fitted_where_one_cannot_be(shop, monkeypatch):
    monkeypatch.setattr(Backtest, "prepare", None)
    with pytest.raises(SegmenterError, match="has nothing after 2025-03-01 to measure"):
        operation(OwnConnection(shop), ["2024-12-31", "2025-03-01"])


def test_sources_without_time_say_so(shop):
    for source, message in (
        (
            Source(transactions="sales", customer="customer", amount="amount"),
            "without a date column",
        ),
        (Source(profile="base", customer="customer_id"), "finished profiles, which say nothing"),
        (Source(points="counts"), "anonymous points, which say nothing of time"),
        (
            Source(transactions=shop.execute("from sales").df(), **_columns()),
            "a data frame that ended with its session",
        ),
    ):
        shop.execute(
            "create or replace table base as from segments.customer_segments_snapshot;"
            "create or replace table counts as from segments_internal.profile_points"
        ) if source.kind == "profile" else None
        segmenter.fit(shop, source, replace=True, publish=True)
        with pytest.raises(SegmenterError, match=message):
            backtest(shop, "2024-12-31")


def _columns():
    return {"customer": "customer", "amount": "amount", "order": "invoice", "date": "sold_at"}


def test_dates_that_are_all_missing_are_said(con):
    con.execute(
        "create table sales as select i % 9 as customer, i as invoice, 1.0 * i as amount, "
        "null::timestamp as sold_at from range(50) as t(i)"
    )
    segmenter.fit(con, SOURCE)
    with pytest.raises(SegmenterError, match="no row of sales has a date"):
        backtest(con, "2024-12-31")


def test_both_years_of_online_retail(con):
    segmenter.fit(con, load_dataset(con, "two_years"))
    outcome = backtest(con, "2010-11-30")
    of_each = Counter()
    for row in outcome.rows:
        of_each[row["ranking"]] += row["customers"]
    assert of_each == dict.fromkeys(RANKINGS, 4_336)
    check_by_hand(con, outcome, "two_years", "CustomerID", "Quantity * UnitPrice", "InvoiceDate")


def check_by_hand(con, outcome, table, customer, amount, date):
    """Add the spend ranking up by a query of its own, over the user's table."""
    sizes = [row["customers"] for row in outcome.rows if row["ranking"] == "segments"]
    bounds = [sum(sizes[: place + 1]) for place in range(len(sizes))]
    moment = str(outcome.as_of)
    found = con.execute(
        f"""
        with of_then as (
            select {customer} as id, round(sum({amount}), 2) as spend from {table}
            where {date} <= $moment and {customer} is not null group by 1
        ),
        later as (
            select {customer} as id, sum({amount}) as spend from {table}
            where {date} > $moment and {customer} is not null group by 1
        ),
        placed as (
            select id, row_number() over (order by spend desc, id) as place from of_then
        )
        select
            len(list_filter($bounds, lambda b: b < place)) as segment, sum(later.spend)
        from placed left join later using (id) group by 1 order by 1
        """,
        {"moment": moment, "bounds": bounds},
    ).fetchall()
    expected = [row["later_revenue"] for row in outcome.rows if row["ranking"] == "spend"]
    assert [money for _, money in found] == pytest.approx(expected, abs=0.5)


def test_it_works_on_a_file_opened_read_only_until_it_stores(tmp_path):
    path = str(tmp_path / "shop.duckdb")
    with duckdb.connect(path) as con:
        con.execute(
            "create table sales as select i % 40 as customer, i as invoice, "
            "1.0 + i % 37 as amount, timestamp '2024-01-01' + to_days(i::integer) as sold_at "
            "from range(400) as t(i)"
        )
        segmenter.fit(con, SOURCE)
    with duckdb.connect(path, read_only=True) as con, Backtest(con) as testing:
        assert len(testing.prepare("2024-06-30").rows) == 3 * len(RANKINGS)


RHYTHM = """
    create table sales as
    select c as customer, c * 1000 + d as invoice, timestamp '2024-01-01' + to_days(d) as sold_at,
        (case when c < 40 then 10.0 when c < 80 then 20.0 else 40.0 end) + c / 8.0 as amount
    from range(120) as a(c), range(0, 300) as b(d)
    where d % (10 + c % 17) = c % 5 and (c % 3 > 0 or d < 100)
"""
"""A third of the customers of each kind stops after 100 days, whatever they have spent."""


def test_who_ranks_by_time_beats_who_ranks_by_money(con):
    con.execute(RHYTHM)
    segmenter.fit(con, SOURCE, Settings(cut=1))
    outcome = backtest(con, "2024-07-31")
    found = standings(outcome.rows)
    assert {row["ranking"] for row in found} == set(RANKINGS)
    shares = {row["ranking"]: row["share_of_later_revenue"] for row in found}
    assert [row["share_of_later_revenue"] for row in found] == sorted(shares.values(), reverse=True)
    for name in ("recent_spend", "bg_nbd"):
        assert shares[name] > shares["spend"]
    (sentence,) = who_wins(outcome.rows)
    assert " wins: " in sentence


def test_recent_spend_halves_each_quarter_of_the_history(con):
    con.execute(RHYTHM)
    segmenter.fit(con, SOURCE, Settings(cut=1))
    with Backtest(con) as testing:
        outcome = testing.prepare("2024-07-31")
        scores = con.execute(
            f"select customer_id, score from {testing.staged('scores')} "
            "where ranking = 'recent_spend' order by 1"
        ).fetchall()
    (first,) = con.execute("select min(sold_at) from sales").fetchone()
    half_life = (outcome.as_of - first).total_seconds() / 86_400 / 4
    expected = con.execute(
        "select customer, sum(amount * 10000 * 0.5 ** "
        "(date_diff('day', sold_at::date, date '2024-07-31') / $1::double)) from sales "
        "where sold_at < '2024-08-01' group by 1 order by 1",
        [half_life],
    ).fetchall()
    assert [row[0] for row in scores] == [row[0] for row in expected]
    assert [row[1] for row in scores] == pytest.approx([row[1] for row in expected], abs=20)


def test_several_days_have_a_spread(con):
    con.execute(RHYTHM)
    segmenter.fit(con, SOURCE, Settings(cut=1))
    result = segmenter.open(con).backtest(["2024-08-31", "2024-07-31", "2024-08-31"])
    assert [str(day) for day in dict.fromkeys(row["as_of"].date() for row in result.table)] == [
        "2024-07-31",
        "2024-08-31",
    ]
    for row in result.standings:
        assert row["days"] == 2
        low, high = row["lowest_share"], row["highest_share"]
        assert low <= row["share_of_later_revenue"] <= high
        assert row["share_of_later_revenue"] == pytest.approx((low + high) / 2)
    assert "on average of 2 days" in result.words()
    with pytest.raises(SegmenterError, match="as_of is empty"):
        segmenter.open(con).backtest([])


def test_too_little_history_leaves_out_what_cannot_be_learned(con):
    """Everybody came first on the day that is known last: there is no earlier day, nor a rhythm."""
    con.execute(
        "create table sales as select i as customer, i + 100 * d as invoice, 10.0 + i as amount, "
        "timestamp '2024-01-01' + to_days(d::integer) as sold_at "
        "from range(30) as a(i), range(0, 40, 20) as b(d)"
    )
    segmenter.fit(con, SOURCE, Settings(cut=1))
    outcome = backtest(con, "2024-01-01")
    known = {row["ranking"] for row in outcome.rows}
    assert known == set(RANKINGS) - {"segment_lifecycle", "bg_nbd"}
    assert {row["lifecycle"] for row in outcome.lifecycle} == {None}
