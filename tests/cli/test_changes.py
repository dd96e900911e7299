"""The list of who is published otherwise than before, from the command line and from Python."""

from __future__ import annotations

import csv
import io

import duckdb
import pytest

import segmenter
from segmenter import InputError
from tests.operations.test_history import newest
from tests.operations.test_refresh import SALES, make_sales


@pytest.fixture
def changed(tmp_path):
    """A file where customer 3 has risen since its fit."""
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        make_sales(con)
        segmenter.fit(con, SALES)
        since = newest(con)
        con.execute("insert into sales values (3, 9001, 99999, timestamp '2024-01-25')")
    segmenter.open(path).refresh()
    return path, since


def test_changes_are_written_as_csv(run, changed):
    path, since = changed
    result = run("customers", str(path), "--changes-since", str(since), "--format", "csv")
    assert result.code == 0, result.err
    (row,) = csv.DictReader(io.StringIO(result.out))
    assert (row["customer_id"], row["change"], row["changed_by"]) == ("3", "moved", "own spend")
    assert (row["segment_from"], row["segment_to"]) == ("At-Risk", "Elite")


def test_a_date_means_its_beginning(changed):
    path, since = changed
    shop = segmenter.open(path)
    assert len(shop.customer_changes(since.date())) == 80  # the fit of that day is among them
    assert len(shop.customer_changes(since)) == 1
    assert len(shop.customer_history()) == 81
    assert [row["moved_in"] for row in shop.segment_history()] == [1, 0, 0]


def test_other_lists_are_not_lists_of_changes(run, changed):
    path, _ = changed
    for words in (("--next",), ("--segment", "Elite"), ("--snapshot",)):
        result = run("customers", str(path), "--changes-since", "2024-01-01", *words)
        assert result.code == 2
        assert "leave out" in result.err
    result = run("customers", str(path), "--changes-since", "soon")
    assert result.code == 2
    assert "--changes-since must be a date" in result.err


def test_a_file_without_a_history_says_how_it_begins(changed):
    path, _ = changed
    with duckdb.connect(str(path)) as con:
        con.execute("drop view segments.customer_segments_history")
    shop = segmenter.open(path)
    with pytest.raises(InputError, match="no history yet"):
        shop.customer_changes("2024-01-01")
    shop.refresh()
    assert len(shop.customer_changes("2024-01-01")) == 80
