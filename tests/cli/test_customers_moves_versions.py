"""The verbs about the life of a segmentation: customers, moves, versions."""

from __future__ import annotations

import csv
import io
import json

import duckdb
import pytest

from tests.datasets import SHOP

FIT = (
    "--transactions", "sales", "--customer", "customer_id", "--amount", "amount",
    "--order", "order_id", "--date", "sold_at", "--quiet",
)  # fmt: skip


@pytest.fixture
def shop_file(fitted_file):
    return fitted_file(SHOP, *FIT)


def read_csv(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_customers_of_a_segment(run, shop_file):
    found = read_csv(
        run("customers", shop_file, "--segment", "Elite", "--format", "csv", "--limit", "3").out
    )
    assert [row["customer_id"] for row in found] == ["59", "58", "57"]
    assert {row["segment"] for row in found} == {"Elite"}
    everybody = json.loads(run("customers", shop_file, "--limit", "0", "--format", "json").out)[
        "rows"
    ]
    assert len(everybody) == 60
    snapshot = run("customers", shop_file, "--limit", "0", "--format", "json", "--snapshot")
    assert json.loads(snapshot.out)["rows"] == everybody
    lapsed = run("customers", shop_file, "--lifecycle", "lapsed", "--order-by", "customer_id")
    assert "lapsed" in lapsed.out
    assert "active" not in lapsed.out


def test_upgrades(run, shop_file):
    result = run("customers", shop_file, "--upgrades", "--segment", "Loyal", "--limit", "2")
    assert "would lift" in result.err
    assert "of 14 customers" in result.err
    found = read_csv(run("customers", shop_file, "--upgrades", "--format", "csv").out)
    needed = [float(row["monetary_needed"]) for row in found]
    assert needed == sorted(needed)
    assert len(found) == 54


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--segment", "Loyl"), "there is no segment 'Loyl' (Elite, Loyal, At-Risk). Did you mean"),
        (("--upgrades", "--lifecycle", "new"), "knows no lifecycle"),
        (("--order-by", "monetary_needed"), "is not a column of this list"),
    ],
)
def test_customers_that_cannot_be_listed(run, shop_file, words, message):
    result = run("customers", shop_file, *words)
    assert result.code == 2
    assert message in result.err


def test_moves(run, shop_file):
    with duckdb.connect(str(shop_file)) as con:
        con.execute("insert into sales values (900, 9000, 20, '2024-06-20')")
        con.execute("insert into sales select 7, 9001 + i, 300, '2024-06-20' from range(9) as t(i)")
    result = run("moves", shop_file, "--from", "2024-06-01")
    # without a time window and refunds nobody can fall, so nobody is said not to have fallen
    assert "Of 60 customers 1.7 % changed segment: 1 up. 1 came new." in result.out
    assert "Not a customer yet" in result.out
    with duckdb.connect(str(shop_file)) as con:
        con.execute("insert into sales values (8, 9100, -0.01, '2024-05-20')")
    result = run("moves", shop_file, "--from", "2024-06-01")
    assert "1 up, 0 down. 1 came new." in result.out
    moved = read_csv(
        run("moves", shop_file, "--from", "2024-06-01", "--customers", "--format", "csv").out
    )
    assert [(row["customer_id"], row["segment_from"], row["segment_to"]) for row in moved] == [
        ("7", "At-Risk", "Elite")
    ]
    pairs = json.loads(run("moves", shop_file, "--from", "2024-06-01", "--format", "json").out)[
        "rows"
    ]
    assert sum(row["customers"] for row in pairs) == 61


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--from", "yesterday"), "--from must be a date such as 2011-12-09"),
        (("--from", "2024-02-01", "--to", "2024-01-01"), "must be before --to 2024-01-01"),
        (("--from", "1999-01-01"), "the first order is of 2024-01-01 00:00. Name a later day."),
    ],
)
def test_moves_without_a_range(run, shop_file, words, message):
    result = run("moves", shop_file, *words)
    assert result.code == 2
    assert message in result.err


def test_moves_need_a_date_column(run, shop_file):
    assert run("fit", shop_file, *FIT[:-3], "--quiet").code == 0
    result = run("moves", shop_file, "--from", "2024-02-01")
    assert result.code == 2
    assert "has no date column. Name it in the fit" in result.err
    assert "knows no lifecycle" in run("customers", shop_file, "--lifecycle", "new").err


