"""The profile, the cut and the points, on rows that a person can check."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import segmenter
from segmenter import Settings, Source
from segmenter.training.stage import Stage


def profile(con, source, settings=None):
    with Stage(con, source, settings or Settings()) as stage:
        stage.add_up()
        _, rows = stage.examples(1000)
    return {row[0]: row[1:3] for row in rows}


@pytest.fixture
def lines(con):
    con.execute(
        """
        create table lines (customer varchar, order_no varchar, price double, sold_at timestamp);
        insert into lines values
            ('ann', 'o1', 10.00, '2024-01-05'),
            ('ann', 'o1', 5.00, '2024-01-05'),
            ('ann', 'o2', 1.005, '2024-02-01'),
            ('ann', 'c2', -1.00, '2024-02-02'),
            ('bob', 'c3', -7.50, '2024-03-01'),
            ('eve', 'o4', 0.00, '2024-03-02'),
            (null, 'o5', 99.00, '2024-03-03')
        """
    )
    return con


def read(**changes):
    columns = {"customer": "customer", "amount": "price", "order": "order_no", "date": "sold_at"}
    return Source(transactions="lines", **(columns | changes))


def test_monetary_keeps_refunds_and_frequency_counts_orders_with_a_positive_amount(lines):
    assert profile(lines, read()) == {"ann": (15.01, 2), "bob": (-7.5, 0), "eve": (0.0, 0)}


def test_without_an_order_column_rows_with_a_positive_amount_are_counted(lines):
    assert profile(lines, read(order=None))["ann"] == (15.01, 3)


def test_first_and_last_order_are_those_with_a_positive_amount(lines):
    with Stage(lines, read(), Settings()) as stage:
        stage.add_up()
        names, rows = stage.examples(10)
    ann = dict(zip(names, rows[0], strict=True))
    assert (ann["first_order_at"].month, ann["last_order_at"].month) == (1, 2)
    assert rows[1][3:] == (None, None)


@pytest.mark.parametrize(
    ("amounts", "cents"),
    [
        ([0.005], 1),
        ([-0.005], 0),
        ([-0.0051], -1),
        ([0.0049], 0),
        ([0.1] * 10, 100),
        ([-1.994], -199),
        ([-1.996], -200),
    ],
)
def test_sums_are_rounded_half_up_to_the_cent(con, amounts, cents):
    con.execute("create table t as select 1 as customer, unnest($1) as amount", [amounts])
    source = Source(transactions="t", customer="customer", amount="amount")
    assert profile(con, source)[1][0] == cents / 100


def test_a_row_filter_and_expressions_with_foreign_names(con):
    con.execute(
        """
        create table "Verkäufe 'neu'" ("Kunde №" integer, "Menge" integer,
            "Preis ""netto"" €" double);
        insert into "Verkäufe 'neu'" values (1, 2, 1.5), (1, 1, 9), (2, 1, 3)
        """
    )
    source = Source(
        transactions="Verkäufe 'neu'",
        customer="kunde №",
        amount='Menge * "Preis ""netto"" €"',
        where='"Menge" < 2 or "Kunde №" > 1',
    )
    assert profile(con, source) == {1: (9.0, 1), 2: (3.0, 1)}


def test_a_window_ends_at_the_newest_transaction_or_at_a_moment(lines):
    assert profile(lines, read(window="1 month")) == {"bob": (-7.5, 0), "eve": (0.0, 0)}
    assert profile(lines, read(window="31 days"))["ann"] == (-1.0, 0)
    assert profile(lines, read(as_of="2024-01-31")) == {"ann": (15.0, 1)}
    assert profile(lines, read(as_of="2024-02-01", window="1 day")) == {"ann": (1.01, 1)}


def test_a_live_window_moves_with_the_newest_transaction(shop, sales):
    source = Source(**{**sales.as_dict(), "window": "100 days"})
    segmenter.fit(shop, source)
    query = "select min(ordered_at) from segments_internal.transactions"
    before = shop.execute(query).fetchone()[0]
    shop.execute("insert into sales values (7, 9999, 10.0, '2024-07-01')")
    after = shop.execute(query).fetchone()[0]
    assert after > before
    assert str(after) > "2024-03-23"


def test_customer_ids_keep_their_type(con):
    con.execute("create table t as select uuid() as id, 1.0 as amount from range(9)")
    with Stage(con, Source(transactions="t", customer="id", amount="amount"), Settings()) as stage:
        stage.add_up()
        query = "describe temp.main.segmenter_customer_profile"
        assert con.execute(query).fetchone()[1] == "UUID"


def test_a_nan_customer_is_no_customer(con):
    con.execute(
        "create table t as select unnest(['1', 'nan', null]::double[]) as id, 1.0 as amount"
    )
    assert list(profile(con, Source(transactions="t", customer="id", amount="amount"))) == [1.0]


def test_the_cut_is_the_exact_quantile_of_customers_with_an_order(shop, sales):
    model = segmenter.fit(shop, sales, Settings(cut=0.9))
    profiles = shop.execute("from segments.customer_profile").df()
    active = profiles[profiles.frequency >= 1]
    monetary_cut, frequency_cut = np.quantile(active[["monetary", "frequency"]], 0.9, axis=0)
    cut = shop.execute("from segments_internal.profile_cut").df().iloc[0]
    assert cut.monetary_cut == pytest.approx(monetary_cut, abs=1e-9)
    assert cut.frequency_cut == frequency_cut
    above = (profiles.monetary > monetary_cut) | (profiles.frequency > frequency_cut)
    assert cut.whales == above.sum() == model.whales
    assert cut.whale_revenue == pytest.approx(profiles.monetary[above].sum())
    points = shop.execute("from segments_internal.profile_points").df()
    assert points.customers.sum() == (~above & (profiles.frequency >= 1)).sum()


@pytest.mark.parametrize("cut_on", ["monetary", "frequency", "either"])
def test_the_cut_looks_at_what_it_is_told_to(shop, sales, cut_on):
    segmenter.fit(shop, sales, Settings(cut=0.9, cut_on=cut_on))
    row = shop.execute(
        "select monetary_cut, frequency_cut from segments_internal.profile_cut"
    ).fetchone()
    expected = (cut_on in ("monetary", "either"), cut_on in ("frequency", "either"))
    assert tuple(value is not None for value in row) == expected


def test_cut_1_cuts_nobody(shop, sales):
    assert segmenter.fit(shop, sales, Settings(cut=1)).whales == 0


def test_a_profile_table_and_a_points_table_give_the_same_segments(shop, sales):
    direct = segmenter.fit(shop, sales)
    shop.execute("create table profiles as from segments.customer_profile")
    shop.execute("create table points as from segments_internal.profile_points")
    profiles = segmenter.fit(shop, Source(profile="profiles"), replace=True)
    points = segmenter.fit(shop, Source(points="points"), replace=True)
    assert direct.segments == profiles.segments == points.segments
    assert direct.rules.cents_below.tolist() == points.rules.cents_below.tolist()
    assert shop.execute("select sum(customers) from segments.segment_summary").fetchone() == (
        points.points.n_customers,
    )


def test_the_summary_of_points_equals_that_of_their_customers(shop, sales):
    segmenter.fit(shop, sales, Settings(cut=1))
    of_customers = shop.execute("from segments.segment_summary").df()
    shop.execute("create table points as from segments_internal.profile_points")
    segmenter.fit(shop, Source(points="points"), replace=True)
    of_points = shop.execute("from segments.segment_summary").df()
    pd.testing.assert_frame_equal(of_customers, of_points, check_dtype=False)


def test_frames_are_sources_and_their_profile_is_stored(shop, sales):
    direct = segmenter.fit(shop, sales)
    frame = shop.execute("from sales").df()
    columns = {name: value for name, value in sales.as_dict().items() if name != "transactions"}
    for made in (frame, shop.sql("from sales").pl(), shop.sql("from sales").to_arrow_table()):
        model = segmenter.fit(shop, Source(transactions=made, **columns), replace=True)
        assert model.segments == direct.segments
        counts = "select count(*), count(segment) from segments.customer_segments"
        assert shop.execute(counts).fetchone() == (60, 60)
    assert "segmenter_frame" not in str(shop.execute("show tables").fetchall())
