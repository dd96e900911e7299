"""Who is held out, by SQL alone, and what campaigns show of generated sales."""

from __future__ import annotations

import hashlib

import duckdb
import numpy as np
import pyarrow as pa
import pytest
import sqlglot

import segmenter
from segmenter import InputError, Source
from segmenter.engines.ddl import DIALECTS
from segmenter.operations.campaign import campaign
from segmenter.operations.holdout import holdout, holdout_customers, holdout_query
from segmenter.storage.publish import updating
from tests.combinations import first_in_gate

SALES = Source(transactions="sales", customer="customer_id", amount="amount", date="sold_at")
START = "2024-07-01"


def is_held_out(customer, salt, share):
    digits = hashlib.md5(f"{salt}:{customer}".encode(), usedforsecurity=False).hexdigest()[:6]
    return int(digits, 16) < share * 16**6


def make_sales(con, *, lift=0.0, customers=3_000):
    """Three kinds of customers; from July on those who are treated spend so much more each."""
    rng = np.random.default_rng(5)
    kind = rng.choice(3, customers, p=[0.7, 0.2, 0.1])
    rows = {"customer_id": [], "amount": [], "day": []}
    for customer in range(customers):
        mean = (10, 50, 200)[kind[customer]]
        for day in rng.choice(182, 1 + kind[customer] * 2, replace=False):
            rows["customer_id"].append(customer)
            rows["amount"].append(round(float(mean * rng.lognormal(0, 0.3)), 2))
            rows["day"].append(int(day))
        if rng.random() < 0.5:
            more = 0 if is_held_out(customer, "spring", 0.2) else lift
            rows["customer_id"].append(customer)
            rows["amount"].append(round(float(mean * rng.lognormal(0, 0.3)) + more, 2))
            rows["day"].append(int(rng.integers(183, 250)))
    con.register("rows", pa.table(rows))
    con.execute(
        "create table sales as select customer_id, amount, "
        "timestamp '2024-01-01' + to_days(day::integer) as sold_at from rows"
    )
    con.execute("insert into sales select 900000 + i, 10, '2024-07-20' from range(7) as t(i)")
    con.unregister("rows")
    segmenter.fit(con, SALES)
    return con


@pytest.fixture(scope="module")
def lifted():
    with duckdb.connect() as con:
        yield make_sales(con, lift=12.0)


def test_the_function_is_the_hash_of_salt_and_customer(shop, sales):
    segmenter.fit(shop, sales)
    for customers in (range(-300, 3_000), ("Ünal & Söhne", "a:b", "", " 7", "客户", "x" * 300)):
        shop.register("ids", pa.table({"id": list(customers)}))
        for salt, share in (("spring", 0.1), ("Früh'ling: 2", 0.5), ("spring", 0.999)):
            found = shop.execute(
                "select id, segments.is_held_out(id, $1, $2) from ids", [salt, share]
            ).fetchall()
            assert found == [(id_, is_held_out(id_, salt, share)) for id_ in customers]
        shop.unregister("ids")
    assert shop.execute("select segments.is_held_out(null, 'spring', 0.1)").fetchone() == (None,)


def test_a_split_has_its_share_and_nobody_changes_sides(shop, sales):
    segmenter.fit(shop, sales)
    count = "select count(*) filter (segments.is_held_out(i, $1, $2)) from range(100000) as t(i)"
    for salt, share in (("spring", 0.1), ("autumn", 0.1), ("spring", 0.5)):
        (held,) = shop.execute(count, [salt, share]).fetchone()
        assert abs(held - 100_000 * share) < 4 * (100_000 * share * (1 - share)) ** 0.5
    both = (
        "select count(*) filter (segments.is_held_out(i, 'spring', 0.1) "
        "and segments.is_held_out(i, 'autumn', 0.1)), "
        "count(*) filter (segments.is_held_out(i, 'spring', 0.1) "
        "and not segments.is_held_out(i, 'spring', 0.2)) from range(100000) as t(i)"
    )
    independent, lost = shop.execute(both).fetchone()
    assert (abs(independent - 1_000) < 130, lost) == (True, 0)
    before = sides(shop)
    shop.execute("insert into sales select 1000 + i, i, 5, '2024-02-01' from range(500) as t(i)")
    after = sides(shop)
    assert (len(before), len(after)) == (60, 560)
    assert before.items() <= after.items()


