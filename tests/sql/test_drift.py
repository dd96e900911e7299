"""Drift: nothing at the fit, and what a person would say after that."""

from __future__ import annotations

from math import log

import pytest

import segmenter
from segmenter import Settings, Source
from tests.datasets import RETAIL, RETAIL_II
from tests.sql.test_attributes import SALES


def drift(con):
    found = con.execute("select metric, value, is_drifted, message from segments.drift").fetchall()
    return {metric: (value, drifted, words) for metric, value, drifted, words in found}


@pytest.fixture
def people(con):
    """100 customers with one order each, who spent 1, 2 ... 100, and an empty-handed one."""
    con.execute(
        "create table people as select i as customer_id, i::double as monetary, 1 as frequency "
        "from range(1, 101) as t(i) union all select 101, -5, 0"
    )
    segmenter.fit(con, Source(profile="people"), Settings(cut=0.9, cut_on="monetary"))
    return con


def test_nothing_has_drifted_at_the_fit(fitted):
    found = drift(fitted.con)
    assert list(found) == [
        "monetary",
        "frequency",
        "segment",
        "whale",
        "monetary_cut",
        "frequency_cut",
        "overall",
    ]
    assert [(value, drifted) for value, drifted, _ in found.values()] == [(0, False)] * 7
    assert found["overall"][2] == "no refit needed"
    counted = fitted.con.execute(
        """
        select metric, sum(training_customers) = sum(live_customers),
            count_if(training_customers <> live_customers), sum(training_customers)
        from segments_internal.drift_bins group by metric order by metric
        """
    ).fetchall()
    n = fitted.model.points.n_customers
    expected = [(metric, True, 0, n) for metric in ("frequency", "monetary", "segment")]
    assert counted == [*expected, ("whale", True, 0, n + fitted.model.whales)]


def test_whales_and_customers_without_an_order_are_left_out(people):
    bins = people.execute(
        "select lower_edge, upper_edge, training_customers, live_customers "
        "from segments_internal.drift_bins where metric = 'monetary'"
    ).fetchall()
    inf = float("inf")
    assert bins == [(-inf, 30, 30, 30), (30, 60, 30, 30), (60, inf, 30, 30)]
    people.execute("insert into people select 200 + i, 5000, 3 from range(5) as t(i)")
    people.execute("insert into people select 300 + i, -1, 0 from range(50) as t(i)")
    assert drift(people)["monetary"][:2] == (0, False)


def test_the_index_is_what_a_person_computes(people):
    """Those who spent up to 30 spend 60 more: 0, 30 and 60 customers instead of 30 each."""
    people.execute("update people set monetary = monetary + 60 where monetary between 1 and 30")
    p = [30.5 / 91.5] * 3
    q = [0.5 / 91.5, 30.5 / 91.5, 60.5 / 91.5]
    expected = sum((b - a) * log(b / a) for a, b in zip(p, q, strict=True))
    found = drift(people)
    assert found["monetary"][0] == pytest.approx(expected, rel=1e-12)
    assert found["monetary"][1:] == (
        True,
        "has drifted: customers up to 30.00 were 33.3 % and are 0.0 %",
    )
    assert found["frequency"][:2] == (0, False)
    assert found["overall"][0] == found["overall"][1] + found["segment"][1]
    assert found["overall"][2].startswith("refit: monetary")


def test_a_little_is_worth_a_look(people):
    people.execute("update people set monetary = monetary + 60 where monetary between 1 and 12")
    value, drifted, words = drift(people)["monetary"]
    assert 0.1 < value < 0.2
    assert not drifted
    assert words.startswith("has moved, worth a look: ")


def test_the_cut_is_compared_with_todays(people):
    people.execute("update people set monetary = monetary * 1.1 where monetary > 90")
    value, drifted, words = drift(people)["monetary_cut"]
    assert (round(value, 3), drifted) == (0.01, False)
    assert words == "as at the fit: the cut was 90.10 and would be 91.01"
    people.execute("insert into people select 200 + i, 150 + i, 1 from range(10) as t(i)")
    value, drifted, words = drift(people)["monetary_cut"]
    assert drifted
    assert value > 0.2
    assert words.startswith("has drifted: the cut was 90.10 and would be ")
    assert "frequency_cut" not in drift(people)


def test_one_order_more_is_no_new_cut(con):
    con.execute(
        "create table people as select i as customer_id, i::double as monetary, "
        "case when i > 95 then 3 else 1 + i % 2 end as frequency from range(1, 101) as t(i)"
    )
    segmenter.fit(con, Source(profile="people"), Settings(cut_on="frequency"))
    con.execute("update people set frequency = 4 where frequency = 3")
    assert drift(con)["frequency_cut"][:2] == (pytest.approx(1 / 3), False)
    con.execute("update people set frequency = 9 where frequency = 4")
    assert drift(con)["frequency_cut"][:2] == (2, True)


def test_segments_are_watched(people):
    names = people.execute(
        "select segment from segments_internal.drift_bins where metric = 'segment'"
    ).fetchall()
    assert names == [("Elite",), ("Loyal",), ("At-Risk",)]
    people.execute("update people set monetary = 1 where monetary < 80")
    _, drifted, words = drift(people)["segment"]
    assert drifted
    assert "customers in " in words


def test_whales_are_watched(people):
    found = people.execute(
        "select training_customers, live_customers from segments_internal.drift_bins "
        "where metric = 'whale'"
    ).fetchall()
    assert found == [(90, 90), (10, 10)]
    people.execute("update people set monetary = 1000 where monetary between 1 and 30")
    value, drifted, words = drift(people)["whale"]
    p, q = (90.5 / 101, 10.5 / 101), (60.5 / 101, 40.5 / 101)
    assert value == pytest.approx(sum((b - a) * log(b / a) for a, b in zip(p, q, strict=True)))
    assert drifted
    assert words == "has drifted: customers above the cut were 10.0 % and are 40.0 %"


