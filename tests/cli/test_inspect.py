"""``inspect``: what columns are taken for, without writing anything."""

from __future__ import annotations

import json
import os
import shlex

import duckdb
import pandas as pd
import pytest

from tests.datasets import SHOP
from tests.sources.exports import EXPORTS, orders

SHOPIFY = EXPORTS[0]


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_is_shown_with_all_that_it_adds_up_to(run, here):
    SHOPIFY.write(here)
    result = run("inspect", "orders.csv")
    assert (result.code, result.err) == (0, "")
    shown = " ".join(result.out.split())
    assert "orders.csv: 600 rows, 79 columns, recognised as Shopify's orders" in shown
    assert "customer Email as in Shopify's orders" in shown
    assert "orders repeat 2.5 lines, and it stands on one of them only" in shown
    customers = len({order.customer for order in orders()})
    worth = f"{SHOPIFY.cents / 100:,.2f}"
    assert f"{customers} customers, 240 orders, {worth} in all, 2023-01-14 to 2024-05-06." in shown
    assert result.out.splitlines()[-1] == "  segmenter fit orders.csv"
    assert os.listdir(here) == ["orders.csv"]


def test_a_program_gets_the_same(run, here):
    SHOPIFY.write(here)
    found = json.loads(run("inspect", "orders.csv", "--format", "json").out)
    assert found["is_sure"]
    assert found["layout"] == "Shopify's orders"
    assert found["totals"]["revenue"] == SHOPIFY.cents / 100
    assert [guess["role"] for guess in found["rows"]][:2] == ["customer", "amount"]
    taken = {column["column"]: column["taken_for"] for column in found["columns"]}
    assert taken["Total"] == taken["Refunded Amount"] == "amount"
    lines = run("inspect", "orders.csv", "--format", "csv").out.splitlines()
    assert lines[0] == "role,expression,is_sure,reason,alternatives"


def test_a_table_of_a_database_and_what_is_not_sure(run, here):
    with duckdb.connect("shop.duckdb") as con:
        con.execute(SHOP)
        con.execute("create table two as select *, customer_id // 2 as client_id from sales")
    before = (here / "shop.duckdb").read_bytes()
    assert run("inspect", "sales", "shop.duckdb").out.splitlines()[-1] == (
        "  segmenter fit shop.duckdb --transactions sales"
    )
    result = run("inspect", "two", "shop.duckdb")
    assert "Not sure: --customer customer_id is not sure" in result.out
    assert "it could be --customer client_id." in result.out
    assert result.out.splitlines()[-1] == (
        "  segmenter fit shop.duckdb --transactions two --customer customer_id --amount amount "
        "--order order_id --date sold_at"
    )
    assert (here / "shop.duckdb").read_bytes() == before


def test_options_of_the_reader_go_along(run, here):
    lines = ["a report of today", "", "customer_id;order_no;total"]
    lines += [f"{i % 7};{i};{i},50" for i in range(60)]
    (here / "orders.csv").write_text("\n".join(lines))
    options = ("--csv", "skip=2", "--csv", "delim=;", "--csv", "decimal_separator=,")
    result = run("inspect", "orders.csv", *options)
    assert result.code == 0, result.err
    assert "7 customers, 60 orders, 1,800.00 in all" in result.out
    command = result.out.splitlines()[-1].strip()
    assert run(*shlex.split(command)[1:]).code == 0


def test_a_table_of_another_database_and_a_sheet_of_a_workbook(run, here):
    with duckdb.connect("crm.duckdb") as con:
        con.execute(SHOP)
        con.execute("copy sales to 'sales.csv'")
    pd.read_csv("sales.csv").to_excel("book.xlsx", sheet_name="All sales", index=False)
    for words in (
        ("crm.sales", "--attach", "crm=crm.duckdb"),
        ("book.xlsx", "--sheet", "All sales"),
    ):
        result = run("inspect", *words)
        assert result.code == 0, result.err
        assert "60 customers, 224 orders, 19,214.00 in all" in result.out
        command = result.out.splitlines()[-1].strip()
        assert run(*shlex.split(command)[1:]).code == 0


def test_bad_calls_are_sentences(run, here):
    SHOPIFY.write(here)
    for words, said in (
        (("sales",), "'sales' is not a file. Name one, or the database that has the table"),
        (("orders.csv", "shop.duckdb"), "orders.csv is a file and in no database. Leave shop.duck"),
        (("order.csv",), "Did you mean 'orders.csv'?"),
        (("sales", "none.duckdb"), "there is no database none.duckdb"),
    ):
        result = run("inspect", *words)
        assert result.code == 2
        assert said in result.err