def sides(con):
    rows = holdout_customers(con, "spring", 0.3).table().records()
    return {row["customer_id"]: row["campaign_group"] for row in rows}


WITH_MD5 = [dialect for dialect in DIALECTS if dialect != "sqlite"]


def test_sqlite_cannot_draw_and_here_they_are_drawn(shop, sales):
    with pytest.raises(InputError, match="dialect = 'sqlite' has no md5"):
        holdout_query("spring", 0.3, "sqlite")
    segmenter.fit(shop, sales)
    assert len(sides(shop)) > 0


@pytest.mark.parametrize("share", [-1, 0, 1, 2.5])
def test_a_share_that_is_none_is_an_error_in_sql_too(shop, sales, share):
    segmenter.fit(shop, sales)
    with pytest.raises(duckdb.Error, match="share must be between 0 and 1"):
        shop.execute("select segments.is_held_out(1, 'spring', $1)", [share]).fetchall()
    assert shop.execute("select segments.is_held_out(1, 'spring', null)").fetchone() == (None,)


@first_in_gate("dialect", WITH_MD5, first=4)
def test_the_query_for_another_warehouse_is_the_same_split(shop, sales, dialect):
    segmenter.fit(shop, sales)
    written = holdout_query("spring", 0.3, dialect).replace("VARCHAR(MAX)", "VARCHAR")
    query = sqlglot.transpile(written, dialect, "duckdb")[0]
    assert {row[0]: row[4] for row in shop.execute(query).fetchall()} == sides(shop)


def test_holdout_counts_and_its_list_agree(lifted):
    result = holdout(lifted, "spring", 0.2)
    rows = result.table.records()
    assert [row["segment"] for row in rows] == ["Elite", "Loyal", "At-Risk", None]
    listed = holdout_customers(lifted, "spring", 0.2).table().records()
    for row in rows:
        mine = [one for one in listed if row["segment"] in (None, one["segment"])]
        held = sum(one["campaign_group"] == "held out" for one in mine)
        assert (row["customers"], row["held_out"]) == (len(mine), held)
        assert row["treated"] + row["held_out"] == row["customers"]
    assert all(
        (one["campaign_group"] == "held out") == is_held_out(one["customer_id"], "spring", 0.2)
        for one in listed
    )
    assert holdout(lifted, "spring", 0.2, snapshot=True).table.records() == rows
    assert result.words().startswith(f"Salt 'spring' holds out {rows[-1]['held_out']:,} of 3,007")


def test_what_a_campaign_could_show_is_of_the_newest_days(lifted):
    result = holdout(lifted, "spring", 0.2, days=60, by_lifecycle=True)
    (last,) = lifted.execute("select max(sold_at)::date from sales").fetchone()
    assert (result.period.until.date(), result.period.days) == (last, 60)
    (total,) = [row for row in result.table.records() if row["segment"] is None]
    known, spent, buyers = lifted.execute(
        """
        with known as (select distinct customer_id from sales where sold_at < $1),
        later as (
            select customer_id, sum(amount) as spent from sales
            where sold_at >= $1 group by customer_id
        )
        select count(*), sum(spent), count(spent) from known left join later using (customer_id)
        """,
        [result.period.since],
    ).fetchone()
    assert total["measured_customers"] == known
    assert total["mean_spend"] == pytest.approx(spent / known)
    assert total["repeat_rate"] == pytest.approx(buyers / known)
    small = [row for row in result.table.records() if min(row["treated"], row["held_out"]) < 30]
    assert small
    assert all(row["smallest_spend_lift"] is None for row in small)
    assert "Too few to tell: " in result.words()
    assert (
        total["smallest_spend_lift"]
        < holdout(lifted, "spring", 0.02, days=60).table.records()[-1]["smallest_spend_lift"]
    )


