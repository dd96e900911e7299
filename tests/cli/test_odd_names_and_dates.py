"""Dates that Python cannot hold, and names that a program may trip over."""

from __future__ import annotations

import json

import duckdb
import pytest

from tests.datasets import SHOP

READ = ("--customer", "customer_id", "--amount", "amount", "--order", "order_id")


@pytest.mark.parametrize("years", ["to_years(198000)", "to_years(-3000)"])
@pytest.mark.parametrize("verb", ["customers", "moves", "backtest", "segments", "fit"])
def test_dates_that_python_cannot_hold(run, tmp_path, years, verb):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(SHOP)
        con.execute(f"update sales set sold_at = sold_at + {years}")
    fitted = run("fit", path, "--transactions", "sales", *READ, "--date", "sold_at", "-q")
    assert fitted.code in (0, 2), fitted.err
    words = {
        "moves": ("--from", "2024-02-01"),
        "backtest": ("--as-of", "2024-02-01"),
        "fit": ("--transactions", "sales", *READ, "--date", "sold_at", "--dry-run"),
    }.get(verb, ())
    for form in ("table", "csv", "json"):
        result = run(verb, path, *words, "--format", form)
        assert result.code in (0, 2), result.err
        if verb == "customers" and fitted.code == 0 and form == "json":
            last = json.loads(result.out)[0]["last_order_at"]
            # what is in the future counts as no date
            assert last is None if "-" not in years else "(BC)" in last


def test_names_that_are_words_of_javascript(run, tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(SHOP)
    names = "constructor,toString,__proto__"
    words = ("--transactions", "sales", *READ, "--date", "sold_at", "--names", names, "-q")
    assert run("fit", path, *words).code == 0
    shown = json.loads(run("segments", path, "-f", "json").out)
    assert [row["segment"] for row in shown] == names.split(",")


@pytest.mark.parametrize("names", ["A,,B", " , ,", "A,A,B", "A,a ,A"])
def test_names_that_are_empty_or_twice_there(run, tmp_path, names):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(SHOP)
    result = run("fit", path, "--transactions", "sales", *READ, "--names", names)
    assert result.code == 2
    assert result.err.startswith("segmenter: names must ")
