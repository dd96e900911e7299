"""holdout and campaign on the command line."""

from __future__ import annotations

import csv
import io
import json

import duckdb
import pytest

from tests.datasets import SHOP

READ = ("--customer", "customer_id", "--amount", "amount", "--order", "order_id")
FIT = ("--transactions", "sales", *READ, "--date", "sold_at")


@pytest.fixture
def shop_file(fitted_file):
    return fitted_file(SHOP, *FIT)


def test_holdout_shows_segments_and_lists_customers(run, shop_file):
    shown = run("holdout", shop_file, "--salt", "spring", "--share", "0.5")
    assert shown.code == 0
    assert shown.out.splitlines()[-4].split()[0] == "All"
    assert "Salt 'spring' holds out " in shown.out
    listed = run("holdout", shop_file, "--salt", "spring", "--share", "0.5", "-q", "-f", "csv").out
    rows = list(csv.DictReader(io.StringIO(listed)))
    assert len(rows) == 60
    assert {row["campaign_group"] for row in rows} == {"treated", "held out"}
    plain = run("holdout", shop_file, "--salt", "spring", "--share", "0.5", "-q", "-f", "json").out
    assert [row["campaign_group"] for row in json.loads(plain)["rows"]] == [
        row["campaign_group"] for row in rows
    ]
    notes = json.loads(plain)["notes"]
    assert {note["code"] for note in notes} == {"holdout"}
    assert all(note["message"] in shown.out.replace("\n", " ") for note in notes)
    lifts = json.loads(plain)["lifts"]
    assert [row["segment"] for row in lifts] == ["Elite", "Loyal", "At-Risk", None]
    assert sum(row["held_out"] for row in lifts[:-1]) == lifts[-1]["held_out"] > 0
    by_lifecycle = run("holdout", shop_file, "--salt", "spring", "--by-lifecycle").out
    assert "Lifecycle" in by_lifecycle


def test_campaign_shows_both_lifts_and_says_what_can_be_told(run, shop_file):
    words = ("campaign", shop_file, "--salt", "spring", "--share", "0.2", "--since", "2024-02-01")
    shown = run(*words)
    assert shown.code == 0
    assert "All customers: " in shown.out
    assert "too few to tell" in shown.out
    found = json.loads(run(*words, "-q", "-f", "json").out)
    assert {note["code"] for note in found["notes"]} == {"campaign"}
    rows = found["rows"]
    assert rows[-1]["segment"] is None
    assert sum(row["treated"] for row in rows[:-1]) == rows[-1]["treated"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("holdout", "--salt", ""), "salt must be a text that names the campaign"),
        (
            ("holdout", "--salt", "x", "--share", "1"),
            "share must be between 0 and 1",
        ),
        (("holdout", "--salt", "x", "--days", "9999"), "--days 9999 leaves no day before them"),
        (("holdout", "--salt", "x", "--dialect", "oracle"), "there is no dialect 'oracle'"),
        (("campaign", "--salt", "x", "--since", "May"), "--since must be a date such as"),
        (("campaign", "--salt", "x", "--since", "2030-01-01"), "--since 2030-01-01 is after the"),
        (
            ("campaign", "--salt", "x", "--since", "2024-02-01", "--until", "2024-01-15"),
            "--since 2024-02-01 must be before --until 2024-01-15",
        ),
    ],
)
def test_what_is_wrong_is_said(run, shop_file, words, message):
    result = run(words[0], shop_file, *words[1:])
    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_days_that_no_calendar_has_are_no_traceback(run, fitted_file):
    """DuckDB hands them out as texts."""
    file = fitted_file(SHOP, "--transactions", "sales", *READ, "--date", "sold_at")
    with duckdb.connect(file) as con:
        con.execute("update sales set sold_at = sold_at - to_years(3000)")
    shown = run("holdout", file, "--salt", "spring")
    assert shown.code == 0
    assert "since the model knows no span of days" in shown.out
    campaign = run("campaign", file, "--salt", "spring", "--since", "2024-02-01")
    assert campaign.code == 2
    assert "the rows span before the year 1 to before the year 1" in campaign.err
