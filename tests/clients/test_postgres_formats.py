"""Amounts and dates that are texts in PostgreSQL, read by formats over there."""

from __future__ import annotations

import datetime as dt

import pytest

import segmenter
from segmenter import SegmenterError, Source
from tests.advice import followed

COLUMNS = {"transactions": "sales", "customer": "customer_id", "order": "order_id"}


def amount(i):
    """Return an amount as a text, and its value."""
    odd = (f"£{i}.00", i), (f"(£{i}.00)", -i), (f"£{i}.50-", -i - 0.5), ("N/A", 0)
    return odd[i // 10 % 4] if i % 10 == 0 else (f"£{1000 + i * 1.25:,.2f}", 1000 + i * 1.25)


@pytest.fixture
def sales(database):
    database.execute("create table sales (customer_id text, order_id text, amount text, day text)")
    rows = [
        (f"C{i % 50}", str(i), amount(i)[0], f"{i % 28 + 1:02}/{i % 12 + 1:02}/2024")
        for i in range(400)
    ]
    with database.cursor() as cursor:
        cursor.executemany("insert into sales values (%s, %s, %s, %s)", rows)
    return database


def refusal(pg, source):
    with pytest.raises(SegmenterError) as refused:
        segmenter.fit(pg, Source(**source))
    return str(refused.value)


def test_formats_are_advised_and_read_over_there(sales):
    source = COLUMNS | {"amount": "amount", "date": "day"}
    source = followed(refusal(sales, source), **source)
    assert source["number_format"] == "1,234.56 GBP"
    source = followed(refusal(sales, source), **source)
    assert source["date_format"] == "%d/%m/%Y"
    segmenter.fit(sales, Source(**source))
    query = "select sum(monetary), max(last_order_at) from segments.customer_profile"
    money, newest = sales.execute(query).fetchone()
    assert money == sum(amount(i)[1] for i in range(400))
    assert newest == dt.datetime(2024, 12, 28)


def test_a_format_that_postgres_has_not_is_refused(sales):
    source = COLUMNS | {"amount": "amount", "number_format": "1,234.56", "date": "day"}
    assert "is not understood by postgres" in refusal(sales, source | {"date_format": "iso"})


@pytest.mark.parametrize("kind", ["numeric", "numeric(20, 8)", "double precision"])
def test_micro_amounts_are_counted_in_a_unit_over_there(database, kind):
    database.execute(f"create table sales (customer_id int, order_id int, amount {kind})")
    database.execute(
        "insert into sales select i % 120, i, (i % 120 + 1) ^ 2 / 100000000.0 "
        "from generate_series(0, 599) as t(i)"
    )
    source = COLUMNS | {"amount": "amount"}
    source = followed(refusal(database, source), **source)
    segmenter.fit(database, Source(**source))
    (money,) = database.execute("select sum(monetary) from segments.customer_profile").fetchone()
    total = 5 * sum((i + 1) ** 2 for i in range(120))
    assert money == pytest.approx(total * 1e-8 / float(source["unit"]), abs=1e-6)
