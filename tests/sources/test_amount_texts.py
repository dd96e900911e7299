"""What advice must not read wrongly: units beside amounts, years of two digits, a hidden loss."""

from __future__ import annotations

import re

import pytest

import segmenter
import segmenter.progress
from segmenter import SegmenterError, Source
from tests.advice import advised, followed, look
from tests.combinations import first_in_gate

COLUMNS = {"customer": "customer", "amount": "amount"}


def write(path, form, more=""):
    lines = [f"{i % 50};{form(i, 1000 + i * 1.25)}{more}" for i in range(200)]
    path.write_text("\n".join(["customer;amount", *lines]) + "\n")
    return str(path)


def refusal(con, file, **source):
    with pytest.raises(SegmenterError) as caught:
        segmenter.fit(con, Source(transactions=file, **COLUMNS | source))
    return str(caught.value)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (lambda i, x: f"{x:,.2f} {'CR' if i % 3 else 'DR'}", "200 rows such as '1,001.25 CR' are"),
        (lambda i, x: f"{x / 1000:.3f}k" if i % 2 else f"{x:.2f}", "100 rows such as '1.001k' are"),
        (lambda i, x: f"{x:,.2f} {'EUR' if i % 2 else 'USD'}", r"several currencies \(EUR, USD\)"),
        (lambda i, x: f"{'$' if i % 2 else '£'}{x:,.2f}", "several currencies"),
    ],
    ids=["debit and credit", "thousands", "two currencies", "two marks"],
)
def test_what_changes_an_amount_is_not_taken_out(con, tmp_path, form, said):
    message = refusal(con, write(tmp_path / "sales.csv", form))
    assert re.search(said, message), message
    assert "This reads all" not in message
    if "several" in message:
        better = followed(message, transactions=str(tmp_path / "sales.csv"), **COLUMNS)
        halves = [sum(1000 + i * 1.25 for i in range(first, 200, 2)) for first in (0, 1)]
        assert look(con, **better).money in halves


@first_in_gate("mark", ["€", "R$ ", "USD ", "kr "])
def test_one_currency_is_taken_out(con, tmp_path, mark):
    file = write(tmp_path / "sales.csv", lambda i, x: f"{mark}{x:,.2f}")
    source = {"transactions": file, **COLUMNS}
    segmenter.fit(con, Source(**followed(refusal(con, file), **source)))
    total = sum(1000 + i * 1.25 for i in range(200))
    found = con.execute("select sum(monetary) from segments.customer_profile").fetchone()[0]
    assert found == pytest.approx(total)


def test_a_dash_for_the_cents_is_no_minus(con, tmp_path):
    file = write(tmp_path / "sales.csv", lambda i, x: f"{x:.2f}" if i % 4 else f"{x:.0f}.-")
    source = followed(refusal(con, file), transactions=file, **COLUMNS)
    assert look(con, **source).money == sum(1000 + i * 1.25 for i in range(200))


def test_other_digits_are_called_no_numbers(con, tmp_path):
    digits = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    file = write(tmp_path / "sales.csv", lambda i, x: f"{x:.2f}".translate(digits))
    message = refusal(con, file)
    assert "no value has a digit from 0 to 9. Name another column." in message
    assert "every value" not in message


@pytest.mark.parametrize(
    "amount", ["coalesce(try_cast(amount as double), 0)", "ifnull(try_cast(amount as double), 0)"]
)
def test_a_zero_hides_no_lost_rows(con, tmp_path, amount):
    file = write(tmp_path / "sales.csv", lambda i, x: f"{x:,.2f}" if i % 2 else f"{x:.2f}")
    assert "100 of 200 rows" in refusal(con, file, amount=amount)
    said_so = (
        "case when try_cast(amount as double) is null then 0 else try_cast(amount as double) end"
    )
    segmenter.fit(con, Source(transactions=file, customer="customer", amount=said_so))


def test_years_of_two_digits_are_asked(con, tmp_path):
    path = tmp_path / "sales.csv"
    rows = [f"{i % 30};{i + 1};{i % 28 + 1:02}.{i % 12 + 1:02}.{23 + i % 2}" for i in range(120)]
    path.write_text("\n".join(["customer;amount;day", *rows]) + "\n")
    source = {"transactions": str(path), **COLUMNS, "date": "day"}
    message = refusal(con, str(path), date="day")
    assert advised(message, "date_format") == ["%d.%m.%y", "%y.%m.%d"]
    better = followed(message, **source)
    segmenter.fit(con, Source(**better), publish=True, replace=True)
    found = con.execute(
        "select min(ordered_at), max(ordered_at) from segments_internal.transactions"
    )
    assert [str(day)[:7] for day in found.fetchone()] == ["2023-01", "2024-12"]


def test_a_semicolon_in_a_name_is_a_part_of_it(shop):
    shop.execute('create table "a;b" as from sales')
    for name in ("a;b", '"a;b"'):
        segmenter.fit(shop, Source(transactions=name, customer="customer_id", amount="amount"))
    with pytest.raises(SegmenterError, match="there is no table, view or file 'c;d'"):
        segmenter.fit(shop, Source(transactions="c;d", customer="customer_id", amount="amount"))