def test_a_refit_that_moves_too_many_is_stored_but_not_published(run, shop_file):
    before = run("segments", shop_file, "--format", "json").out
    result = run("fit", shop_file, *FIT, "--levels", "1")
    assert result.code == 3
    assert "model 2 is stored but not published: 100.0 % of the customers" in result.err
    assert f"segmenter compare {shop_file} 1 2" in result.err
    assert run("segments", shop_file, "--format", "json").out == before
    listed = json.loads(run("models", shop_file, "--format", "json").out)["rows"]
    assert [(row["model_id"], row["is_current"]) for row in listed] == [(1, True), (2, False)]
    assert run("rollback", shop_file, "2", "--quiet").code == 0
    assert "Higher" in run("segments", shop_file).out
    assert run("fit", shop_file, *FIT, "--publish").code == 0
    assert "Elite" in run("segments", shop_file).out


def test_another_base_takes_over_only_when_that_is_meant(run, shop_file):
    before = run("segments", shop_file, "--format", "json").out
    condition = ("--where", "amount > 20")
    result = run("fit", shop_file, *FIT, *condition)
    assert result.code == 2
    assert 'this fit has --where "amount > 20"' in result.err
    assert result.err.rstrip().endswith("say that this is meant with --replace.")
    assert run("segments", shop_file, "--format", "json").out == before
    assert run("fit", shop_file, *FIT, *condition, "--replace", "--publish").code == 0
    listed = json.loads(run("models", shop_file, "--format", "json").out)["rows"]
    assert [row["condition"] for row in listed] == [None, "amount > 20"]
    assert "amount > 20" in run("models", shop_file).out


def test_a_refit_says_who_changes_and_why(run, shop_file):
    words = [word for word in FIT if word != "--quiet"]
    result = run("fit", shop_file, *words)
    assert "note: 0.0 % of the customers change segment because of the refit, 0.0 %" in result.err
    assert run("fit", shop_file, *FIT, "--max-change", "0").code == 0


def test_compare(run, shop_file):
    assert run("fit", shop_file, *FIT, "--n-neighbors", "1", "--cut", "1", "--publish").code == 0
    result = run("compare", shop_file, "1", "2")
    assert "have the same segment in both; adjusted Rand index" in result.out
    assert "Where their rules differ" in result.out
    rows = json.loads(run("compare", shop_file, "1", "2", "--format", "json").out)["rows"]
    assert sum(row["customers"] for row in rows) == 60
    for words, message in (
        (("1", "9"), "has no model 9 (1, 2)"),
        (("1", "1"), "are the same version"),
    ):
        result = run("compare", shop_file, *words)
        assert result.code == 2
        assert message in result.err


def test_prune(run, shop_file):
    for _ in range(2):
        assert run("fit", shop_file, *FIT).code == 0
    assert run("rollback", shop_file, "1", "--quiet").code == 0
    assert "deleted model 2" in run("prune", shop_file, "--keep", "1").err
    listed = json.loads(run("models", shop_file, "--format", "json").out)["rows"]
    assert [row["model_id"] for row in listed] == [1, 3]
    assert "nothing to delete" in run("prune", shop_file, "--keep", "1").err
    assert "Elite" in run("segments", shop_file).out


LIVE = {
    "segments": (),
    "customers": (),
    "moves": ("--from", "2024-02-01"),
    "compare": ("1", "2"),
    "explain": ("--id", "3"),
    "drift": (),
    "refresh": (),
    "rollback": ("1",),
    "backtest": ("--as-of", "2024-03-01"),
}
"""Verbs that read the user's table, with what they need to be told."""


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("alter table sales rename amount to price", "'amount' of amount is not in sales"),
        (
            "alter table sales alter amount type varchar using 'about ' || amount",
            "--amount amount of sales is VARCHAR",
        ),
        ("alter table sales rename to orders", "in this database (orders)"),
    ],
)
def test_a_table_that_is_not_what_it_was(run, shop_file, change, message):
    assert run("fit", shop_file, *FIT).code == 0
    with duckdb.connect(str(shop_file)) as con:
        con.execute(change)
    for verb, words in LIVE.items():
        result = run(verb, shop_file, *words)
        assert result.code == 2, verb
        assert message in result.err, (verb, result.err)
        assert not result.out, verb
    assert run("segments", shop_file, "--snapshot").code == 0
