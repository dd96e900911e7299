"""Customers as of a moment, and who moved between two."""

from __future__ import annotations

import duckdb
import pytest

import segmenter
from segmenter import Settings, Source

AT = "segments.customer_segments_at"


def rows(con, query):
    return con.execute(query).fetchall()


def test_now_is_the_live_view(fitted):
    assert rows(
        fitted.con,
        f"""
        select count(*) from (
            (from {AT}(null) except from segments.customer_segments)
            union all
            (from segments.customer_segments except from {AT}(null))
        )
        """,
    ) == [(0,)]


def test_a_moment_is_the_view_over_the_rows_until_then(shop, sales):
    segmenter.fit(shop, sales)
    moment = "timestamp '2024-02-14'"  # of the last order in that month
    before = rows(shop, f"from {AT}({moment}) order by customer_id")
    shop.execute(f"delete from sales where sold_at > {moment}")
    assert before == rows(shop, "from segments.customer_segments order by customer_id")
    assert len(before) == 60


@pytest.mark.parametrize("options", [{"window": "4 months"}, {"where": "amount < 100"}])
def test_the_window_ends_at_the_moment(shop, sales, options):
    from dataclasses import replace

    segmenter.fit(shop, replace(sales, **options))
    found = rows(shop, f"select customer_id, frequency from {AT}('2024-05-01')")
    low = "timestamp '2024-01-01'" if "window" in options else "timestamp '2020-01-01'"
    expected = rows(
        shop,
        f"""
        select customer_id, count(distinct order_id) from sales
        where sold_at <= '2024-05-01' and sold_at > {low} and {options.get("where", "true")}
        group by customer_id
        """,
    )
    assert sorted(found) == sorted(expected)


def test_moves_that_a_person_can_follow(shop, sales):
    segmenter.fit(shop, sales)
    shop.execute("insert into sales values (900, 9000, 20, '2024-05-20')")
    shop.execute("insert into sales select 7, 9001 + i, 300, '2024-05-20' from range(9) as t(i)")
    matrix = rows(
        shop,
        "select segment_from, segment_to, customers, revenue_from, revenue_to "
        "from segments.segment_moves('2024-05-19', '2024-05-21')",
    )
    people = {(row[0], row[1]): row[2] for row in matrix}
    assert people[None, "At-Risk"] == 1  # customer 900 came new
    assert people["At-Risk", "Elite"] == 1  # customer 7 bought for 2,700
    assert sum(people.values()) == 61
    moved = rows(
        shop,
        "select customer_id, segment_from, segment_to, ranks_up, monetary_from, monetary_to, "
        "frequency_from, frequency_to from segments.customer_moves('2024-05-19', '2024-05-21')",
    )
    assert moved == [(7, "At-Risk", "Elite", 2, 23.5, 2723.5, 2, 11)]


def test_a_customer_may_leave_the_window(shop, sales):
    from dataclasses import replace

    segmenter.fit(shop, replace(sales, window="1 month"), Settings(cut=1.0))
    lost = rows(
        shop,
        "select sum(customers) from segments.segment_moves('2024-01-15', '2024-05-29') "
        "where segment_to is null",
    )
    assert lost[0][0] > 0


def test_models_with_many_rules_too(shop, sales):
    segmenter.fit(shop, sales, Settings(max_rules=1))
    assert rows(shop, f"select count(*) from {AT}('2024-03-01')") == [(60,)]


def no_time(con):
    con.execute("create table base as from segments.customer_profile")
    con.execute("create table grid as from segments_internal.profile_points")
    return {
        "has no date column": Source(
            transactions="sales", customer="customer_id", amount="amount", order="order_id"
        ),
        "finished profiles": Source(profile="base"),
        "anonymous points": Source(points="grid"),
        "data frame": Source(
            transactions=con.execute("from sales").df(),
            customer="customer_id",
            amount="amount",
            date="sold_at",
        ),
    }


def test_without_time_it_is_said(shop, sales):
    segmenter.fit(shop, sales)
    for why, source in no_time(shop).items():
        segmenter.fit(shop, source, replace=True)
        for call in (f"{AT}(now())", "segments.segment_moves(null, null)"):
            with pytest.raises(duckdb.InvalidInputException, match=why):
                shop.execute(f"from {call}").fetchall()


def test_a_column_called_moment_is_the_users(con):
    con.execute(
        """
        create table sales as
        select i % 50 as customer, 1.0 * i as amount, timestamp '2024-01-01' + to_days(i) as moment
        from range(500) as t(i)
        """
    )
    source = Source(transactions="sales", customer="customer", amount="amount", date="moment")
    segmenter.fit(con, source)
    assert rows(con, f"select sum(frequency) from {AT}('2024-01-10')") == [(9,)]
