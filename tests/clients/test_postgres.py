"""The exported script on a real PostgreSQL, row by row against DuckDB and the neighbour search."""

from __future__ import annotations

import itertools
import math

import duckdb
import numpy as np
import psycopg
import pytest

import segmenter
from segmenter import Settings, Source
from segmenter.classifier.rules import OPEN_HIGH, OPEN_LOW
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
    body = bind("macros/is_held_out", {}).expression
    function = write(port(body, "postgres"), "postgres")
    warehouse.execute(
        "create function segments.is_held_out(customer text, salt text, share float8) "
        f"returns boolean language sql immutable as $$ select {function} $$"
    )
    with retail.connect() as con:
        here = con.execute(hashed.replace("$1::text[]", "$1::varchar[]"), [texts]).fetchall()
    there = warehouse.execute(hashed.replace("$1", "%s"), [texts]).fetchall()
    assert there == here


def classify(pg, monetary, frequency):
    """Return the segment of each profile as PostgreSQL's function sees it."""
    pg.execute("create temporary table probe (id integer, m float8, f float8)")
    with pg.cursor().copy("copy probe from stdin") as copy:
        for row in zip(itertools.count(), monetary, frequency, strict=False):
            copy.write_row(row)
    query = "select segments.classify_segment(m, f) from probe order by id"
    found = [row[0] for row in pg.execute(query).fetchall()]
    pg.execute("drop table probe")
    return found


def edges(rules):
    """Return each breakpoint, its neighbouring cents and doubles, with each border frequency."""
    bounds = np.concatenate([rules.cents_from, rules.cents_below])
    cents = np.unique(bounds[(bounds != OPEN_LOW) & (bounds != OPEN_HIGH)])
    exact = cents / 100.0
    monetary = [(cents - 1) / 100.0, exact, (cents + 1) / 100.0]
    monetary += [np.nextafter(exact, -np.inf), np.nextafter(exact, np.inf), exact - 0.005]
    borders = np.unique(rules.frequency_from)
    frequency = [borders, borders - 1, borders - 0.001, borders + 0.5, [0, -3, 1e6, 2.0**40]]
    pairs = itertools.product(np.concatenate(monetary), np.concatenate(frequency))
    return np.array(list(pairs)).T


def agrees(pg, retail, monetary, frequency):
    """Whether PostgreSQL, the macro and the neighbour search say the same."""
    found = classify(pg, monetary, frequency)
    assert found == retail.model.classify(monetary, frequency).tolist()
    with retail.connect() as con:
        con.register("probe", {"m": monetary, "f": frequency})
        macro = con.execute("select classify_segment(m, f) from probe").fetchall()
    assert found == [row[0] for row in macro]
    return found


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


def test_the_function_agrees_at_every_edge(warehouse, retail):
    monetary, frequency = edges(retail.model.rules)
    found = agrees(warehouse, retail, monetary, frequency)
    assert len(found) > 5_000
    assert set(found) == set(retail.model.names)


def test_the_function_agrees_at_random_points(warehouse, retail):
    rng = np.random.default_rng(3)
    monetary = np.concatenate([rng.normal(800, 1500, 20_000), rng.normal(0, 1e12, 2_000)])
    frequency = np.concatenate([rng.integers(0, 40, 20_000), rng.normal(0, 1e9, 2_000)])
    agrees(warehouse, retail, monetary, frequency.astype(np.float64))


def test_what_is_no_number_has_no_segment(warehouse, retail):
    odd = [math.nan, math.inf, -math.inf]
    monetary = np.array([*odd, 100.0, 100.0, 100.0, 1e308, -1e308])
    frequency = np.array([2.0, 2.0, 2.0, *odd, -1e308, 1e308])
    found = agrees(warehouse, retail, monetary, frequency)
    assert found[:6] == [None] * 6
    assert None not in found[6:]
    query = "select segments.classify_segment(null, 2), segments.classify_segment(100, null)"
    assert warehouse.execute(query).fetchone() == (None, None)


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


def test_a_model_of_many_rules_stays_within_the_limits(database):
    rng = np.random.default_rng(7)
    size = 4_000
    frame = {
        "customer_id": np.arange(size),
        "monetary": np.round(rng.lognormal(5, 1, size), 2),
        "frequency": rng.geometric(0.08, size),
    }
    with duckdb.connect() as con:
        con.execute("create table given (customer_id integer, monetary double, frequency integer)")
        con.register("frame", frame)
        con.execute("insert into given select * from frame")
        settings = Settings(n_neighbors=1, cut=1, levels=4, consolidate=False, monotone=False)
        model = segmenter.fit(con, Source(profile="given"), settings)
    assert len(model.rules) >= 200
    database.execute("create table given (customer_id integer, monetary float8, frequency integer)")
    database.execute(segmenter.export(model, "postgres"))
    monetary, frequency = edges(model.rules)
    chosen = rng.choice(len(monetary), 30_000)
    found = classify(database, monetary[chosen], frequency[chosen])
    assert found == model.classify(monetary[chosen], frequency[chosen]).tolist()


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
