"""Messages: an engine's reason, what is full, and parameters as the caller writes them."""

from __future__ import annotations

import shlex

import duckdb
import pytest

import segmenter
from segmenter.cli.parameters import in_options
from segmenter.errors import first_line, reason, shortage


@pytest.mark.parametrize(
    ("message", "typed"),
    [
        ("Give amount = 'net * 1.19'.", 'Give --amount "net * 1.19".'),
        ("Give amount = 'net'.", "Give --amount net."),
        ("more than max_points = 20,000,000 points", "more than --max-points 20000000 points"),
        ("Raise max_points or as_of.", "Raise --max-points or --as-of."),
        ("where the amount is, in order", "where the amount is, in order"),
        (
            "the column 'as_of' of x, or \"max_points\"",
            "the column 'as_of' of x, or \"max_points\"",
        ),
        ("give allow_lost_rows = True.", "give --allow-lost-rows."),
        ("(customer_id = 1, amount = 5e+13)", "(customer_id = 1, amount = 5e+13)"),
        ("levels = 2 or levels = 'auto'", "--levels 2 or --levels auto"),
        ("give consolidate = False.", "give --no-consolidate."),
        (
            "customer's amount = 'a', it's where = 'b = 1'.",
            "customer's --amount a, it's --where \"b = 1\".",
        ),
    ],
)
def test_parameters_become_options(message, typed):
    assert in_options(message) == typed


@pytest.mark.parametrize(
    "value",
    [
        "replace(amount, ',', '')",
        'sum("my col")',
        "it's $5 `x`",
        "a\\b",
        "regexp_replace(x, '[^0-9.]', '', 'g')",
    ],
)
def test_an_option_reads_back_as_the_value(value):
    words = shlex.split(in_options(f"amount = {value!r}"))
    assert words == ["--amount", value]


def test_an_error_of_a_csv_has_its_reason(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n" + "1,2\n" * 30_000 + "x,5\n")
    with duckdb.connect() as con, pytest.raises(duckdb.Error) as failed:
        con.execute(f"select sum(a) from read_csv('{path}')").fetchall()
    text = reason(failed.value)
    assert text.startswith(f"line 30,002 of {path}: ")
    assert "'x,5'" in text
    assert text.endswith(".")
    assert ".." not in text


def test_other_errors_keep_their_first_line():
    with duckdb.connect() as con, pytest.raises(duckdb.Error) as failed:
        con.execute("select nothing")
    assert reason(failed.value) == first_line(failed.value)
    assert first_line(ValueError("")) == "ValueError."


def test_a_full_temporary_folder_is_not_called_memory(tmp_path):
    too_much = (
        "create table t as select hash(i) as h, repeat('x', 100) || i from range(3000000) r(i)"
    )
    limits = "set memory_limit = '60MB'; set threads = 2; set temp_directory = "
    with duckdb.connect() as con:
        con.execute(f"{limits}'{tmp_path}'; set max_temp_directory_size = '1MB'")
        with pytest.raises(duckdb.OutOfMemoryException) as failed:
            con.execute(too_much)
        assert shortage(failed.value) == "the folder for temporary files"
    with duckdb.connect() as con:
        con.execute(f"{limits}''")
        with pytest.raises(duckdb.OutOfMemoryException) as failed:
            con.execute(too_much)
    assert shortage(failed.value) == "the memory"
    assert shortage(OSError("No space left on device")) == "the disk"
    assert shortage(ValueError("x")) == ""


@pytest.mark.parametrize(
    ("kind", "also"), [("InputError", ValueError), ("NoModelError", LookupError), ("BusyError", ())]
)
def test_callers_can_tell_errors_apart(kind, also):
    assert issubclass(getattr(segmenter, kind), segmenter.SegmenterError)
    assert not also or issubclass(getattr(segmenter, kind), also)


def test_bad_input_and_a_missing_model_are_different_errors():
    with pytest.raises(segmenter.InputError, match="cut"):
        segmenter.Settings(cut=2)
    with pytest.raises(segmenter.InputError, match="transactions"):
        segmenter.Source()
    with duckdb.connect() as con, pytest.raises(segmenter.NoModelError, match="no model yet"):
        segmenter.load(con)
