"""Attributes in a script for PostgreSQL: the same latest value for every customer as in DuckDB."""

from __future__ import annotations

import random
from dataclasses import replace

import psycopg
import pytest

import segmenter
from segmenter import Source

SALES = Source(
    transactions="sales",
    customer="customer",
    amount="amount",
    order="invoice",
    date="sold_at",
    attributes=["Country", "Country known at", "store", "order", "day"],
)

TABLE = (
    "create table sales (customer integer, invoice {0}, amount double precision, sold_at timestamp,"
    ' Country {0}, "Country known at" {0}, store bigint, "order" boolean, day date)'
)

TEXTS = ("a", "B", "b", "Z", "ä", "-c", "É", "e", None)
"""What a collation sorts in another order than bytes."""

CUSTOMERS = "select * from segments.customer_segments order by customer_id"


def sales_rows():
    """Return rows with ties of moments and of orders, and with unknown values."""
    chance = random.Random(7)
    for number in range(900):
        yield (
            number % 50,
            chance.choice((None, *(f"{way}{number % 12}" for way in "nN-"))),
            float(1 + number % 50 * 4 + chance.randint(0, 20)),
            chance.choice((None, *(f"2024-01-{day:02}" for day in range(1, 9)))),
            chance.choice(TEXTS),
            chance.choice(TEXTS),
            chance.choice((2, 10, -3, None)),
            chance.choice((True, False, None)),
            chance.choice(("2024-01-02", "1999-05-06", None)),
        )


@pytest.fixture(scope="module")
def collated(tls_postgres):
    """A PostgreSQL whose texts have a collation of ICU, with the sales."""
    with psycopg.connect(tls_postgres.dsn(), autocommit=True) as pg:
        pg.execute("create database collated")
    with psycopg.connect(tls_postgres.dsn(dbname="collated"), autocommit=True) as pg:
        pg.execute(TABLE.format('text collate "und-x-icu"'))
        marks = ", ".join(["%s"] * 9)
        pg.cursor().executemany(f"insert into sales values ({marks})", list(sales_rows()))
        assert pg.execute("select max(country) from sales").fetchone() == ("Z",)
        yield pg


@pytest.mark.parametrize(
    "source",
    [SALES, replace(SALES, order=None), replace(SALES, date=None), replace(SALES, window="4 days")],
    ids=["all", "without orders", "without dates", "of a window"],
)
def test_the_latest_known_value_stands_with_each_customer(collated, con, source):
    con.execute(TABLE.format("text"))
    marks = ", ".join(["?"] * 9)
    con.executemany(f"insert into sales values ({marks})", list(sales_rows()))
    script = segmenter.export(segmenter.fit(con, source), "postgres")
    collated.execute("drop schema if exists segments cascade")
    for _ in range(2):
        collated.execute(script)
    found = collated.execute(CUSTOMERS)
    columns = [column.name for column in found.description]
    assert columns[-5:] == ["country", "Country known at", "store", "order", "day"]
    assert found.fetchall() == con.execute(CUSTOMERS).fetchall()
    collated.execute("drop schema segments cascade")
