"""``segmenter refresh``, and what long commands leave behind when they are stopped."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time

import duckdb
import pytest

from segmenter import SegmenterError
from segmenter.schema.connection import transaction
from segmenter.training.train import train as train_really
from tests.combinations import first_in_gate

FIT = ("--transactions", "sales", "--customer", "customer_id", "--amount", "amount")


SALES = """
    create table sales as
    select (i * 7919 % ({rows} // 5))::bigint as customer_id,
        ((hash(i, 1) % 10000) / 100.0)::decimal(18, 2) as amount, i // 2 as order_id
    from range({rows}) as t(i)
"""


def make_sales(path, rows=2_000):
    with duckdb.connect(str(path)) as con:
        con.execute(SALES.format(rows=rows))
    return path


@pytest.fixture
def shop_file(fitted_file):
    return fitted_file(SALES.format(rows=2_000), *FIT, "--order", "order_id")


def summary(run, path, *options):
    return json.loads(run("segments", path, "--format", "json", *options).out)["rows"]


def test_refresh_brings_the_snapshot_up_to_date(run, shop_file):
    before = summary(run, shop_file)
    assert summary(run, shop_file, "--snapshot") == before
    with duckdb.connect(str(shop_file)) as con:
        con.execute("insert into sales values (1, 70000, 9001)")
    assert summary(run, shop_file, "--snapshot") == before != summary(run, shop_file)
    first = run("refresh", shop_file)
    assert first.code == 0
    assert "Adding up all customers: 400 customers" in first.err
    assert summary(run, shop_file, "--snapshot") == summary(run, shop_file)
    with duckdb.connect(str(shop_file)) as con:
        con.execute("insert into sales values (1, 70000, 9002), (401, 10, 9003)")
    second = run("refresh", shop_file, "--format", "json")
    assert "Adding up customers with changes" in second.err
    assert "of 401 customers" in second.err
    assert json.loads(second.out)["rows"] == summary(run, shop_file)
    assert "Adding up all customers: 401" in run("refresh", shop_file, "--full").err


def test_refresh_needs_a_model(run, tmp_path):
    path = make_sales(tmp_path / "shop.duckdb")
    result = run("refresh", path)
    assert result.code == 2
    assert "has no model yet. Fit one first" in result.err


def test_versions_are_listed_and_can_be_rolled_back(run, shop_file):
    first = summary(run, shop_file)
    words = (*FIT, "--order", "order_id", "--names", "Gold,Silver,Bronze", "--n-neighbors", "3")
    assert run("fit", shop_file, *words, "--quiet").code == 0
    second = summary(run, shop_file)
    assert [row["segment"] for row in second] == ["Gold", "Silver", "Bronze"]
    listed = json.loads(run("models", shop_file, "--format", "json").out)["rows"]
    assert [(row["model_id"], row["is_current"]) for row in listed] == [(1, False), (2, True)]
    shown = run("models", shop_file).out
    assert "Gold 46 %" in shown
    assert "n_neighbors = 3" in shown
    back = run("rollback", shop_file, "1", "--format", "json")
    assert "model 1 instead of model 2" in back.err
    assert json.loads(back.out)["rows"] == summary(run, shop_file) == first
    assert "Elite" in run("classify", shop_file, "99999", "9").out
    assert run("rollback", shop_file, "2", "--quiet").code == 0
    assert summary(run, shop_file) == second
    for words, message in (
        (("2",), "model 2 is the current one already"),
        (("7",), "has no model 7 (1, 2)"),
    ):
        result = run("rollback", shop_file, *words)
        assert result.code == 2
        assert message in result.err


@first_in_gate(
    "name", ["memory.duckdb", "temp.duckdb", "main.db", 'it\'s "odd" ö.duckdb', ".duckdb"], first=2
)
def test_any_file_name_works(run, tmp_path, name):
    path = make_sales(tmp_path / name)
    assert run("fit", path, *FIT, "--quiet").code == 0
    assert run("refresh", path, "--quiet").code == 0
    assert len(summary(run, path)) == 3
    assert os.listdir(tmp_path) == [name]


READ = """
import duckdb, sys
con = duckdb.connect(sys.argv[1], read_only=True)
print(con.execute("select count(*) from sales").fetchone()[0])
"""


def test_others_may_read_while_a_fit_works(run, tmp_path, monkeypatch):
    path = make_sales(tmp_path / "shop.duckdb")
    read = []

    def train(stage, progress):
        found = subprocess.run(
            [sys.executable, "-c", READ, path], capture_output=True, text=True, check=True
        )
        read.append(found.stdout.strip())
        return train_really(stage, progress)

    monkeypatch.setattr("segmenter.operations.fit.train", train)
    assert run("fit", path, *FIT, "--quiet").code == 0
    assert read == ["2000"]


def contents(path):
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(
            "select schema_name, table_name from duckdb_tables() union all "
            "select schema_name, view_name from duckdb_views() where not internal order by 1, 2"
        ).fetchall()


@pytest.fixture(scope="module")
def large_file(tmp_path_factory):
    """Rows enough for each step of a fit to be caught at work."""
    return make_sales(tmp_path_factory.mktemp("large") / "large.duckdb", rows=3_000_000)


@first_in_gate(
    ("step", "stop"),
    [
        ("", signal.SIGINT),
        ("Reading", signal.SIGINT),
        ("Adding up", signal.SIGTERM),
        ("Grouping", signal.SIGINT),
        ("Clustering", signal.SIGINT),
    ],
    first=2,
)
def test_a_stopped_fit_leaves_nothing(start, large_file, step, stop):
    before = contents(large_file)
    called = start("fit", large_file, *FIT, "--order", "order_id")
    while step and not called.stderr.readline().strip().startswith(step):
        pass
    if not step:
        time.sleep(1)
    called.send_signal(stop)
    _, err = called.communicate()
    assert called.returncode == 130, err
    assert err.splitlines()[-1] == "segmenter: interrupted; nothing was written."
    assert "Traceback" not in err
    assert os.listdir(large_file.parent) == [large_file.name]
    assert contents(large_file) == before


@pytest.mark.parametrize("verb", ["fit", "refresh"])
def test_a_memory_limit_that_is_too_small_is_said(run, shop_file, verb):
    before = contents(shop_file)
    words = FIT if verb == "fit" else ()
    result = run(verb, shop_file, *words, "--memory-limit", "1MB")
    assert result.code == 2
    assert "Give the engine more with --memory-limit" in result.err.splitlines()[-1]
    assert os.listdir(shop_file.parent) == [shop_file.name]
    assert contents(shop_file) == before


def test_a_memory_limit_that_is_none_is_refused(run, shop_file):
    result = run("fit", shop_file, *FIT, "--memory-limit", "much")
    assert result.code == 2
    assert "--memory-limit much does not work" in result.err


def test_work_beyond_the_memory_limit_goes_to_the_disk(run, large_file, tmp_path):
    made = tmp_path / "made.duckdb"
    with duckdb.connect(str(large_file), read_only=True) as con:
        con.execute(f"copy sales to '{tmp_path}/sales.parquet'")
    words = ("--transactions", tmp_path / "sales.parquet", *FIT[2:], "--order", "order_id")
    result = run("fit", made, *words, "--quiet", "--memory-limit", "60MB", "--threads", "1")
    assert result.code == 0, result.err
    assert sorted(os.listdir(tmp_path)) == ["made.duckdb", "sales.parquet"]


def test_a_disk_that_is_full_at_the_commit_is_not_somebody_else(con):
    full = 'Failed to commit: Could not write file "shop.duckdb.wal": No space left on device'
    with (
        pytest.raises(SegmenterError, match="has room and works"),
        transaction(con),
    ):
        raise duckdb.TransactionException(full)
    with pytest.raises(SegmenterError, match="somebody else changed"), transaction(con):
        raise duckdb.TransactionException("Conflict on update!")


def test_a_disk_that_fills_up_leaves_the_database_as_it_was(start, large_file):
    before = contents(large_file)
    size = large_file.stat().st_size

    def small_files_only():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1_000_000, size + 1_000_000))

    called = start("fit", large_file, *FIT, preexec_fn=small_files_only)
    _, err = called.communicate()
    assert called.returncode == 2, err
    assert err.splitlines()[-1].endswith("Nothing was written.")
    assert "Traceback" not in err
    assert os.listdir(large_file.parent) == [large_file.name]
    assert contents(large_file) == before


def test_a_program_gets_the_whole_list_and_a_person_a_hundred(run, shop_file):
    assert len(run("customers", shop_file, "-f", "csv").out.splitlines()) == 1 + 400
    assert len(json.loads(run("customers", shop_file, "-f", "json").out)["rows"]) == 400
    shown = run("customers", shop_file, "--quiet").out.splitlines()
    assert sum(line[:1].isdigit() for line in shown) == 100
    assert len(run("customers", shop_file, "-f", "csv", "--limit", "7").out.splitlines()) == 1 + 7
