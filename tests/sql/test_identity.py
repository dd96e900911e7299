"""Who the customers are: spellings, collections of people, ids with a point, empty orders."""

from __future__ import annotations

import pytest

from segmenter import InputError, Settings, Source
from segmenter.operations.label import label
from segmenter.training.stage import Stage
from segmenter.training.survey_notes import span
from tests.advice import Heard, fitted, followed, look
from tests.combinations import first_in_gate

SALES = """
    create or replace table sales as
    select
        i as id,
        'c' || i % 150 || '@shop.com' as email,
        'order ' || i as order_id,
        5.0 + i % 7 as amount
    from range(1500) as t(i)
"""
SOURCE = {"transactions": "sales", "customer": "email", "amount": "amount", "order": "order_id"}


@pytest.fixture(params=[250_000, 0], ids=["small", "large"])
def sales(con, request, monkeypatch):
    """A clean table, checked as small ones and as large ones are."""
    monkeypatch.setattr("segmenter.training.data_checks.MANY_ROWS", request.param)
    con.execute(SALES)
    return con


def warnings(con, word, **source):
    return [words for words in look(con, **SOURCE | source).warnings if word in words]


def test_a_clean_table_is_clean(sales):
    assert look(sales, **SOURCE).warnings == []


def test_spellings_of_a_customer_are_told_with_how_many_would_merge(sales):
    sales.execute("update sales set email = upper(email) || ' ' where id % 300 < 20")
    (words,) = warnings(sales, "capitals and spaces")
    assert words.startswith("20 customers (11.8 %) would merge")
    before = look(sales, **SOURCE)
    after = look(sales, **followed(words, **SOURCE))
    assert (before.customers, after.customers) == (170, 150)
    assert after.money == before.money
    assert not [words for words in after.warnings if "capitals" in words]


@first_in_gate("name", ["guest", "Guest ", "NULL", "n/a", "", "unknown"], first=3)
def test_names_of_nobody_are_told(sales, name):
    sales.execute("update sales set email = $1 where id % 100 = 7", [name])
    (words,) = warnings(sales, "collection of people")
    source = followed(words, **SOURCE)
    seen = look(sales, **source)
    assert seen.customers == look(sales, **SOURCE).customers - 1
    assert not [words for words in seen.warnings if "collection" in words]


@pytest.mark.parametrize(
    ("id_", "every", "is_told"), [("0", 25, True), ("-1", 25, True), ("0", 400, False)]
)
def test_a_number_for_nobody_has_more_orders_than_others(sales, id_, every, is_told):
    sales.execute(f"update sales set email = '{id_}' where id % {every} = 7")
    assert bool(warnings(sales, f"such as '{id_}'")) is is_told


@pytest.mark.parametrize("name", ["Total", " GRAND TOTAL", "it's all"])
def test_a_line_of_totals_is_refused(sales, name):
    money = look(sales, **SOURCE).money
    sales.execute("insert into sales select 9999, $1, null, sum(amount) from sales", [name])
    with pytest.raises(InputError, match="as much as all the others together") as refused:
        look(sales, **SOURCE)
    seen = look(sales, **followed(str(refused.value), **SOURCE))
    assert (seen.customers, seen.money) == (150, money)


def test_labels_of_transactions_are_checked_too(con, tmp_path):
    con.execute(SALES)
    fitted(con, **SOURCE)
    con.execute("insert into sales select 9999, 'Total', null, sum(amount) from sales")
    con.execute("insert into sales values (9000, ' C1@shop.com', 'x', 5), (9001, 'TOTAL', 'y', 5)")
    given, output = tmp_path / "sales.parquet", tmp_path / "labels.parquet"
    source = SOURCE | {"transactions": str(given)}
    con.execute(f"copy sales to '{given}'")
    label(con, Source(**source), output, progress=(heard := Heard()))
    assert [words for words in heard.warnings if "2 customers" in words and "capitals" in words]
    con.execute("delete from sales where id in (9000, 9001)")
    con.execute(f"copy sales to '{given}'")
    with pytest.raises(InputError, match="as much as all the others together") as refused:
        label(con, Source(**source), output, overwrite=True)
    better = followed(str(refused.value), **source)
    assert label(con, Source(**better), output, overwrite=True).rows == 150


