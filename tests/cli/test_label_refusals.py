"""What label refuses, a disk that is full, a run that is stopped: nothing is written."""

from __future__ import annotations

import re
import resource
import signal
import time

import duckdb
import pytest

from tests.cli.test_label import FEW, left, write
from tests.combinations import each_once


@pytest.fixture
def model(retail_models):
    return retail_models["macro"]


RAW = ("--customer", "customer_id", "--amount", "monetary")


@pytest.mark.parametrize(
    ("name", "select", "output", "words", "message"),
    [
        ("in.parquet", "select 1 as monetry, 2 as frequency", "out.csv", (),
         r"'monetary' is not in .*in.parquet \(monetry, frequency\)\. Did you mean 'monetry'"),
        ("in.csv", "select 1 as monetary, 2 as orders", "out.csv", (),
         r"column 'frequency' is not in .* Name it with --frequency"),
        ("in.parquet", FEW, "out.csv", ("--monetary", "spent + 1"), "column 'spent' of monetary"),
        ("in.parquet", FEW, "out.csv", ("--monetary", "sum(monetary)"), "not an aggregate"),
        ("in.parquet", FEW, "out.csv", ("--monetary", "date '2024-01-01'"), "is DATE, not a"),
        ("in.parquet", FEW, "out.csv", (*RAW, "--monetary", "monetary"), "the ones or the others"),
        ("in.parquet", FEW, "out.csv", ("--customer", "customer_id"), "amount is missing"),
        ("in.parquet", FEW, "out.csv", ("--customer", "customer", *RAW[2:]),
         "column 'customer' .* Did you mean 'customer_id'"),
        ("in.parquet", f"{FEW} where false", "out.csv", RAW, "has no rows that count"),
        ("in.parquet", "select 1 as segmenter_row, 1 as monetary, 1 as frequency", "out.csv", (),
         "names that begin with segmenter_ are needed"),
        ("in.parquet", FEW, "in.parquet", ("--overwrite",), "is the input"),
        ("in.parquet", FEW, "out.xlsx", (), "neither Parquet nor CSV .* Name it .* out.parquet"),
        ("in.parquet", FEW, "no/such/out.csv", (), "there is no folder .*no/such"),
        ("in.parquet", FEW, "/proc/out.csv", (), "/proc/out.csv cannot be written"),
        ("in.parquet",
         "select i as customer_id, case when i = 41 then 'abc' else '1.5' end as monetary, "
         "1 as frequency from range(100) as t(i)", "out.parquet", (),
         "row 42 of .*in.parquet has 'abc' in monetary, which is not a number"),
        ("in.csv", "select i as customer_id, case when i = 41 then 'abc' else '1.5' end as "
         "monetary, 1 as frequency from range(100) as t(i)", "out.csv", (),
         "row 42 of .*in.csv has 'abc' in monetary, which is not a number"),
        ("in.csv", "select i as customer_id, case when i = 41 then 'abc' else '1.5' end as "
         "monetary, 1 as frequency from range(100) as t(i)", "out.parquet",
         ("--monetary", "monetary * 2"), "row 42 of .*in.csv has 'abc' in monetary"),
        ("in.csv", "select i as customer_id, case when i = 50001 then 'abc' else '1.5' end as "
         "monetary, 1 as frequency from range(60000) as t(i)", "out.csv", (),
         "row 50,002 of .*in.csv has 'abc' in monetary, which is not a number"),
        ("in.csv", "select i as customer_id, case when i = 50001 then 'abc' else '1.5' end as "
         "monetary, 1 as frequency from range(60000) as t(i)", "out.parquet", (),
         "row 50,002 of .*in.csv has 'abc' in monetary, which is not a number"),
        ("in.csv", "select i as customer_id, case when i = 50001 then 'abc' else '1.5' end as "
         "monetary, 1 as frequency from range(60000) as t(i)", "out.parquet", RAW,
         "row 50,002 of .*in.csv has 'abc' in monetary, which is not a number"),
        ("in.csv", "select i as customer_id, case when i = 41 then 'abc' else '1.5' end as "
         "monetary, 1 as frequency from range(100) as t(i)", "out.parquet", RAW,
         "row 42 of .*in.csv has 'abc' in monetary, which is not a number"),
    ],
)  # fmt: skip
def test_bad_input_is_a_sentence_and_writes_nothing(
    run, model, tmp_path, name, select, output, words, message
):
    before = write(tmp_path, name, select)
    content = before.read_bytes()
    result = run("label", model, "--input", before, "--output", tmp_path / output, *words)
    assert result.code == 2, result.err
    said = result.err.splitlines()[-1]
    assert said.startswith("segmenter: ")
    assert re.search(message, said), said
    assert "Traceback" not in result.err
    assert before.read_bytes() == content
    assert left(tmp_path) == [name]


