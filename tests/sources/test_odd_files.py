"""Files that are not what their names say, and rows that are not where a reader looks for them."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

import segmenter
from segmenter import SegmenterError
from tests.advice import advised, csv_advised, fitted, look

NAMES = ("customer_id", "order_id", "amount")
ROWS = [(f"C{i % 20}", i, i % 9 + 0.5) for i in range(200)]
MONEY = sum(amount for _, _, amount in ROWS)
SOURCE = {"customer": "customer_id", "order": "order_id", "amount": "amount"}


RECORDS = [dict(zip(NAMES, row, strict=True)) for row in ROWS]


def lines(delimiter=",", names=NAMES, rows=ROWS):
    return [delimiter.join(map(str, row)) for row in (names, *rows)]


def text(*above, **how):
    return "\n".join([*above, *lines(**how), ""])


def refused(path, **given) -> str:
    with pytest.raises(SegmenterError) as caught:
        segmenter.inspect(str(path), **given)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sales.csv", gzip.compress(text().encode())),
        ("sales.csv.gz", text().encode()),
        ("sales.json", gzip.compress(json.dumps(RECORDS).encode())),
    ],
)
def test_a_file_is_unpacked_by_what_it_is(con, tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert segmenter.inspect(str(path)).totals.revenue == MONEY
    assert look(con, transactions=str(path), **SOURCE).money == MONEY
    fitted(con, transactions=str(path), **SOURCE)
    total = "select sum(monetary) from segments.customer_profile"
    assert con.execute(total).fetchone() == (MONEY,)


def test_zstd_under_the_name_of_a_csv_file(con, tmp_path):
    packed, path = tmp_path / "sales.csv.zst", tmp_path / "sales.csv"
    con.execute("create table sales(customer_id varchar, order_id int, amount double)")
    con.executemany("insert into sales values (?, ?, ?)", ROWS)
    con.execute(f"copy sales to '{packed}' (compression zstd, header)")
    shutil.move(packed, path)
    assert look(con, transactions=str(path), **SOURCE).money == MONEY


def test_files_of_a_glob_are_packed_as_they_say_or_all_alike(con, tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(gzip.compress(text().encode()))
    every = str(tmp_path / "*.csv")
    assert look(con, transactions=every, **SOURCE).money == 2 * MONEY
    (tmp_path / "b.csv").write_text(text())
    message = refused(every)
    wrong = re.match(r"(\S+) is packed with gzip, which its name does not say", message)
    assert wrong is not None
    Path(wrong[1]).rename(f"{wrong[1]}.gz")
    for several in (str(tmp_path / "*.csv*"), str(tmp_path)):
        message = refused(several, con=con) if "*" in several else refused(several)
        assert message.endswith("To read all, pack all of them, or unpack those that are packed.")
    packed = tmp_path / "a.csv.gz"
    (tmp_path / "a.csv").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    assert look(con, transactions=str(tmp_path), **SOURCE).money == 2 * MONEY
    (tmp_path / "empty.csv.gz").write_bytes(b"")
    (tmp_path / "empty.csv").write_bytes(b"")
    assert "is packed" not in refused(str(tmp_path / "empty.csv"))


def test_an_archive_is_no_csv_file(tmp_path):
    path = tmp_path / "sales.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sales.csv", text())
    message = refused(path)
    assert message.startswith(f"{path} is a ZIP archive or a workbook, whatever its name says.")


@pytest.mark.parametrize("delimiter", ["~", "^", ":"])
def test_what_separates_columns_is_asked_for(con, tmp_path, delimiter):
    path = tmp_path / "sales.csv"
    path.write_text(text(delimiter=delimiter))
    (options,) = csv_advised(refused(path))
    assert options == {"delim": delimiter}
    assert segmenter.inspect(str(path), csv=options).totals.revenue == MONEY
    assert look(con, transactions=str(path), csv=options, **SOURCE).money == MONEY


@pytest.mark.parametrize(
    ("above", "delimiter"),
    [
        (["Sales, Shop Ltd, all", "From,2024-01-01,To,2024-12-31"], ","),
        (["Sales, Shop Ltd", "", "From,2024-01-01,To,2024-12-31", ""], ","),
        (["Umsatz;Laden GmbH;2024"], ";"),
        (["a\tb\tc", "1\t2\t3", "1\t2\t3"], "\t"),
        (['"Sales, all","of ""us""",x'], ","),
    ],
)
def test_lines_above_the_names_of_the_columns_are_left_out_as_advised(
    con, tmp_path, above, delimiter
):
    path = tmp_path / "sales.csv"
    path.write_text(text(*above, delimiter=delimiter))
    message = refused(path)
    assert f"stand on line {len(above) + 1}, below others" in message
    (options,) = csv_advised(message)
    assert segmenter.inspect(str(path), csv=options).totals.revenue == MONEY
    assert look(con, transactions=str(path), csv=options, **SOURCE).money == MONEY


