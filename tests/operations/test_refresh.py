"""A refreshed snapshot is the live view, row for row, whatever happened to the transactions."""

from __future__ import annotations

import shutil
from dataclasses import replace

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segmenter import SegmenterError, Settings, Source, fit
from segmenter.operations.refresh import Refresh

SNAPSHOT = "segments.customer_segments_snapshot"

SALES = Source(
    transactions="sales", customer="customer", amount="amount", order="invoice", date="sold_at"
)


def make_sales(con):
    con.execute(
        """
        create or replace table sales as
        select i % 80 as customer, i // 2 as invoice,
            ((case when i % 80 < 50 then 10 when i % 80 < 70 then 60 else 250 end) + (i % 80) / 4.0)
                ::decimal(12, 2) as amount,
            timestamp '2024-01-01' + to_hours(i::integer) as sold_at
        from range(800) as t(i)
        where i < 160 or (i % 80 >= 50 and i < 500) or i % 80 >= 70
        """
    )


def refresh(con, **options):
    with Refresh(con) as refreshing:
        changes = refreshing.prepare(**options)
        refreshing.store()
    return changes


def rows(con, relation):
    return con.execute(f"select * from {relation} order by customer_id").fetchall()


@pytest.fixture
def shop(con):
    make_sales(con)
    fit(con, SALES)
    return con


def test_a_fit_makes_the_snapshot(shop):
    assert rows(shop, SNAPSHOT) == rows(shop, "segments.customer_segments")
    live = shop.execute("from segments.segment_summary").fetchall()
    assert shop.execute("from segments.segment_summary_snapshot").fetchall() == live


def test_the_snapshot_waits_for_a_refresh(shop):
    before = rows(shop, SNAPSHOT)
    shop.execute("insert into sales values (3, 9001, 99999, timestamp '2025-01-01')")
    assert rows(shop, SNAPSHOT) == before != rows(shop, "segments.customer_segments")
    assert refresh(shop).is_full  # the first one writes the check sums down
    assert rows(shop, SNAPSHOT) == rows(shop, "segments.customer_segments")


def test_only_customers_with_changes_are_added_up(shop):
    shop.execute("insert into sales select 1000 + i, 5000 + i, 20, null from range(9000) as t(i)")
    refresh(shop)
    shop.execute("insert into sales values (3, 9001, 99999, timestamp '2025-01-01')")
    changes = refresh(shop)
    assert not changes.is_full
    assert changes.added_up < 100
    assert changes.customers == 9080
    assert rows(shop, SNAPSHOT) == rows(shop, "segments.customer_segments")
    assert refresh(shop).added_up == 0


CHANGES = {
    "new": "insert into sales values ({c}, {n}, {n} / 7.0, timestamp '2025-01-01')",
    "late": "insert into sales values ({c}, {n}, 40, timestamp '2023-06-01')",
    "undated": "insert into sales values ({c}, {n}, 40, null)",
    "anonymous": "insert into sales values (null, {n}, 40, timestamp '2025-01-01')",
    "refunded": "insert into sales values ({c}, null, -{n} / 9.0, timestamp '2025-01-01')",
    "again": "insert into sales select * from sales where customer = {c} limit 1",
    "deleted": "delete from sales where customer = {c} and invoice % 3 = {n} % 3",
    "gone": "delete from sales where customer = {c}",
    "changed": "update sales set amount = amount + 1 where customer = {c} and invoice = {n} % 90",
    "merged": "update sales set customer = 1 where customer = {c}",
}
"""What may happen to a table of sales; {c} is a customer and {n} a number."""


@pytest.fixture
def refreshed_file(tmp_path):
    """Give a file with a model and check sums as anew; each kind is fitted once."""
    made = {}

    def call(window, max_rules):
        path = tmp_path / f"{len(made)}.duckdb"
        if (window, max_rules) not in made:
            with duckdb.connect(str(path)) as con:
                make_sales(con)
                fit(con, replace(SALES, window=window), Settings(max_rules=max_rules))
                refresh(con)
            made[window, max_rules] = path
        return shutil.copy(made[window, max_rules], tmp_path / "copy.duckdb")

    return call


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    nights=st.lists(
        st.lists(
            st.tuples(st.sampled_from(sorted(CHANGES)), st.integers(0, 90), st.integers(0, 10_000)),
            max_size=4,
        ),
        min_size=1,
        max_size=4,
    ),
    window=st.sampled_from([None, "2 months"]),
    max_rules=st.sampled_from([2000, 1]),
)
def test_a_refresh_equals_a_rebuild(refreshed_file, nights, window, max_rules):
    with duckdb.connect(str(refreshed_file(window, max_rules))) as con:
        for night in nights:
            for name, customer, number in night:
                con.execute(CHANGES[name].format(c=customer, n=number))
            refresh(con)
            refreshed = rows(con, SNAPSHOT)
            assert refreshed == rows(con, "segments.customer_segments")
            assert con.execute("select customers from segments_internal.snapshots").fetchone() == (
                len(refreshed),
            )


def test_full_adds_up_everybody(shop):
    refresh(shop)
    changes = refresh(shop, full=True)
    assert changes.is_full
    assert changes.added_up == 80
    assert not refresh(shop).is_full


def test_finished_profiles_are_refreshed_too(shop):
    shop.execute(
        "create table base as select customer_id, monetary, frequency "
        "from segments.customer_profile"
    )
    fit(shop, Source(profile="base"), replace=True)
    shop.execute("update base set monetary = 99999 where customer_id = 3")
    assert refresh(shop).is_full
    assert rows(shop, SNAPSHOT) == rows(shop, "segments.customer_segments")


def test_a_failed_refresh_changes_nothing(shop):
    refresh(shop)
    before = rows(shop, SNAPSHOT)
    shop.execute("insert into sales values (3, 9001, 99999, timestamp '2025-01-01')")
    with Refresh(shop) as refreshing:
        refreshing.prepare()
        shop.execute("update segments_internal.models set model_id = 7 where is_current")
        with pytest.raises(SegmenterError, match="another model was published meanwhile"):
            refreshing.store()
    assert rows(shop, SNAPSHOT) == before


def test_what_cannot_be_refreshed_is_said(shop):
    frame = shop.execute("select customer, amount from sales").df()
    fit(shop, Source(transactions=frame, customer="customer", amount="amount"), replace=True)
    with pytest.raises(SegmenterError, match="data frame that ended with its session"):
        refresh(shop)
    shop.execute("create table points as from segments_internal.profile_points")
    fit(shop, Source(points="points"), replace=True)
    with pytest.raises(SegmenterError, match="anonymous points, so there are no customers"):
        refresh(shop)
    assert not shop.execute(
        "select 1 from duckdb_tables() where table_name = 'customer_segments_snapshot'"
    ).fetchall()


def test_a_table_that_lost_a_column_is_named(shop):
    shop.execute("alter table sales rename column invoice to receipt")
    with pytest.raises(SegmenterError, match=r"invoice.* is not in sales .*receipt"):
        refresh(shop)
