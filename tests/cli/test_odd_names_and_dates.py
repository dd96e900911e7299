"""Dates that Python cannot hold, and names that a program may trip over."""

from __future__ import annotations

import json

import duckdb
import pytest

from tests.combinations import first_in_gate
from tests.datasets import SHOP

READ = ("--customer", "customer_id", "--amount", "amount", "--order", "order_id")


@first_in_gate("years", ["to_years(198000)", "to_years(-3000)"])
def test_dates_that_python_cannot_hold(run, tmp_path, years):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(SHOP)
        con.execute(f"update sales set sold_at = sold_at + {years}")
    fitted = run("fit", path, "--transactions", "sales", *READ, "--date", "sold_at", "-q")
    assert fitted.code in (0, 2), fitted.err
    for verb, words in {
        "customers": (),
        "moves": ("--from", "2024-02-01"),
        "segments": (),
        "fit": ("--transactions", "sales", *READ, "--date", "sold_at", "--dry-run"),
        "backtest": ("--as-of", "2024-02-01"),
    }.items():
        for form in ("table", "csv", "json"):
            result = run(verb, path, *words, "--format", form)
            assert result.code in (0, 2), result.err
            if verb == "customers" and fitted.code == 0 and form == "json":
                last = json.loads(result.out)["rows"][0]["last_order_at"]
                # what is in the future counts as no date
                assert last is None if "-" not in years else "(BC)" in last


def test_names_that_are_words_of_javascript(run, tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(SHOP)
    names = "constructor,toString,__proto__"
    words = ("--transactions", "sales", *READ, "--date", "sold_at", "--names", names, "-q")
    assert run("fit", path, *words).code == 0
    shown = json.loads(run("segments", path, "-f", "json").out)["rows"]
    assert [row["segment"] for row in shown] == names.split(",")


@pytest.mark.parametrize("names", ["A,,B", " , ,", "A,A,B", "A,a ,A"])
def test_names_that_are_empty_or_twice_there(run, tmp_path, names):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(SHOP)
    result = run("fit", path, "--transactions", "sales", *READ, "--names", names)
    assert result.code == 2
    assert result.err.startswith("segmenter: names must ")


@pytest.fixture
def shop(fitted_file):
    return fitted_file(SHOP, "--transactions", "sales", *READ, "--date", "sold_at")


@pytest.mark.parametrize(
    ("verb", "words", "says"),
    [
        ("fit", ("--transactions", "sales", *READ, "--names"), "names must be texts in UTF-8"),
        ("export", ("--dialect", "postgres", "--table"), "table must be a name in UTF-8"),
    ],
)
def test_bytes_that_are_no_text_are_refused(run, shop, verb, words, says):
    result = run(verb, shop, *words, "not \udcff utf-8,B,C")
    assert result.code == 2
    assert says in result.err
    assert result.out == ""


@pytest.mark.parametrize("words", [("moves", "--from", "2024-02-01"), ("refresh",)])
def test_a_source_that_is_no_mapping_is_damage(run, shop, words):
    with duckdb.connect(str(shop)) as con:
        (table,) = con.execute(
            "select schema_name || '.models' from duckdb_tables() where table_name = 'models'"
        ).fetchone()
        con.execute(f"update {table} set source = '[1]'")
    result = run(words[0], shop, *words[1:])
    assert result.code == 2
    assert "the model is damaged" in result.err


def test_a_report_of_dates_before_the_year_1(run, tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(SHOP)
        con.execute("update sales set sold_at = sold_at - to_years(3000)")
    words = ("--transactions", "sales", *READ, "--date", "sold_at", "-q")
    assert run("fit", path, *words).code == 0
    result = run("report", path, "-o", tmp_path / "report.html", "-q")
    assert result.code == 0, result.err
