"""Views of the user's over CSV files: what DuckDB rounds there is told, with the way to keep it."""

from __future__ import annotations

import re

import pytest

from tests.advice import look

COLUMNS = {"customer": "customer", "amount": "amount", "date": "day"}
VIEWS = (
    "create view sales as from '{}'",
    "create view sales as select * from read_csv('{}', delim = ',') where customer is not null",
    "create view inner_view as from read_csv_auto(['{}']); create view sales as from inner_view",
)


@pytest.fixture
def late_cents(tmp_path):
    """A file with whole numbers in its first rows, and cents in later ones."""
    file = tmp_path / "sales.csv"
    rows = [
        f"c{i % 300},{i % 90}{'.49' if i >= 24_000 else ''},2024-01-02\n" for i in range(30_000)
    ]
    file.write_text("".join(["customer,amount,day\n", *rows]))
    return file, round(sum(i % 90 for i in range(30_000)) + 0.49 * 6_000, 2)


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_that_rounds_later_cents_is_told(con, late_cents, view):
    file, money = late_cents
    con.execute(view.format(file))
    rounded = look(con, transactions="sales", **COLUMNS)
    assert rounded.money != money
    (warning,) = [text for text in rounded.warnings if "added up as 3" in text]
    assert "whole numbers from amount of a CSV file" in warning
    advice = re.search(r"look at all rows: (.*)\.$", warning)[1]
    con.execute(f"create or replace view sales as from {advice}")
    mended = look(con, transactions="sales", **COLUMNS)
    assert mended.money == money
    assert not [text for text in mended.warnings if "CSV" in text]


def test_a_view_that_says_its_types_is_taken_at_its_word(con, late_cents):
    file, money = late_cents
    con.execute(f"create view sales as from read_csv('{file}', types = {{'amount': 'DOUBLE'}})")
    seen = look(con, transactions="sales", **COLUMNS)
    assert seen.money == money
    assert not [text for text in seen.warnings if "CSV" in text]
