"""Fits in PostgreSQL: the same model as DuckDB's, published there in one transaction."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import duckdb
import psycopg
import pytest
from sqlglot import exp

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.engines.postgres import Postgres
from segmenter.training.stage import Stage
from tests.advice import advised
from tests.clients.alike import CUSTOMERS, OWN, check_same_model
from tests.clients.conftest import copy_table
from tests.combinations import first_in_gate


def objects(pg):
    query = "select count(*) from pg_class where relnamespace = to_regnamespace('segments')"
    return pg.execute(query).fetchone()[0]


def segments(pg):
    query = "select distinct segment from segments.customer_segments"
    return {name for (name,) in pg.execute(query).fetchall()}


def test_each_data_set_gives_the_same_model_and_segments(database, fitted, tmp_path):
    copy_table(fitted.con, database, fitted.name, tmp_path)
    file = tmp_path / "model.duckdb"
    model = segmenter.fit(database, fitted.source, model_file=file)
    check_same_model(model, fitted.model)
    query = CUSTOMERS.format("segments.")
    expected = fitted.con.execute(query).fetchall()
    assert database.execute(query).fetchall() == expected
    with duckdb.connect(str(file), read_only=True) as con:
        check_same_model(segmenter.load(con), fitted.model)


def test_a_window_and_a_condition(store, shop, sales):
    source = replace(sales, window="20 weeks", where="order_id % 7 <> 0")
    check_same_model(segmenter.fit(store, source), segmenter.fit(shop, source))
    for name in ("customer_profile", "customer_segments", *OWN):
        query = f"select * from segments.{name} order by 1, 3"
        assert store.execute(query).fetchall() == shop.execute(query).fetchall()
    query = "select * from segments.segment_summary order by segment_rank"
    for row, known in zip(
        store.execute(query).fetchall(), shop.execute(query).fetchall(), strict=True
    ):
        assert row[:3] == known[:3]
        assert row[3:] == pytest.approx(known[3:], rel=1e-12)


MOMENTS = (
    {"window": "20 weeks", "where": "order_id % 7 <> 0"},
    {"where": "moment is not null"},
    {"window": "20 weeks", "as_of": "2024-04-30"},
    {"order": None},
)


@first_in_gate("more", MOMENTS, first=2)
def test_customers_as_of_a_moment(store, shop, sales, more):
    for con in (store, shop):  # a name that the function's parameter has, too
        con.execute("alter table sales add column moment timestamp default '1999-12-31'")
    source = replace(sales, **more)
    segmenter.fit(store, source)
    segmenter.fit(shop, source)
    query = "select * from segments.customer_segments_at({}) order by customer_id"
    for moment in ("'2024-02-10'", "timestamp '2024-03-05 12:00:00'", "date '2023-01-01'", "null"):
        asked = query.format(moment)
        found = store.execute(asked).fetchall()
        assert found == shop.execute(asked).fetchall(), moment
    known = store.execute(query.format("'2024-02-10'")).fetchall()
    for _ in range(2):
        store.execute(segmenter.export(segmenter.load(shop), "postgres"))
        assert store.execute(query.format("'2024-02-10'")).fetchall() == known
    store.execute("create temp table sales as select * from sales limit 1")  # which hides the other
    assert store.execute(query.format("'2024-02-10'")).fetchall() == known
    asked = store.execute("select * from segments.customer_segments_at(null)")
    live = store.execute("select * from segments.customer_segments limit 0")
    kinds = [[(each.name, each.type_code) for each in one.description] for one in (asked, live)]
    assert kinds[0] == kinds[1]


def test_the_function_of_a_moment_goes_with_the_dates(store, sales):
    segmenter.fit(store, sales)
    there = "select to_regprocedure('segments.customer_segments_at(timestamp)') is not null"
    assert store.execute(there).fetchone() == (True,)
    segmenter.fit(store, replace(sales, customer="'c' || customer_id"))  # other columns
    found = store.execute(
        "select min(customer_id) from segments.customer_segments_at('2024-02-10')"
    )
    assert found.fetchone() == ("c0",)
    segmenter.fit(store, replace(sales, date=None))
    assert store.execute(there).fetchone() == (False,)


def test_too_many_points_are_coarsened_alike(database, con, tmp_path):
    con.execute(
        "create table base as select i as customer_id, round(exp(hash(i) % 900 / 100.0), 2) * "
        "(1 + i % 3) as monetary, 1 + i % 3 as frequency from range(3000) as t(i)"
    )
    copy_table(con, database, "base", tmp_path)
    settings = Settings(max_points=200)
    expected = segmenter.fit(con, Source(profile="base"), settings)
    assert expected.relative_step is not None
    check_same_model(segmenter.fit(database, Source(profile="base"), settings), expected)


def test_nothing_is_half_published(store, sales, tmp_path, monkeypatch):
    file = tmp_path / "model.duckdb"
    real = Postgres.publish

    def broken(self, publication):
        last = exp.select("1").from_("nowhere")
        real(self, replace(publication, views={**publication.views, "last": last}))

    monkeypatch.setattr(Postgres, "publish", broken)
    with pytest.raises(SegmenterError, match="nowhere"):
        segmenter.fit(store, sales, model_file=file)
    assert objects(store) == 0
    with duckdb.connect(str(file)) as con, pytest.raises(SegmenterError, match="no model"):
        segmenter.load(con)
    monkeypatch.undo()
    assert segmenter.fit(store, sales, model_file=file).model_id == 1
    assert objects(store) > 0


def test_it_reads_the_table_as_it_was_at_the_beginning(store, shop, sales, server, monkeypatch):
    real = Postgres.create

    def meanwhile(self, name, query, kind):
        if name == "customer_profile":
            with psycopg.connect(server, dbname="scratch", autocommit=True) as other:
                other.execute("delete from sales where customer_id < 30")
        real(self, name, query, kind)

    monkeypatch.setattr(Postgres, "create", meanwhile)
    check_same_model(segmenter.fit(store, sales), segmenter.fit(shop, sales))


@first_in_gate(
    ("changed", "message"),
    [
        ({"transactions": "sale"}, "no table or view 'sale'"),
        ({"transactions": "my sales, all"}, "no table or view 'my sales, all'"),
        ({"transactions": "a.b.c.d"}, r"no table or view 'a\.b\.c\.d'"),
        ({"transactions": "x.parquet"}, "reads its own tables, not the file"),
        ({"amount": "amout"}, r"'amout' of amount is not in .* Did you mean 'amount'"),
        ({"amount": "sold_at"}, "is TIMESTAMP, not a number"),
        ({"amount": "cents"}, r"is MONEY, not a number .*'cast\(cents as decimal\(18, 2\)\)'"),
        ({"amount": "case when order_id = 3 then 'nan'::double else amount end"}, "must be finite"),
        ({"where": "amount < 0"}, "no rows"),
        ({"amount": "amount / (order_id % 2)"}, r"division by zero.*Leave such rows out"),
        ({"where": "hash(order_id) > 0"}, r"does not exist.*a view there"),
    ],
    first=5,
)
def test_bad_input_is_a_sentence(store, sales, changed, message):
    store.execute("alter table sales add column cents money default 7")
    with pytest.raises(SegmenterError, match=message):
        segmenter.fit(store, replace(sales, **changed))
    assert objects(store) == 0


@pytest.mark.parametrize(
    "form", ["'£' || to_char(amount, 'FM999,990.00')", "replace(amount::text, '.', ',')"]
)
def test_amounts_that_are_texts_are_read_as_the_message_says(store, shop, sales, form):
    store.execute(f"alter table sales alter amount type text using {form}")
    with pytest.raises(SegmenterError, match="not a number") as refused:
        segmenter.fit(store, sales)
    (form,) = advised(str(refused.value), "number_format")
    found = segmenter.fit(store, replace(sales, number_format=form))
    check_same_model(found, segmenter.fit(shop, sales))


def test_a_date_in_the_future_is_none_in_postgresql_too(store, shop, sales):
    for con in (store, shop):
        con.execute("insert into sales values (59, 9999, 5, timestamp '2203-05-01')")
    check_same_model(segmenter.fit(store, sales), segmenter.fit(shop, sales))
    query = "select lifecycle, count(*) from segments.customer_segments group by 1 order by 1"
    assert store.execute(query).fetchall() == shop.execute(query).fetchall()


def test_money_is_read_as_the_message_says(store, shop, sales):
    store.execute("alter table sales alter amount type money using amount::numeric::money")
    found = segmenter.fit(store, replace(sales, amount="cast(amount as decimal(18, 2))"))
    check_same_model(found, segmenter.fit(shop, sales))


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": "round(amount / 2) + round(order_id / 2)"},
        {"where": r"regexp_matches('a ' || order_id, '\b\d+\b') and 'x\_' || order_id like 'x\_%'"},
        {"order": "strftime(sold_at, '%Y-%m-%d %H')"},
        {"amount": "amount + date_diff('day', sold_at, timestamp '2025-01-01 12:00')"},
    ],
)
def test_expressions_mean_what_they_mean_in_duckdb(store, shop, sales, changed):
    source = replace(sales, **changed)
    expected = segmenter.fit(shop, source)
    check_same_model(segmenter.fit(store, source), expected)
    query = CUSTOMERS.format("segments.")
    assert store.execute(query).fetchall() == shop.execute(query).fetchall()


def test_names_of_both_cases(store, sales):
    store.execute('create table two as select *, amount as "Amount" from sales')
    store.execute("update two set amount = 100 * amount")
    query = "select sum(amount) from segments.transactions"
    totals = []
    for amount in ("Amount", '"Amount"', '"Amount" * 1', '"amount" / 100'):
        segmenter.fit(store, replace(sales, transactions="two", amount=amount))
        totals.append(store.execute(query).fetchone()[0])
    assert totals == pytest.approx([totals[0]] * 4)


def test_a_source_that_reads_what_a_fit_writes(store, sales):
    segmenter.fit(store, sales)
    store.execute("create view active as select * from segments.transactions where amount > 0")
    store.execute("create view more_active as select * from active")
    for name in ("segments.transactions", "active", "more_active"):
        changed = replace(sales, transactions=name, date="ordered_at")
        with pytest.raises(SegmenterError, match=rf"{name} reads segments\.transactions"):
            segmenter.fit(store, changed)
    assert len(segments(store)) == 3


def test_a_temporary_table_is_refused(store, sales):
    store.execute("create temp table basket as from_sales".replace("from_sales", "table sales"))
    with pytest.raises(SegmenterError, match=r"basket is temporary.*without TEMP"):
        segmenter.fit(store, replace(sales, transactions="basket"))


@pytest.mark.parametrize(
    ("mine", "message"),
    [
        ("view segments.transactions as select 'mine' as mine", r"segments\.transactions, which"),
        ("table segments.customer_segments as table sales", r"segments\.customer_segments, which"),
        (
            "function segments.classify_segment(monetary float8, frequency float8) returns int "
            "language sql as 'select 1'",
            "a function segments.classify_segment or explain_segment that Segmenter did not make",
        ),
        (
            "function segments.customer_segments_at(moment timestamp) returns int "
            "language sql as 'select 1'",
            r"a function segments\.customer_segments_at\(timestamp\), which Segmenter did not make",
        ),
    ],
)
def test_what_somebody_else_made_stays(store, sales, mine, message):
    store.execute("create schema segments")
    store.execute("create view segments.whales as select 1 as mine")
    store.execute(f"create {mine}")
    before = objects(store)
    with pytest.raises(SegmenterError, match=message):
        segmenter.fit(store, sales)
    assert objects(store) == before
    store.execute(f"drop {mine.split(' as ')[0].split(' returns ')[0]}")
    segmenter.fit(store, sales)
    segmenter.fit(store, replace(sales, order="order_id::varchar"))
    assert store.execute("select mine from segments.whales").fetchone() == (1,)


def test_views_of_another_source_do_not_stay(store, sales):
    segmenter.fit(store, sales)
    query = "create table {} as select customer_id, monetary, frequency from segments.customer_{}"
    store.execute(query.format("base", "profile"))
    segmenter.fit(store, Source(profile="base"))
    assert store.execute("select to_regclass('segments.transactions')").fetchone() == (None,)
    assert len(segments(store)) == 3
    store.execute("create table pts as select monetary, frequency, 1 as customers from base")
    segmenter.fit(store, Source(points="pts"))
    assert objects(store) == 2  # rules and lines, which read no table


@pytest.mark.parametrize("cut", [0.51, 0.6, 0.75, 0.9, 0.95, 0.999, 1])
def test_the_cut_is_the_same_to_the_last_bit(database, con, tmp_path, cut):
    con.execute(
        "create table base as select i as customer_id, round(hash(i) % 1000003 / 7.0, 2) as "
        "monetary, 1 + hash(i) % 9 as frequency from range(997) as t(i)"
    )
    con.execute("alter table base alter frequency type integer")
    copy_table(con, database, "base", tmp_path)
    for cut_on in ("either", "frequency"):
        settings = Settings(cut=cut, cut_on=cut_on)
        with (
            closing(Postgres(database)) as engine,
            Stage(engine, Source(profile="base"), settings) as found,
            Stage(con, Source(profile="base"), settings) as expected,
        ):
            found.add_up()
            expected.add_up()
            assert found.cut() == expected.cut()


UNLIKELY = "coalesce(amount, 0) = amount and coalesce(order_id, 0) = order_id and amount < 1e6"
"""A condition that all rows meet, and of which PostgreSQL expects that hardly one does."""


def plan(pg, query):
    """Return the nodes of a plan."""
    rows = pg.execute(f"explain (costs off) {query}").fetchall()
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize("more", [{}, {"as_of": "2024-03-31"}])
def test_a_window_is_no_join(store, shop, sales, more):
    source = replace(sales, where=UNLIKELY, window="20 weeks", **more)
    check_same_model(segmenter.fit(store, source), segmenter.fit(shop, source))
    assert "Nested Loop" not in plan(store, "select * from segments.transactions")
    script = segmenter.export(segmenter.fit(shop, source), "postgres")
    store.execute("drop schema segments cascade")
    store.execute(script)
    assert "Nested Loop" not in plan(store, "select * from segments.transactions")


@pytest.mark.parametrize("kind", ["timestamp", "date"])
def test_an_index_serves_a_window_with_an_end(store, shop, sales, kind):
    for con in (store, shop):
        con.execute(f"alter table sales alter sold_at type {kind}")
    store.execute("create index by_day on sales (sold_at)")
    store.execute("set enable_seqscan = off")
    source = replace(sales, window="20 weeks", as_of="2024-03-31", where="amount > 0")
    check_same_model(segmenter.fit(store, source), segmenter.fit(shop, source))
    found = plan(store, "select * from segments.transactions")
    assert "by_day" in found
    assert "Index Cond: ((sold_at <= " in found
    query = CUSTOMERS.format("segments.")
    assert store.execute(query).fetchall() == shop.execute(query).fetchall()