def test_a_lift_is_found_and_who_came_later_does_not_count(lifted):
    result = campaign(lifted, "spring", START, share=0.2)
    *rows, total = result.table.records()
    assert total["spend_lift_low"] < 6 < total["spend_lift_high"]  # half of them buy
    assert total["spend_lift_low"] > 0
    assert result.words() == total["message"]
    assert total["message"].startswith("All customers: the treated spent ")
    assert sum(row["treated"] for row in rows) == total["treated"]
    assert total["treated"] + total["held_out"] == 3_000
    assert result.newcomers == 7
    assert "7 customers came only later and do not count." in result.notes
    assert any("its rules have seen what happened since" in note for note in result.notes)
    means = lifted.execute(
        """
        with known as (select distinct customer_id from sales where sold_at < '2024-07-01')
        select segments.is_held_out(customer_id, 'spring', 0.2),
            sum(case when sold_at >= '2024-07-01' then amount else 0 end)
            / count(distinct customer_id)
        from known inner join sales using (customer_id) group by 1 order by 1
        """
    ).fetchall()
    assert [total["treated_mean_spend"], total["held_out_mean_spend"]] == [
        pytest.approx(mean) for _, mean in means
    ]


def test_segments_are_those_of_just_before(lifted):
    *rows, _ = campaign(lifted, "spring", START, share=0.2).table.records()
    expected = lifted.execute(
        "select segment, count(*) from segments.customer_segments_at('2024-06-30 23:59:59') "
        "group by segment, segment_rank order by segment_rank"
    ).fetchall()
    assert [(row["segment"], row["treated"] + row["held_out"]) for row in rows] == expected


def test_with_another_salt_nothing_is_found(lifted):
    found = campaign(lifted, "autumn", START, share=0.2).table.records()[-1]
    assert found["spend_lift_low"] <= 0 <= found["spend_lift_high"]
    assert "no effect on the spend can be told" in found["message"]


def test_until_ends_what_is_measured_and_few_customers_are_told(lifted):
    result = campaign(lifted, "spring", START, "2024-07-02", share=0.2, by_lifecycle=True)
    (total,) = [row for row in result.table.records() if row["segment"] is None]
    (buyers,) = lifted.execute(
        "select count(distinct customer_id) from sales "
        "where sold_at >= '2024-07-01' and sold_at < '2024-07-03'"
    ).fetchone()
    found = total["treated_repeat_rate"] * total["treated"]
    found += total["held_out_repeat_rate"] * total["held_out"]
    assert round(found) == buyers
    assert any("too few to tell" in sentence for sentence in result.sentences())


def test_refunds_are_taken_off(con):
    make_sales(con, customers=400)
    before = campaign(con, "spring", START, share=0.5).table.records()[-1]
    con.execute("insert into sales select i, -5.0, '2024-07-10' from range(400) as t(i)")
    after = campaign(con, "spring", START, share=0.5).table.records()[-1]
    for side in ("treated_mean_spend", "held_out_mean_spend"):
        assert after[side] == pytest.approx(before[side] - 5)
    assert after["treated_repeat_rate"] == before["treated_repeat_rate"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"salt": ""}, "salt must be a text that names the campaign"),
        ({"salt": "  "}, "salt must be a text"),
        ({"salt": 7}, "not 7"),
        ({"share": 0}, "share must be between 0 and 1"),
        ({"share": 1.0}, "share must be between 0 and 1"),
        ({"share": -0.1}, "share must be between 0 and 1"),
        ({"share": float("nan")}, "share must be between 0 and 1"),
        ({"share": True}, "share must be between 0 and 1"),
        ({"since": "2023-01-01"}, "leaves nobody who was a customer before: the rows span 2024-01"),
        ({"since": "2025-01-01"}, "is after the data: the rows span 2024-01"),
        ({"since": "July"}, "since must be a date"),
        ({"until": "2024-06-01"}, "must be before until = '2024-06-01'"),
        ({"until": "2025-06-01"}, "until = '2025-06-01' is after the data"),
    ],
)
def test_bad_input_is_told(lifted, words, message):
    given = {"salt": "spring", "since": START, "share": 0.2} | words
    with pytest.raises(InputError, match=message):
        campaign(lifted, **given)
    if not {"since", "until"} & set(words):
        with pytest.raises(InputError, match=message):
            holdout(lifted, given["salt"], given["share"])


