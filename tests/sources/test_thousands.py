"""Dots in a CSV file that may separate thousands: asked, with both formats."""

from __future__ import annotations

import duckdb
import pytest

from tests.advice import advised, look, said
from tests.combinations import each_once

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


def is_sure(con, **source):
    return not [words for words in look(con, **source).warnings if "three digits" in words]


@pytest.mark.parametrize(("more", "factor"), each_once([[], [950, 12], [950, 3_000]], ["", " * 2"]))
def test_what_may_be_thousands_is_asked(con, tmp_path, more, factor):
    values = [value for value in VALUES if value % 1000] + more
    source = written(tmp_path / "sales.csv", map(dotted, values)) | {"amount": f"amount{factor}"}
    words = said(con, **source)
    assert "every dot in amount" in words
    thousands, decimals = advised(words, "number_format")
    whole = sum(values) * (2 if factor else 1)
    assert look(con, **source, number_format=thousands).money == whole
    small = sum(value / 1000 if value >= 1000 else value for value in values)
    seen = look(con, **source, number_format=decimals)
    assert seen.money == pytest.approx(small * (2 if factor else 1), abs=0.05)


@pytest.mark.parametrize("other", ["12.50", "1234", "0.500", "1234.567"])
def test_one_other_number_tells(con, tmp_path, other):
    table = written(tmp_path / "sales.csv", [*map(dotted, VALUES), other])
    assert is_sure(con, **table, amount="amount")


def test_whole_numbers_have_no_dots(con, tmp_path):
    table = written(tmp_path / "sales.csv", [str(value % 1000) for value in VALUES])
    assert is_sure(con, **table, amount="amount")
