"""The exported script on a real PostgreSQL, row by row against DuckDB and the neighbour search."""

from __future__ import annotations

import duckdb
import numpy as np
import psycopg
import pytest
from sqlglot import exp

import segmenter
from segmenter import Settings, Source
from segmenter.engines.ddl import write
from segmenter.engines.translate import port
from segmenter.operations.holdout import holdout_customers, holdout_query
from segmenter.schema.files import bind

CUSTOMERS = """
    select customer_id, monetary, frequency, first_order_at, last_order_at, is_whale, segment,
        segment_rank
    from segments.customer_segments
    order by customer_id
"""


@pytest.fixture(scope="session")
def warehouse(server, retail, tmp_path_factory):
    """PostgreSQL with Online Retail and its exported script, which runs twice."""
    file = tmp_path_factory.mktemp("postgres") / "rows.csv"
    columns = "InvoiceNo, Quantity, InvoiceDate, UnitPrice, CustomerID"
    with duckdb.connect() as con:
        path = retail.model.source["transactions"]
        con.execute(f"copy (select {columns} from '{path}') to '{file}' (header false)")
    with psycopg.connect(server, autocommit=True) as pg:
        pg.execute("create schema shop")
        pg.execute(
            "create table shop.online_retail (InvoiceNo text, Quantity integer, "
            "InvoiceDate timestamp, UnitPrice double precision, CustomerID integer)"
        )
        with (
            pg.cursor().copy("copy shop.online_retail from stdin (format csv)") as copy,
            file.open("rb") as rows,
        ):
            while block := rows.read(1 << 20):
                copy.write(block)
        for _ in range(2):
            pg.execute(segmenter.export(retail.model, "postgres", table="shop.online_retail"))
        yield pg


def test_the_split_of_a_campaign(warehouse, retail):
    query = "select customer_id, campaign_group from segments.holdout order by customer_id"
    warehouse.execute(
        f"create view segments.holdout as {holdout_query('spring', 0.3, 'postgres').rstrip(';')}"
    )
    there = warehouse.execute(query).fetchall()
    warehouse.execute("drop view segments.holdout")
    with retail.connect() as con:
        here = holdout_customers(con, "spring", 0.3).table()
    assert there == list(here.rows(["customer_id", "campaign_group"]))
    texts = ["Ünal & Söhne", "a:b", "", " 7", "客户"]
    hashed = "select segments.is_held_out(id, 'Früh''ling', 0.5) from unnest($1::text[]) as t(id)"
    body = bind("macros/is_held_out", {}).find(exp.If).args["true"]
    function = write(port(body, "postgres"), "postgres")
    warehouse.execute(
        "create function segments.is_held_out(customer text, salt text, share float8) "
        f"returns boolean language sql immutable as $$ select {function} $$"
    )
    with retail.connect() as con:
        here = con.execute(hashed.replace("$1::text[]", "$1::varchar[]"), [texts]).fetchall()
    there = warehouse.execute(hashed.replace("$1", "%s"), [texts]).fetchall()
    assert there == here


def test_every_customer_has_the_same_profile_and_segment(warehouse, retail):
    found = warehouse.execute(CUSTOMERS).fetchall()
    assert len(found) == 4372
    assert found == retail.rows(CUSTOMERS)


def test_the_summary_is_the_same(warehouse, retail):
    query = "select * from segments.segment_summary order by segment_rank"
    for found, expected in zip(
        warehouse.execute(query).fetchall(), retail.rows(query), strict=True
    ):
        assert found[:3] == expected[:3]
        assert found[3:] == pytest.approx(expected[3:], rel=1e-12)


def test_whole_numbers_and_decimals_are_taken_too(warehouse, retail):
    query = "select segments.classify_segment(250, 3), segments.classify_segment(250.00, 3::bigint)"
    assert warehouse.execute(query).fetchone() == (retail.model.classify(250, 3)[0],) * 2


def test_the_view_is_live(warehouse, retail):
    query = "select segment from segments.customer_segments where customer_id = 99999"
    insert = "insert into shop.online_retail values ('X1', 1, now(), %s, 99999)"
    with warehouse.transaction(force_rollback=True):
        warehouse.execute(insert, [1.0])
        assert warehouse.execute(query).fetchone() == ("At-Risk",)
        warehouse.execute(insert, [90_000.0])
        assert warehouse.execute(query).fetchone() == ("Elite",)


def test_the_planner_puts_the_function_into_the_query(warehouse):
    explain = "explain verbose select segments.classify_segment(UnitPrice, 2) from {}"
    plan = warehouse.execute(explain.format("shop.online_retail")).fetchall()
    assert "classify_segment" not in str(plan)


def test_a_fit_to_the_points_from_there_finds_the_same_rules(warehouse, retail, tmp_path):
    query = segmenter.export(
        retail.model, "postgres", what="points", table="shop.online_retail"
    ).rstrip(";\n")
    file = tmp_path / "points.csv"
    with (
        warehouse.cursor().copy(f"copy ({query}\n) to stdout (format csv, header)") as copy,
        file.open("wb") as rows,
    ):
        rows.writelines(copy)
    with duckdb.connect() as con:
        model = segmenter.fit(con, Source(points=str(file)))
    rules, expected = model.rules, retail.model.rules
    assert model.names == retail.model.names
    for column in ("frequency_from", "frequency_to", "cents_from", "cents_below", "segment"):
        np.testing.assert_array_equal(getattr(rules, column), getattr(expected, column))


@pytest.mark.parametrize(
    ("window", "as_of"), [(None, None), ("10 weeks", None), ("3 months", "2024-04-30")]
)
def test_odd_names_refunds_and_windows(con, database, window, as_of):
    create = """
        create table "Sales of 2024" as
        select
            i % 60 as "Customer ID",
            case when i % 11 > 0 then 'A' || (i - i % 2) end as "order",
            case when i % 13 = 0 then -3.335 when i % 17 = 0 then null
                else (i % 60) * (i % 60) / 4.0 + 0.005 end as "Value",
            timestamp '2024-01-01' + interval '9 hours' * i as "date"
        from generate_series(0, 499) as t(i)
    """
    con.execute(create)
    database.execute(create)
    source = Source(
        transactions="Sales of 2024",
        customer="Customer ID",
        amount='"Value" * 2',
        order="order",
        date="date",
        where='"order" is null or "order" not like \'A1_\'',
        window=window,
        as_of=as_of,
    )
    settings = Settings(names=("Mother's", "a $$ b", 'the "rest"'))
    model = segmenter.fit(con, source, settings)
    database.execute(segmenter.export(model, "postgres"))
    found = database.execute(CUSTOMERS).fetchall()
    assert found == con.execute(CUSTOMERS).fetchall()
    assert {row[-2] for row in found} == set(settings.names)
    points = database.execute(segmenter.export(model, "postgres", what="points")).fetchall()
    assert sorted(points) == sorted(con.execute("from segments_internal.profile_points").fetchall())
