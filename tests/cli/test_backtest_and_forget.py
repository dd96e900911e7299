"""backtest, forget and the options of trust on the command line."""

from __future__ import annotations

import csv
import io
import json

import duckdb
import pytest

from segmenter.evaluation.rankings import RANKINGS

FIT = ("--customer", "customer_id", "--amount", "amount", "--order", "order_id", "--date", "day")


SALES = """
    create table sales as
    select i % 120 as customer_id, i as order_id,
        date '2024-01-01' + (i // 8)::integer as day,
        (case when i % 120 < 80 then 10 when i % 120 < 110 then 50 else 200 end)
        + (i % 120) / 4.0 as amount, case when i % 9 = 0 then 'GBP' else 'EUR' end as money
    from range(2000) as t(i)
    where i < 600 or i % 120 >= 80;
    create table internal as select 5 as customer_id
"""


@pytest.fixture
def shop_file(fitted_file):
    return fitted_file(SALES, "--transactions", "sales", *FIT)


def test_backtest_shows_the_rankings_and_says_who_wins(run, shop_file):
    result = run("backtest", shop_file, "--as-of", "2024-04-30")
    assert result.code == 0, result.err
    for part in ("the segments", "spend so far", "Came", "of the later revenue came from"):
        assert part in result.out
    with duckdb.connect(str(shop_file), read_only=True) as con:
        assert con.execute("select count(*) from segments.backtest").fetchone() == (21,)
    rows = list(
        csv.DictReader(
            io.StringIO(run("backtest", shop_file, "--as-of", "2024-04-30", "-q", "-f", "csv").out)
        )
    )
    assert [row["ranking"] for row in rows] == [name for name in RANKINGS for _ in range(3)]
    assert rows[0]["as_of"].startswith("2024-04-30 23:59:59")
    again = run("backtest", shop_file, "--as-of", "2024-04-30", "-q", "-f", "json").out
    assert json.loads(again)["rows"][0]["later_revenue"] == float(rows[0]["later_revenue"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--as-of", "2023-01-01"), "has nothing up to 2023-01-01"),
        (("--as-of", "2030-01-01"), "has nothing after 2030-01-01"),
        (("--as-of", "yesterday"), "--as-of must be a date"),
        (("--as-of", "2024-04-30", "--until", "2024-01-01"), "must be later than"),
    ],
)
def test_backtest_says_what_is_wrong(run, shop_file, words, message):
    result = run("backtest", shop_file, *words)
    assert result.code == 2
    assert message in result.err
    assert "Traceback" not in result.err


def test_fit_warns_of_several_currencies(run, shop_file):
    words = ("--transactions", "sales", *FIT, "--currency", "money")
    for more in ((), ("--dry-run",)):
        result = run("fit", shop_file, *words, *more)
        assert result.code == 0, result.err
        assert "not in the currency of the others" in result.err.replace("\n", " ")
    assert "money" in result.out


def test_fit_leaves_out_who_is_excluded(run, shop_file):
    words = ("--transactions", "sales", *FIT, "--exclude", "internal")
    assert "customer_id" in run("fit", shop_file, *words, "--dry-run").out
    assert run("fit", shop_file, *words, "-q").code == 0
    rows = json.loads(run("segments", shop_file, "-f", "json").out)["rows"]
    assert sum(row["customers"] for row in rows) == 119
    result = run("export", shop_file, "--dialect", "spark")
    assert result.code == 2
    assert "leaves out the customers in internal" in result.err


def test_fit_keeps_rules_only(run, shop_file):
    words = ("--transactions", "sales", *FIT, "--forget-points", "-q")
    assert run("fit", shop_file, *words).code == 0
    assert "forget_points = True" in run("models", shop_file).out.replace("\n", " ")
    with duckdb.connect(str(shop_file), read_only=True) as con:
        assert con.execute(
            "select count(*) from segments_internal.model_points where model_id = 2"
        ).fetchone() == (0,)
    assert run("rollback", shop_file, "1", "-q").code == 0
    assert run("rollback", shop_file, "2", "-q").code == 0


def test_forget_says_what_it_did(run, shop_file):
    result = run("forget", shop_file, "--id", "7")
    assert result.code == 0, result.err
    assert "customer_segments_snapshot" in result.out
    assert "model 1" in result.out
    with duckdb.connect(str(shop_file), read_only=True) as con:
        assert con.execute(
            "select count(*) from segments.customer_segments_snapshot where customer_id = 7"
        ).fetchone() == (0,)
        assert con.execute("select count(*) from sales where customer_id = 7").fetchone()[0] > 0
    result = run("forget", shop_file, "--id", "4711")
    assert result.code == 2
    assert "no customer 4711" in result.err
    result = run("forget", shop_file, "--id", "seven")
    assert result.code == 2
    assert "'seven' is no customer of this database" in result.err
