"""Advice that no other test executes: each message is made, and what it says is done literally."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.operations.label import label
from tests.advice import Heard, advised, followed, look, said
from tests.combinations import each_once, first_in_gate

COLUMNS = {"customer": "customer_id", "amount": "amount", "order": "order_id"}
SALES = {"transactions": "sales", **COLUMNS}

PROFILES = """
    create table base as
    select i as "customer id", 10e0 + i * i as monetary, 1 + i % 9 as frequency
    from range(150) as t(i)
"""
PROFILE = {"profile": "base", "customer": '"customer id"'}


@first_in_gate(
    ("spoilt", "rows"),
    [
        ("monetary = null", 3),
        ("monetary = 'nan'", 3),
        ("frequency = -1", 3),
        ("frequency = 'inf'", 3),
        ("frequency = null", 1),
    ],
    first=4,
)
@first_in_gate("where", [None, '"customer id" <> 149 or monetary > 5'])
def test_profiles_that_cannot_be_used_are_left_out_as_advised(con, spoilt, rows, where):
    con.execute(PROFILES)
    con.execute("alter table base alter frequency type double")
    asked = PROFILE | ({"where": where} if where else {})
    before = look(con, **asked).customers
    con.execute(
        f'update base set {spoilt} where "customer id" in (select * from range(5, {5 + rows}))'
    )
    assert look(con, **followed(said(con, **asked), **asked)).customers == before - rows


@pytest.mark.parametrize(
    ("amount", "value", "as_file"),
    each_once(["amount", "amount * 1", '"the amount"'], ["inf", "nan"], [False, True]),
)
def test_amounts_that_cannot_be_used_are_left_out_as_advised(
    shop, tmp_path, amount, value, as_file
):
    if "the amount" in amount:
        shop.execute('alter table sales rename amount to "the amount"')
    name = amount.removesuffix(" * 1")
    shop.execute(f"alter table sales alter {name} type double")
    asked = SALES | {"amount": amount}
    before = look(shop, **asked).money
    shop.execute(f"insert into sales (customer_id, order_id, {name}) values (3, 9999, '{value}')")
    if as_file:
        shop.execute(f"copy sales to '{tmp_path}/sales.csv'")
        asked |= {"transactions": f"{tmp_path}/sales.csv"}
    assert look(shop, **followed(said(shop, **asked), **asked)).money == before


def test_a_list_of_another_type_is_cast_as_advised(con):
    con.execute(PROFILES)
    con.execute('create table leavers as select i::varchar as "customer id" from range(3) as t(i)')
    refused = said(con, **PROFILE, exclude="leavers")
    (cast,) = re.findall(r"a view with (cast\(.+\))\.", refused)
    con.execute(f'create view list as select {cast} as "customer id" from leavers')
    assert look(con, **PROFILE, exclude="list").customers == 147


@pytest.mark.parametrize("name", ["order status", "status"])
def test_codes_of_states_are_left_out_as_advised(shop, name):
    shop.execute(f'alter table sales add column "{name}" integer')
    shop.execute(f'update sales set "{name}" = case when order_id = 7 then 9 else 1 end')
    found = segmenter.inspect("sales", shop)
    (where,) = [value for note in found.notes for value in advised(note, "where")]
    seen = look(shop, **SALES, where=where)
    (rows,) = shop.execute(f'select sum(amount) from sales where "{name}" <> 9').fetchone()
    assert seen.money == float(rows)


def test_dates_of_spreadsheets_are_read_as_advised(shop):
    shop.execute(
        "create table odd as "
        "select * replace (sold_at::date - date '1899-12-30' as sold_at) from sales"
    )
    found = segmenter.inspect("odd", shop)
    (date,) = [value for note in found.notes for value in advised(note, "date")]
    seen = look(shop, transactions="odd", **COLUMNS, date=date)
    newest = shop.execute("select max(sold_at) from sales").fetchone()[0]
    assert seen.last_order_at == newest
    shop.execute("create table exact as select * replace (sold_at + 0.5 as sold_at) from odd")
    for table, later in (("odd", dt.timedelta()), ("exact", dt.timedelta(hours=12))):
        asked = {"transactions": table, **COLUMNS, "date": "sold_at"}
        better = followed(said(shop, **asked), **asked)
        assert look(shop, **better).last_order_at == newest + later


@first_in_gate("form", ["%d/%m/%y", "%y/%m/%d", "%d/%m/%Y", "%m-%d-%Y"], first=2)
def test_days_that_could_be_others_are_read_as_advised(shop, tmp_path, form):
    shop.execute(
        "create table days as select * replace (date '2011-01-01' + to_months((order_id % 9)::int) "
        "+ to_days((order_id % 11)::int) as sold_at) from sales"
    )
    shop.execute(
        f"copy (select * replace (strftime(sold_at, '{form}') as sold_at) from days) "
        f"to '{tmp_path}/days.csv'"
    )
    asked = {"transactions": f"{tmp_path}/days.csv", **COLUMNS, "date": "sold_at"}
    newest = shop.execute("select max(sold_at) from days").fetchone()[0]
    try:
        told = look(shop, **asked)
    except SegmenterError as error:
        forms = advised(str(error), "date_format")
        assert form in forms
    else:
        forms = [value for words in told.warnings for value in advised(words, "date_format")]
        if told.last_order_at == newest:
            return
    assert form in forms
    assert newest in [look(shop, **asked, date_format=each).last_order_at for each in forms]


@pytest.mark.parametrize(
    ("settings", "customers", "better"),
    [
        ({}, 3, {"n_neighbors": 1}),
        ({"n_neighbors": 1, "levels": 6}, 5, {"levels": 2}),
    ],
)
def test_too_few_customers_can_be_fitted_as_advised(con, settings, customers, better):
    con.execute(f'{PROFILES}; delete from base where "customer id" >= {customers}')
    (name,) = better
    with pytest.raises(SegmenterError, match=f"Lower {name} or bring more customers"):
        segmenter.fit(con, Source(**PROFILE), Settings(cut=1, **settings))
    segmenter.fit(con, Source(**PROFILE), Settings(cut=1, **settings | better))


def test_a_classifier_of_too_many_rules_becomes_a_macro_as_advised(con):
    con.execute(PROFILES)
    heard = Heard()
    few = Settings(cut=1, n_neighbors=1, max_rules=2)
    model = segmenter.fit(con, Source(**PROFILE), few, progress=heard)
    (words,) = [words for words in heard.warnings if "Raise max_rules" in words]
    with pytest.raises(SegmenterError, match=r"what = 'points'.*larger max_rules"):
        segmenter.export(model, "postgres")
    assert segmenter.export(model, "postgres", what="points")
    enough = Settings(cut=1, n_neighbors=1, max_rules=int(re.findall(r"[0-9]+", words)[0]))
    model = segmenter.fit(con, Source(**PROFILE), enough, publish=True)
    assert "CREATE" in segmenter.export(model, "postgres")


def test_the_table_of_an_export_is_named_in_full_as_advised(shop):
    model = segmenter.fit(shop, Source(**SALES))
    for dialect in ("bigquery", "snowflake"):
        with pytest.raises(SegmenterError, match="Name the table in full") as refused:
            segmenter.export(model, dialect)
        (table,) = advised(str(refused.value), "table")
        assert "shop" in segmenter.export(model, dialect, table=table)


def test_files_of_labels_are_named_and_replaced_as_advised(shop, tmp_path):
    segmenter.fit(shop, Source(**SALES))
    given, output = tmp_path / "profiles.csv", tmp_path / "out.xyz"
    shop.execute(f"copy (select 5.0 as monetary, 2 as frequency, 'x' as segment) to '{given}'")
    with pytest.raises(SegmenterError, match="Name it for example") as refused:
        label(shop, given, output)
    (name,) = re.findall(r"Name it for example (.+)\.$", str(refused.value))
    output = tmp_path / Path(name).name
    with pytest.raises(SegmenterError, match="overwrite_column = True"):
        label(shop, given, output)
    label(shop, given, output, overwrite_column=True)
    with pytest.raises(SegmenterError, match=r"overwrite = True"):
        label(shop, given, output, overwrite_column=True)
    assert label(shop, given, output, overwrite_column=True, overwrite=True).rows == 1


def test_a_lopsided_base_is_split_further_as_advised(con):
    con.execute(
        "create table base as select i as customer_id, 1 + i % 2 as frequency, "
        "case when i < 180 then 1.0 + i / 100.0 else 1000.0 * i end as monetary "
        "from range(200) as t(i)"
    )
    heard = Heard()
    segmenter.fit(con, Source(profile="base"), Settings(levels=1, cut=1), progress=heard)
    (words,) = [words for words in heard.warnings if "Try levels" in words]
    (levels,) = re.findall(r"levels = ([0-9]+)", words)
    for tried in (int(levels), "auto"):
        model = segmenter.fit(
            con, Source(profile="base"), Settings(levels=tried, cut=1), publish=True
        )
        assert len(model.splits) > 1


def test_a_model_that_is_not_published_is_looked_at_as_advised(shop):
    shop.execute("create table more as from sales")
    segmenter.fit(shop, Source(**SALES))
    shop.execute("update sales set amount = amount * (1 + customer_id % 7)")
    with pytest.warns(UserWarning, match="is stored but not published") as warned:
        segmenter.fit(shop, Source(**SALES), max_change=0)
    words = str(warned[0].message)
    (query,) = re.findall(r"Look: (select .+?\))\. ", words)
    assert shop.execute(query).fetchall()
    assert "publish = True" in words
    assert segmenter.fit(shop, Source(**SALES), publish=True).model_id


def test_columns_without_names_are_named_as_advised(shop, tmp_path):
    shop.execute(f"copy sales to '{tmp_path}/sales.csv' (header false)")
    shop.execute("alter table sales rename customer_id to column0")
    with pytest.raises(SegmenterError, match="has no customer that is sure") as refused:
        segmenter.inspect(f"{tmp_path}/sales.csv").source()
    (customer,) = advised(str(refused.value), "customer")
    assert look(shop, **SALES | {"customer": customer}).customers == 60