def test_half_of_the_money_of_three_or_in_many_orders_is_no_line_of_totals(sales):
    sales.execute("delete from sales where id > 2; update sales set amount = 1 + (id = 0)::int")
    assert look(sales, **SOURCE).customers == 3
    sales.execute(
        SALES + "; insert into sales select 9000 + id, 'big', 'x' || id, amount from sales"
    )
    assert look(sales, **SOURCE).customers == 151


@pytest.mark.parametrize(("share", "is_told"), [(4, True), (100, False)])
def test_one_with_an_outlying_share_of_orders_is_told(sales, share, is_told):
    sales.execute(f"update sales set email = 'till 3' where id % {share} = 1")
    assert bool(warnings(sales, "such as 'till 3'")) is is_told


def test_a_condition_is_kept_beside_the_advice(sales):
    sales.execute("update sales set email = 'guest' where id % 100 = 7")
    where = "amount < 11 and order_id <> 'it''s'"
    (words,) = warnings(sales, "collection of people", where=where)
    better = followed(words, **SOURCE, where=where)
    assert better["where"].startswith(f"({where}) and ")
    assert not [words for words in look(sales, **better).warnings if "collection" in words]


@pytest.mark.parametrize("customer", ["id_text", "id_float"])
def test_ids_with_a_point_are_told(sales, customer):
    sales.execute("alter table sales add column id_text varchar")
    sales.execute("alter table sales add column id_float double")
    sales.execute("update sales set id_text = id % 150 || '.0', id_float = id % 150")
    source = SOURCE | {"customer": customer}
    (words,) = warnings(sales, "id with a point", customer=customer)
    assert words.startswith("150 customers (100.0 %) have")
    better = followed(words, **source)
    seen = look(sales, **better)
    assert seen.customers == 150
    assert not [words for words in seen.warnings if "point" in words]


def test_empty_orders_are_told(sales):
    sales.execute("update sales set order_id = ' ' where id % 10 = 3")
    (words,) = warnings(sales, "empty text as the order")
    assert words.startswith("150 rows with a positive amount have")
    seen = look(sales, **followed(words, **SOURCE))
    assert not [words for words in seen.warnings if "empty text" in words]
    assert [words for words in seen.warnings if "have no order" in words]


def test_the_view_finds_them_later(sales):
    fitted(sales, **SOURCE)
    sales.execute("insert into sales values (9000, ' C1@shop.com', '', 5), (9001, 'guest', 'x', 5)")
    query = "select check_name, found from segments.data_quality where severity = 'warns'"
    assert dict(sales.execute(query).fetchall()) == {
        "collective_customers": 1,
        "customer_spellings": 1,
        "empty_orders": 1,
    }


def test_profiles_are_checked_too(con):
    con.execute(
        "create table base as select 'C' || i % 150 || case when i > 150 then ' ' else '' end as "
        "customer_id, 5.0 + i as monetary, 1 + i % 4 as frequency from range(160) as t(i) "
        "where i <> 150"
    )
    (words,) = [words for words in fitted(con, profile="base") if "capitals" in words]
    assert words.startswith("9 customers (5.7 %) would merge")


def test_a_fit_says_from_when_to_when_its_rows_are(con):
    con.execute(SALES)
    con.execute("alter table sales add column day date default '2024-02-03'")
    con.execute("update sales set day = '2999-01-01' where id = 3")
    con.execute("update sales set day = '2023-05-06' where id = 4")

    with Stage(con, Source(**SOURCE, date="day"), Settings()) as stage:
        assert span(stage.survey()) == ", 2023-05-06 to 2024-02-03"