def test_columns_without_known_names_are_no_lines_above(tmp_path):
    path = tmp_path / "sales.csv"
    path.write_text(text(names=("a", "b", "c")))
    assert segmenter.inspect(str(path)).guesses.missing


def test_rows_in_a_list_are_read_by_the_query_that_is_advised(con, tmp_path):
    path, query = tmp_path / "sales.json", tmp_path / "sales.sql"
    path.write_text(json.dumps({"page": 1, "orders": RECORDS}))
    message = refused(path)
    assert message.startswith(f"the rows of {path} seem to be in a list (orders).")
    query.write_text(message.partition("read that instead: ")[2])
    assert segmenter.inspect(str(query)).totals.revenue == MONEY
    assert look(con, transactions=str(query), **SOURCE).money == MONEY


def test_each_list_of_records_has_its_query_with_the_columns_beside_it(con, tmp_path):
    path, query = tmp_path / "sales.json", tmp_path / "sales.sql"
    orders = {key: [[], []] for key, _, _ in ROWS}
    for key, order, amount in ROWS:
        orders[key][order % 2].append({"order_id": order, "amount": amount})
    path.write_text(
        json.dumps([{"customer_id": c, "even": e, "odd": o} for c, (e, o) in orders.items()])
    )
    message = refused(path)
    assert "(even, odd). Write the query of the right one into a file" in message
    money = 0.0
    for one in message.partition("read that instead: ")[2].split("; or: "):
        query.write_text(one)
        seen = look(con, transactions=str(query), **SOURCE)
        money += seen.money
    assert money == MONEY
    summed = "list_sum(list_transform(even || odd, lambda x: x.amount))"
    given = {"customer": "customer_id", "amount": summed}
    assert look(con, transactions=str(path), **given).money == MONEY
    assert segmenter.inspect(str(path), **given).totals.revenue == MONEY


def test_fields_of_records_are_proposed(con, tmp_path):
    path = tmp_path / "sales.json"
    rows = [
        {
            "no": order,
            "customer": {"id": key, "of": {"e mail": f"{key}@x.ch"}},
            "sum": {"amount": x},
        }
        for key, order, x in ROWS
    ]
    path.write_text(json.dumps(rows))
    found = segmenter.inspect(str(path))
    assert found.guesses["customer"].alternatives == ("customer.id", 'customer.of."e mail"')
    assert found.guesses["amount"].alternatives == ("sum.amount",)
    with pytest.raises(SegmenterError) as caught:
        found.source(accept_unsure=True)
    assert advised(str(caught.value), "customer") == ["customer.id"]
    named = {"customer": "customer.id", "amount": "sum.amount", "order": "no"}
    assert look(con, transactions=str(path), **named).money == MONEY
    named["customer"] = 'customer.of."e mail"'
    assert look(con, transactions=str(path), **named).customers == 20
