"""Dots in a CSV file that may separate thousands: told, with the expression that reads them so."""

from __future__ import annotations

import re

import duckdb
import pytest

from tests.advice import advised, look

VALUES = [1_050 + 1_237 * i for i in range(70)]


@pytest.fixture
def con():
    with duckdb.connect() as made:
        yield made


def dotted(value):
    return f"{value // 1000}.{value % 1000:03d}" if value >= 1000 else str(value)


def written(path, texts):
    rows = (f"C{i % 9},{i},{text}\n" for i, text in enumerate(texts))
    path.write_text("customer_id,order_id,amount\n" + "".join(rows))
    return {"transactions": str(path), "customer": "customer_id", "order": "order_id"}


def told(seen):
    return [words for words in seen.warnings if "stands before three digits" in words]


@pytest.mark.parametrize("more", [[], [950, 12]])
@pytest.mark.parametrize("factor", ["", " * 2"])
def test_what_may_be_thousands_is_told_with_what_reads_them(con, tmp_path, more, factor):
    values = [value for value in VALUES if value % 1000] + more
    table = written(tmp_path / "sales.csv", map(dotted, values))
    seen = look(con, **table, amount=f"amount{factor}")
    (words,) = told(seen)
    assert seen.money < 1000 * len(values)
    (amount,) = advised(words, "amount")
    assert look(con, **table, amount=amount).money == sum(values) * (2 if factor else 1)


def test_where_nothing_tells_the_text_is_read(con, tmp_path):
    values = [*VALUES, 950, 3_000]
    table = written(tmp_path / "sales.csv", map(dotted, values))
    (words,) = told(look(con, **table, amount="amount"))
    con.execute(re.search(r"create view .*?\}\)", words)[0])
    (amount,) = advised(words, "amount")
    assert look(con, **(table | {"transactions": "my_sales"}), amount=amount).money == sum(values)


@pytest.mark.parametrize("other", ["12.50", "1234", "0.500", "1234.567"])
def test_one_other_number_tells(con, tmp_path, other):
    table = written(tmp_path / "sales.csv", [*map(dotted, VALUES), other])
    assert told(look(con, **table, amount="amount")) == []


def test_whole_numbers_have_no_dots(con, tmp_path):
    table = written(tmp_path / "sales.csv", [str(value % 1000) for value in VALUES])
    assert told(look(con, **table, amount="amount")) == []