def test_everybody_above_the_cut_is_a_refit(people):
    people.execute("update people set monetary = monetary * 1000")
    found = drift(people)
    assert found["monetary"] == (None, None, "no customer to compare")
    assert found["overall"][1:] == (True, "refit: whale, monetary_cut drifted")


def test_more_orders_in_a_base_of_one_timers_are_noticed(con):
    con.execute(
        "create table people as select i as customer_id, i::double as monetary, 1 as frequency "
        "from range(1, 101) as t(i)"
    )
    segmenter.fit(con, Source(profile="people"))
    con.execute("update people set frequency = 2 where customer_id % 2 = 0")
    assert drift(con)["frequency_cut"][1] is False
    assert drift(con)["whale"][1]


def test_nobody_to_compare_is_said(people):
    people.execute("delete from people")
    found = drift(people)
    assert {words for _, _, words in found.values()} == {
        "no customer to compare",
        "there is no customer with an order now to compare",
    }
    assert {(value, drifted) for value, drifted, _ in found.values()} == {(None, None)}


def test_the_current_model_is_compared(people):
    people.execute("update people set monetary = monetary * 3")
    assert drift(people)["overall"][1]
    segmenter.fit(people, Source(profile="people"), Settings(cut=1.0), publish=True)
    found = drift(people)
    assert not found["overall"][1]
    assert list(found) == ["monetary", "frequency", "segment", "whale", "overall"]


def test_many_rules_change_nothing(people):
    expected = drift(people)
    segmenter.fit(
        people, Source(profile="people"), Settings(cut=0.9, cut_on="monetary", max_rules=1)
    )
    assert drift(people) == expected


def test_anonymous_points_and_frames_have_bins_but_no_drift(con):
    con.execute(
        "create table points as select (i * i % 997)::double as monetary, 1 + i % 5 as frequency, "
        "1 + i % 3 as customers from range(300) as t(i)"
    )
    segmenter.fit(con, Source(points="points"))
    segmenter.fit(
        con,
        Source(
            profile=con.sql(
                "select 1 + i as customer_id, i * 1.5 as monetary, "
                "1 + i % 3 as frequency from range(200) as t(i)"
            ).df()
        ),
        publish=True,
        replace=True,
    )
    assert con.execute(
        "select count(distinct model_id) from segments_internal.model_bins"
    ).fetchall() == [(2,)]
    assert con.execute(
        "select count(*) from duckdb_views() where view_name like 'drift%'"
    ).fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (None, [0.030, 0.057, 0.040, 0.013, 0.420, 0.567, 2]),
        ("12 months", [0.003, 0.002, 0.002, 0.000, -0.094, -0.046, 0]),
    ],
)
def test_from_one_year_into_the_next(con, window, expected):
    """The figures of the README: sums over all time only grow, those of a window do not."""
    con.execute("create table sales as from read_parquet($1) limit 0", [RETAIL])
    con.execute(
        "insert into sales from read_parquet($1) where InvoiceDate < '2010-12-01'", [RETAIL_II]
    )
    source = Source(
        transactions="sales",
        customer="CustomerID",
        amount="Quantity * UnitPrice",
        order="InvoiceNo",
        date="InvoiceDate",
        window=window,
    )
    segmenter.fit(con, source)
    assert drift(con)["overall"][0] == 0
    con.execute("insert into sales from read_parquet($1)", [RETAIL])
    assert [round(value, 3) for value, *_ in drift(con).values()] == expected


def test_drift_by_attribute_by_hand(con):
    con.execute(
        """
        create table sales as
        select i % 100 as customer, i as invoice, 10.0 + i % 100 as amount,
            timestamp '2024-01-01' + to_days((i // 10)::integer) as sold_at,
            case when i % 100 < 60 then 'DE' when i % 100 < 97 then 'AT' when i % 100 < 99
                then 'LI' end as country,
            'c' || i % 100 as "sales channel"
        from range(300) as t(i)
        """
    )
    segmenter.fit(con, SALES)
    by_country = (
        "select attribute_value, share_at_fit, share_of_customers, is_drifted "
        "from segments.attribute_drift where attribute = 'country'"
    )
    assert con.execute(by_country).fetchall() == [
        ("DE", 0.6, 0.6, False),
        ("AT", 0.37, 0.37, False),
        (None, 0.03, 0.03, False),
    ]
    own = "select attribute_value, share_of_customers, is_drifted from segments.attribute_drift "
    own += "where attribute = 'sales channel'"
    assert con.execute(own).fetchall() == [(None, 1.0, False)], "what names somebody is not kept"
    con.execute("update sales set country = 'CH' where customer < 50")
    assert con.execute(by_country).fetchall() == [
        ("DE", 0.6, 0.1, True),
        ("AT", 0.37, 0.37, True),
        (None, 0.03, 0.53, True),
    ]
    p, q = (60.5 / 101.5, 37.5 / 101.5, 3.5 / 101.5), (10.5 / 101.5, 37.5 / 101.5, 53.5 / 101.5)
    wanted = sum((now - then) * log(now / then) for then, now in zip(p, q, strict=True))
    index = "select distinct attribute_index from segments.attribute_drift "
    index += "where attribute = 'country'"
    assert con.execute(index).fetchone()[0] == pytest.approx(wanted)
    kept = "select distinct model_id from segments_internal.model_attributes"
    assert con.execute(kept).fetchall() == [(1,)]