def test_days_within_the_history(lifted):
    for days in (0, 1.5, True):
        with pytest.raises(InputError, match="days must be a whole number of days, at least 1"):
            holdout(lifted, "spring", days=days)
    with pytest.raises(InputError, match="Give at most 249, or leave days out"):
        holdout(lifted, "spring", days=250)
    assert holdout(lifted, "spring", days=249).period.days == 249


def test_models_without_time_split_by_what_was_spent(shop):
    source = Source(transactions="sales", customer="customer_id", amount="amount", order="order_id")
    segmenter.fit(shop, source)
    result = holdout(shop, "spring", 0.5)
    (total,) = [row for row in result.table.records() if row["segment"] is None]
    (mean,) = shop.execute("select avg(monetary) from segments.customer_profile").fetchone()
    assert total["mean_spend"] == pytest.approx(mean)
    assert (result.period, total["repeat_rate"], total["smallest_rate_lift"]) == (None, None, None)
    assert "the model knows no span of days" in result.words()
    for ask in (
        lambda: campaign(shop, "spring", "2024-02-01"),
        lambda: holdout(shop, "spring", days=30),
        lambda: holdout(shop, "spring", by_lifecycle=True),
    ):
        with pytest.raises(InputError, match="date"):
            ask()


def test_profiles_and_points(con):
    con.execute(
        "create table profiles as select i as id, 10.0 * i as monetary, 1 + i % 9 as frequency "
        "from range(400) as t(i)"
    )
    segmenter.fit(con, Source(profile="profiles", customer="id"))
    assert holdout(con, "spring", 0.5).table.records()[-1]["smallest_spend_lift"] > 0
    with pytest.raises(InputError, match="finished profiles, which say nothing of time"):
        campaign(con, "spring", START)
    with duckdb.connect() as other:
        other.execute(
            "create table points as select 10.0 * i as monetary, i as frequency, 5 as customers "
            "from range(1, 30) as t(i)"
        )
        segmenter.fit(other, Source(points="points"))
        with pytest.raises(InputError, match="anonymous points") as refused:
            holdout(other, "spring")
        assert "dialect = 'postgres'" in str(refused.value)
        assert "campaign_group" in holdout_query("spring", 0.1, "postgres")
        with pytest.raises(InputError, match="anonymous points"):
            campaign(other, "spring", START)


def test_a_file_of_the_version_before_answers_and_gets_the_function(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        make_sales(con, customers=300)
        con.execute("drop macro segments.is_held_out")
    with duckdb.connect(str(path), read_only=True) as con:
        assert len(holdout(con, "spring", 0.5).table) == 4
        assert campaign(con, "spring", START, share=0.5).newcomers == 7
    with duckdb.connect(str(path)) as con:
        with updating(con):
            pass
        (comment,) = con.execute(
            "select comment from duckdb_functions() where function_name = 'is_held_out'"
        ).fetchone()
        assert comment.startswith("Whether a customer is in the share")
    with duckdb.connect() as con:
        con.execute(f"attach '{path}' as shop (read_only)")
        found = con.execute("select shop.segments.is_held_out(7, 'spring', 0.5)").fetchone()
        assert found == (is_held_out(7, "spring", 0.5),)


def test_the_database_has_both_verbs(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        make_sales(con, lift=12.0, customers=600)
    db = segmenter.open(path, read_only=True)
    split = db.holdout("spring", 0.2)
    assert split.to_pandas()["held_out"].iloc[-1] == split.table.records()[-1]["held_out"]
    assert "holds out" in repr(split)
    groups = db.holdout_customers("spring", 0.2).to_pandas()["campaign_group"]
    assert (groups == "held out").sum() == split.table.records()[-1]["held_out"]
    found = db.campaign("spring", START, share=0.2)
    assert found.words() in found._repr_html_()
