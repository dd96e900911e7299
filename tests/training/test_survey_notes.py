"""Dates that stand for none, amounts of nothing, an end in the future: a fit says so."""

from __future__ import annotations

import duckdb
import pytest

import segmenter
from segmenter import Settings, Source
from tests.advice import advised, look

SALES = """
    create table sales as
    select i % 7 as c, i * 1.5::double as a, date '2024-01-01' + i::int as d from range(60) as t(i)
"""


@pytest.fixture
def con():
    with duckdb.connect() as made:
        made.execute(SALES)
        yield made


SOURCE = {"transactions": "sales", "customer": "c", "amount": "a", "date": "d"}


def told(con, part, **more):
    return [words for words in look(con, **(SOURCE | more)).warnings if part in words]


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-30", "1900-01-01", "1970-01-01"])
def test_a_date_that_programs_write_for_none_is_told(con, day):
    con.execute(f"insert into sales values (3, 5, '{day}')")
    (words,) = told(con, "has a date such as")
    assert words.startswith(f"1 row has a date such as {day}, which many programs write")
    assert told(con, "date such as", date=f"nullif(d, date '{day}')") == []


def test_two_digits_for_the_year_among_four_are_told_with_what_reads_both(con, tmp_path):
    path = tmp_path / "sales.csv"
    days = [f"{i % 28 + 1:02}/0{i % 9 + 1}/{24 if i % 7 == 3 else 2024}" for i in range(60)]
    lines = [f"C{i % 7},{i}.5,{text}" for i, text in enumerate(days)]
    path.write_text("\n".join(["c,a,the day", *lines, ""]))
    source = {"transactions": str(path), "date": "the day"}
    (words,) = told(con, "have a date such as", **source)
    assert words.startswith("9 rows have a date such as 0024-")
    (date,) = advised(words, "date")
    assert told(con, "date such as", **source | {"date": date}) == []
    fit = Source.from_transactions(**(SOURCE | source | {"date": date}))
    segmenter.fit(con, fit, Settings(cut=1, n_neighbors=1))
    first = "select min(ordered_at)::date::varchar from segments_internal.transactions"
    assert con.execute(first).fetchone() == ("2024-01-01",)


def test_other_dates_are_dates(con):
    con.execute("insert into sales values (3, 5, '1900-01-02'), (3, 5, '1970-01-02')")
    assert told(con, "date such as") == []


def test_small_amounts_among_large_ones_are_told(con):
    con.execute("insert into sales values (8, 0.00003, '2024-01-01'), (9, -0.00004, '2024-01-01')")
    (words,) = told(con, "so small an amount")
    assert words.startswith("2 rows have so small an amount that nothing is left of it")
    assert told(con, "so small an amount", amount="a * 1000") == []
    con.execute("delete from sales where c > 7")
    assert told(con, "so small an amount") == []


def test_an_end_in_the_future_is_told(con):
    (words,) = told(con, "in the future", as_of="2999-01-01")
    assert words.startswith("as_of = '2999-01-01' is in the future: it leaves nothing out.")
    everything = look(con, **SOURCE)
    assert look(con, **SOURCE, as_of="2999-01-01")[1:] == everything[1:]
    assert told(con, "in the future", as_of="2024-06-01") == []


def test_a_window_before_an_end_in_the_future_ends_there(con):
    more = {"as_of": "2999-01-01", "window": "1000 years"}
    (words,) = told(con, "in the future", **more)
    assert "the window of 1000 years ends there" in words