def test_the_file_of_a_bad_value_is_named(run, model, tmp_path):
    write(tmp_path, "a.csv", FEW)
    write(tmp_path, "b.csv", "select 1 as customer_id, 'x y' as monetary, 2 as frequency")
    result = run("label", model, "--input", tmp_path / "*.csv", "--output", tmp_path / "o.parquet")
    assert result.code == 2
    assert re.search("row 1 of .*b.csv has 'x y' in monetary", result.err)


def test_errors_with_files(run, model, tmp_path):
    before = write(tmp_path, "profiles.parquet", FEW)
    (tmp_path / "broken.parquet").write_text("hello")
    (tmp_path / "folder.csv").mkdir()
    empty = tmp_path / "empty.duckdb"
    duckdb.connect(str(empty)).close()
    old = tmp_path / "old.duckdb"
    old.write_bytes(model.read_bytes())
    with duckdb.connect(str(old)) as con:
        con.execute("update segments_internal.models set layout_version = 99")
    there = left(tmp_path)
    cases = [
        (model, "profile.parquet", "out.csv", "Did you mean 'profiles.parquet'"),
        (model, "nothing*.csv", "out.csv", "no file matches"),
        (model, "profiles.xlsx", "out.csv", "Save it as a CSV or Parquet file"),
        (model, "broken.parquet", "out.csv", "broken.parquet cannot be read"),
        (model, before.name, "folder.csv", "is a folder"),
        (model, "*.parquet", before.name, "is the input, or one of its files"),
        (empty, before.name, "out.csv", "has no model yet. Fit one first"),
        (old, before.name, "out.csv", "has layout 99"),
        (tmp_path / "non.duckdb", before.name, "out.csv", "there is no database"),
    ]
    for database, given, output, message in cases:
        words = ("--input", tmp_path / given, "--output", tmp_path / output, "--overwrite")
        result = run("label", database, *words)
        assert result.code == 2, (given, output)
        assert message in result.err
        assert left(tmp_path) == there


@pytest.fixture(scope="module")
def big_file(tmp_path_factory):
    """Three million profiles that do not compress."""
    return write(
        tmp_path_factory.mktemp("big"),
        "big.parquet",
        "select hash(i)::varchar as id, (hash(i) % 1000000) / 100.0 as monetary, "
        "hash(i + 1) % 20 as frequency, hash(i + 2) as noise from range(3000000) as t(i)",
    )


@pytest.fixture
def big(big_file, tmp_path):
    path = tmp_path / big_file.name
    path.hardlink_to(big_file)
    return path


@pytest.mark.parametrize("output", ["out.parquet", "out.csv"])
def test_a_full_disk_leaves_an_existing_output_as_it_was(model, big, output, start):
    after = big.parent / output
    after.write_text("precious")

    def small_files_only():
        resource.setrlimit(resource.RLIMIT_FSIZE, (5_000_000, 5_000_000))

    words = ("label", model, "--input", big, "--output", after, "--overwrite")
    called = start(*words, preexec_fn=small_files_only)
    out, err = called.communicate()
    assert called.returncode == 2, err
    assert out == ""
    assert re.search(r"segmenter: .* cannot be written: File too large\. Nothing was written", err)
    assert "Traceback" not in err
    assert after.read_text() == "precious"
    assert left(big.parent) == sorted(["big.parquet", output])


@pytest.mark.parametrize(
    ("words", "output"),
    each_once([(), ("--customer", "id", "--amount", "monetary")], ["out.csv", "out.parquet"]),
)
def test_an_interrupted_run_leaves_nothing(model, big, output, words, start):
    called = start("label", model, "--input", big, "--output", big.parent / output, *words)
    deadline = time.monotonic() + 60
    while not list(big.parent.glob(".segmenter-*/draft")) and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(0.1)
    called.send_signal(signal.SIGINT)
    _, err = called.communicate()
    assert called.returncode == 130, err
    assert err.splitlines()[-1] == "segmenter: interrupted; nothing was written."
    assert "Traceback" not in err
    assert left(big.parent) == ["big.parquet"]
