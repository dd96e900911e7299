"""The command line as a user meets it: results, files, errors."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys

import duckdb
import pytest

from segmenter import SegmenterError, Source, fit
from segmenter.cli.app import command
from segmenter.cli.verbs import function
from tests.datasets import SHOP

FIT = ("--customer", "customer_id", "--amount", "amount", "--order", "order_id")


@pytest.fixture
def shop_file(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(SHOP)
        con.execute("alter table sales add column note varchar default 'x'")
        con.execute("create table broken as select 1 as customer_id, 'nan'::double as amount")
        con.execute("create table nothing as select * from sales where false")
        con.execute("create table nobody as select null::integer as customer_id, 1.0 as amount")
    return path


@pytest.fixture
def model_file(fitted_file):
    return fitted_file(SHOP, "--transactions", "sales", *FIT)


def test_demo_ends_with_segments_audit_rules_and_next_steps(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for _ in range(2):  # the second run makes the demo anew
        result = run("demo")
        assert result.code == 0
    assert "Elite" in result.out
    assert "90 % of customers fell into one block, a majority, so it was split again" in result.out
    assert "1 order: At-Risk below" in result.out
    assert "segmenter classify segmenter-demo.duckdb 250 3" in result.out
    assert "541,909 rows" in result.err
    assert os.listdir() == ["segmenter-demo.duckdb"]


def test_demo_never_overwrites_somebody_elses_file(run, shop_file):
    result = run("demo", shop_file)
    assert result.code == 2
    assert "is not a demo" in result.err


def test_fit_ends_as_the_demo_does(run, shop_file):
    result = run("fit", shop_file, "--transactions", "sales", *FIT)
    assert result.code == 0
    assert "Adding up customers: 60 customers" in result.err
    for part in ("Elite", "level 1", "The first rules", "What to type next"):
        assert part in result.out


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_fit_from_files_makes_a_new_database_that_works_from_anywhere(
    run, shop_file, tmp_path, monkeypatch, kind
):
    folder = tmp_path / "it's a folder"
    folder.mkdir()
    with duckdb.connect(str(shop_file)) as con:
        con.execute(f"copy (from sales) to '{tmp_path}/part.{kind}'")
    (tmp_path / f"part.{kind}").rename(folder / f"part.{kind}")
    monkeypatch.chdir(folder)
    assert run("fit", "new.duckdb", "--transactions", f"*.{kind}", *FIT, "--quiet").code == 0
    monkeypatch.chdir(tmp_path)
    result = run("segments", folder / "new.duckdb", "--format", "json")
    assert sum(row["customers"] for row in json.loads(result.out)["rows"]) == 60


def test_new_files_can_be_read_by_older_clients(run, shop_file, tmp_path):
    with duckdb.connect(str(shop_file)) as con:
        con.execute(f"copy (from sales) to '{tmp_path}/sales.parquet'")
    new = tmp_path / "new.duckdb"
    assert run("fit", new, "--transactions", tmp_path / "sales.parquet", *FIT, "-q").code == 0
    with duckdb.connect(str(new), read_only=True) as con:
        tags = con.execute("select tags from duckdb_databases() where database_name = 'new'")
        assert tags.fetchone()[0].get("storage_version", "v1.4.0").startswith("v1.")


def test_results_come_as_csv_and_json(run, model_file):
    rows = list(csv.DictReader(io.StringIO(run("segments", model_file, "-f", "csv").out)))
    objects = json.loads(run("segments", model_file, "-f", "json").out)["rows"]
    assert [row["segment"] for row in rows] == [row["segment"] for row in objects]
    assert float(rows[0]["revenue"]) == objects[0]["revenue"]
    rules = list(csv.DictReader(io.StringIO(run("rules", model_file, "-f", "csv").out)))
    assert {rule["segment"] for rule in rules} == {row["segment"] for row in rows}


def test_the_audit_is_no_part_of_csv_or_json(run, model_file):
    result = run("segments", model_file, "--audit", "--format", "json")
    assert len(json.loads(result.out)["rows"]) == 3
    assert "How they came about" in result.err


def test_segments_can_tell_how_they_came_about(run, model_file):
    assert "level 1" in run("segments", model_file, "--audit").out


def test_rules_read_as_sentences(run, model_file):
    first = run("rules", model_file).out.splitlines()[0]
    assert "orders: " in first


@pytest.mark.parametrize(("monetary", "frequency"), [("5", "1"), ("-20.5", "0"), ("1e9", "2.7")])
def test_classify_says_what_the_macro_says(run, model_file, monetary, frequency):
    with duckdb.connect(str(model_file), read_only=True) as con:
        query = f"select classify_segment({monetary}, {frequency})"
        expected = con.execute(query).fetchone()[0]
    assert run("classify", model_file, monetary, frequency).out.strip() == expected


def test_classify_changes_at_the_cent_at_which_the_macro_does(run, model_file):
    with duckdb.connect(str(model_file), read_only=True) as con:
        frequency, money = con.execute(
            "select frequency_from, monetary_from from segments.segment_rules "
            "where isfinite(monetary_from) order by 1, 2 limit 1"
        ).fetchone()
        below, above = con.execute(
            "select classify_segment($1 - 0.01, $2), classify_segment($1, $2)", [money, frequency]
        ).fetchone()
    assert below != above
    said = [
        run("classify", model_file, f"{asked:.2f}", frequency).out.strip()
        for asked in (money - 0.01, money)
    ]
    assert said == [below, above]


def test_dry_run_shows_a_condition_and_can_be_quiet(run, shop_file):
    words = ("fit", shop_file, "--transactions", "sales", *FIT, "--where", "amount > 20")
    result = run(*words, "--dry-run", "--quiet")
    assert result.code == 0
    assert re.search(r"where +amount > 20 +BOOLEAN", result.out)
    assert result.err == ""


def test_dry_run_shows_the_mapping_and_writes_nothing(run, shop_file):
    before = shop_file.read_bytes()
    words = ("--amount", "amount * 2", "--customer", "customer_id", "--dry-run")
    result = run("fit", shop_file, "--transactions", "sales", *words)
    assert result.code == 0
    assert "amount * 2" in result.out
    assert "Nothing was written" in result.out
    assert shop_file.read_bytes() == before


def test_quiet_says_nothing_but_the_result(run, shop_file):
    result = run("fit", shop_file, "--transactions", "sales", *FIT, "--quiet")
    assert result.err == ""


CUSTOMER, AMOUNT = ("--customer", "customer_id"), ("--amount", "amount")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--transactions", "sale", *FIT), "no table, view or file 'sale'.* Did you mean 'sales'"),
        (("--transactions", "no/such*.parquet", *FIT), "no file matches .*no/such"),
        (
            ("--transactions", "sales", "--customer", "custmer_id", *AMOUNT),
            r"column 'custmer_id' .*sales \(customer_id, .* Did you mean 'customer_id'",
        ),
        (
            ("--transactions", "sales", *CUSTOMER, "--amount", "note"),
            r"--amount note of sales is VARCHAR, not a number \(for example 'x'\)",
        ),
        (("--transactions", "sales", *CUSTOMER, "--amount", "sum(amount)"), "not an aggregate"),
        (
            ("--transactions", "sales", *CUSTOMER, "--amount", "1); drop table sales; --"),
            "neither a column nor a SQL expression",
        ),
        (
            ("--transactions", "sales", *CUSTOMER, "--amount", "amount; drop table sales"),
            "must be one scalar expression",
        ),
        (
            ("--transactions", "sales", *CUSTOMER, "--amount", "(select max(amount) from sales)"),
            "not a subquery",
        ),
        (
            ("--transactions", "sales", *CUSTOMER, "--amount", "rank() over ()"),
            "not a window function",
        ),
        (("--transactions", "sales", *CUSTOMER, "--amount", "random()"), "random function"),
        (("--transactions", "sales", *CUSTOMER, "--amount", "amont(1)"), r"calls amont\(\)"),
        (
            ("--transactions", "sales", *FIT, "--where", "amount"),
            "--where amount is .*, not a condition",
        ),
        (
            ("--transactions", "sales", *FIT, "--date", "note"),
            "--date note of sales is VARCHAR, not a date",
        ),
        (("--transactions", "nothing", *FIT), "nothing has no rows"),
        (("--transactions", "sales", *FIT, "--where", "amount > 1e9"), "no rows that meet --where"),
        (("--transactions", "nobody", *CUSTOMER, *AMOUNT), "is NULL in every row"),
        (("--transactions", "broken", *CUSTOMER, *AMOUNT), r"customer_id = 1, amount = nan"),
        (
            ("--transactions", "sales", *CUSTOMER, "--amount", "amount * 1e15"),
            "cannot be used .*at most 11,258,999,068,426",
        ),
        (
            ("--transactions", "sales", *CUSTOMER, "--amount", "-amount"),
            "no customer of sales has an order with a positive amount",
        ),
        (
            ("--transactions", "sales", *FIT, "--where", "customer_id < 3"),
            "training customers? (is|are) fewer than --n-neighbors 5",
        ),
        (
            ("--transactions", "sales", *CUSTOMER, "--amount", "1", "--where", "order_id < 60"),
            "all 60 training customers are equal",
        ),
        (("--transactions", "sales", *FIT, "--cut", "2"), "cut must be between"),
        (("--transactions", "sales", *FIT, "--levels", "9"), "levels must be a whole number"),
        (("--transactions", "sales", *FIT, "--max-share", "1.5"), "--max-share must be between"),
        (("--transactions", "sales", *FIT, "--names", "A,A"), "names must differ"),
        (("--points", "sales", "--cut", "0.9"), "points are the training profile itself"),
        ((), "give one of transactions, profile and points"),
    ],
)
def test_bad_input_is_a_sentence_and_changes_nothing(run, shop_file, words, message):
    before = shop_file.read_bytes()
    result = run("fit", shop_file, *words)
    assert result.code == 2
    said = result.err.splitlines()[-1]
    assert said.startswith("segmenter: ")
    assert re.search(message, said), said
    assert "Traceback" not in result.err
    assert shop_file.read_bytes() == before
    assert [path.name for path in shop_file.parent.iterdir()] == ["shop.duckdb"]


def test_errors_with_files(run, shop_file, tmp_path):
    text = tmp_path / "not.duckdb"
    text.write_text("hello")
    cases = [
        (("segments", tmp_path / "shap.duckdb"), "Did you mean 'shop.duckdb'"),
        (("segments", text), "not a valid DuckDB database file"),
        (("segments", shop_file), "has no model yet. Fit one first"),
        (("segments", tmp_path), "is a folder"),
        (("fit", tmp_path / "new.duckdb", "--transactions", "sales", *FIT), "not a file"),
        (("fit", tmp_path / "no" / "x.duckdb", "--transactions", "a.csv", *FIT), "no folder"),
        (("classify", shop_file, "nan", "1"), "MONETARY must be a finite number"),
    ]
    for words, message in cases:
        result = run(*words)
        assert result.code == 2, words
        assert message in result.err
    assert run("classify", shop_file, "ten", "1").code == 2


def test_a_database_open_elsewhere_is_said_before_any_work(run, shop_file):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb; c = duckdb.connect({str(shop_file)!r}); print('open', flush=True); "
            "input(); c.close()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "open\n"
    result = run("fit", shop_file, "--transactions", "sales", *FIT)
    holder.communicate("\n")
    assert result.code == 4
    assert "is open in another program" in result.err
    assert "Adding up" not in result.err


def test_a_model_of_another_layout_is_refused(run, model_file):
    with duckdb.connect(str(model_file)) as con:
        con.execute("update segments_internal.models set layout_version = 99")
    result = run("segments", model_file)
    assert result.code == 2
    assert "has layout 99" in result.err


def test_a_source_in_an_attached_database_is_refused(con, tmp_path):
    con.execute(f"attach '{tmp_path}/other.duckdb' as other")
    con.execute(SHOP)
    con.execute("create table other.sales as from sales")
    with pytest.raises(SegmenterError, match="attached database 'other'"):
        fit(con, Source(transactions="other.sales", customer="customer_id", amount="amount"))


def test_every_verb_has_an_example():
    for name in command().commands:
        assert "Example: segmenter" in (function(name).__doc__ or ""), name


def test_help_names_every_verb(run):
    result = run("--help")
    for verb in ("demo", "fit", "segments", "rules", "classify"):
        assert verb in result.out


@pytest.mark.parametrize(
    "words",
    [
        ("segments",),
        ("customers", "--upgrades"),
        ("rules",),
        ("classify", "250", "3"),
        ("explain", "250", "3"),
        ("export", "-d", "duckdb"),
        ("models",),
        ("drift",),
        ("prune", "--keep", "1"),
    ],
)
def test_quiet_leaves_the_result_alone(run, model_file, words):
    verb, *rest = words
    loud, quiet = run(verb, model_file, *rest), run(verb, model_file, *rest, "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (loud.code, loud.out, "")


def test_export_writes_a_file_only_once_unless_told_otherwise(run, model_file, tmp_path):
    printed = run("export", model_file, "-d", "postgres").out
    script = tmp_path / "segments.sql"
    words = ("export", model_file, "-d", "postgres", "--output", script)
    assert run(*words).out == ""
    assert script.read_text(encoding="utf-8") == printed
    again = run(*words)
    assert again.code == 2
    assert "exists already. Name another file, or replace it with --overwrite." in again.err
    assert run(*words, "--overwrite").code == 0
