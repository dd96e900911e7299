"""Bounds of what the engine may use, and names of what is no file: refused before it is opened."""

from __future__ import annotations

import faulthandler
import os
import socket
import sys

import pytest

import segmenter
from segmenter import SegmenterError, Source
from segmenter.cli import options
from tests.datasets import SHOP

FIT = (
    "--transactions", "sales", "--customer", "customer_id", "--amount", "amount",
    "--order", "order_id",
)  # fmt: skip

COLUMNS = FIT[2:6]


@pytest.fixture
def shop_file(fitted_file):
    return fitted_file(SHOP, *FIT)


@pytest.fixture
def profiles(tmp_path):
    path = tmp_path / "profiles.csv"
    path.write_text("monetary,frequency\n250,3\n")
    return path


@pytest.fixture
def words_of(shop_file, profiles, tmp_path):
    words = {
        "fit": (*FIT, "--publish"),
        "refresh": (),
        "label": ("--input", profiles, "--output", tmp_path / "out.csv"),
        "backtest": ("--as-of", "2024-03-01"),
        "rollback": ("1",),
    }
    return lambda verb: (verb, shop_file, *words[verb])


VERBS = ("fit", "refresh", "label", "backtest", "rollback")


@pytest.mark.parametrize(
    ("verb", "threads"),
    [*((verb, 20_000) for verb in VERBS), ("refresh", 0), ("refresh", -3), ("refresh", 2**40)],
)
def test_threads_are_bounded(run, words_of, verb, threads, monkeypatch):
    monkeypatch.setattr(options, "processors", lambda: 3)
    result = run(*words_of(verb), f"--threads={threads}")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        f"segmenter: --threads {threads} does not work. Give a number from 1 to 12, which is 4 for "
        "each processor that may be used.\n"
    )


def test_as_many_threads_as_are_allowed_work(run, words_of):
    most = options.THREADS_A_PROCESSOR * options.processors()
    assert run(*words_of("refresh"), "--threads", most).code == 0
    assert run(*words_of("refresh"), "--threads", most + 1).code == 2


@pytest.mark.parametrize(
    "size",
    ["-1", "-1GB", "none", "0GB", "5", "5B", "10%", "inf", "", "1KB", "1GBx", "nanGB", "9PB"],
)
def test_sizes_of_memory_are_bounded(run, words_of, size):
    result = run(*words_of("refresh"), f"--memory-limit={size}")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        f"segmenter: --memory-limit {size} does not work. Give a size such as 500MB or 2GB, at "
        "least 1MB.\n"
    )


@pytest.mark.parametrize("size", ["500MB", "2GB", "1.5 GiB", "800mb"])
def test_sizes_that_are_advised_work(run, words_of, size):
    assert run(*words_of("refresh"), "--memory-limit", size).code == 0


@pytest.fixture
def special(tmp_path, monkeypatch):
    """Give something of this name that is no file."""
    monkeypatch.chdir(tmp_path)  # names of sockets are short
    bound = []

    def make(name, kind="pipe"):
        if kind == "pipe":
            os.mkfifo(name)
        elif kind == "socket":
            bound.append(socket.socket(socket.AF_UNIX))
            bound[-1].bind(name)
        else:
            os.symlink("/dev/zero", name)
        return name, f"{name} is a {kind}, not a file."

    yield make
    for opened in bound:
        opened.close()


def refused(run, *words):
    """Run a command; what waits for a pipe hears no signal, and ends the whole process of tests."""
    faulthandler.dump_traceback_later(120, exit=True, file=sys.__stderr__)
    try:
        result = run(*words)
    finally:
        faulthandler.cancel_dump_traceback_later()
    assert (result.code, result.out) == (2, "")
    assert result.err.count("\n") == 1
    return result.err


@pytest.mark.parametrize(
    "words",
    [
        ("segments", "x.duckdb"),
        ("refresh", "x.duckdb"),
        ("fit", "x.duckdb", *FIT),
        ("fit", "new.duckdb", "--transactions", "x.csv", *COLUMNS),
        ("fit", "new.duckdb", "--transactions", "x.parquet", *COLUMNS),
        ("fit", "new.duckdb", "--transactions", "x", *COLUMNS),
        ("fit", "new.duckdb", "--transactions", "profiles.csv", *COLUMNS, "--exclude", "x.csv"),
        ("label", "shop.duckdb", "--input", "x.csv", "--output", "out.csv"),
        ("label", "shop.duckdb", "--input", "profiles.csv", "--output", "x.csv", "--overwrite"),
        ("report", "shop.duckdb", "--output", "x.html"),
    ],
    ids=lambda words: " ".join(words[:4]),
)
def test_what_is_no_file_is_refused(run, special, shop_file, profiles, tmp_path, words):
    if "--exclude" in words:
        profiles.write_text("customer_id,amount\n1,2\n")
    name = next(word for word in words if word.startswith("x"))
    _, said = special(name)
    assert said in refused(run, *words).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize("kind", ["socket", "device"])
@pytest.mark.parametrize(
    "words",
    [
        ("segments", "x.duckdb"),
        ("label", "shop.duckdb", "--input", "x.csv", "--output", "out.csv"),
    ],
    ids=lambda words: words[0],
)
def test_neither_are_sockets_and_devices(run, special, shop_file, tmp_path, words, kind):
    _, said = special(next(word for word in words if word.startswith("x")), kind)
    assert said in refused(run, *words).replace(f"{tmp_path}/", "")


def test_a_glob_that_takes_in_a_pipe_is_refused(run, special, shop_file, tmp_path):
    os.mkdir(tmp_path / "exports")
    (tmp_path / "exports" / "a.csv").write_text("monetary,frequency\n250,3\n")
    _, said = special("exports/b.csv")
    words = ("label", "shop.duckdb", "--input", "exports/*.csv", "--output", "out.csv")
    assert said in refused(run, *words).replace(f"{tmp_path}/", "")


def test_a_log_that_is_no_file_is_refused(run, special, shop_file, tmp_path):
    _, said = special("shop.duckdb.wal")
    assert said in refused(run, "segments", "shop.duckdb")


def test_a_folder_named_as_a_file_says_what_is_in_it(run, shop_file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkdir("day.csv")
    words = ("label", shop_file, "--output", "out.csv", "--input")
    result = run(*words, "day.csv")
    assert result.code == 2
    assert "there is no data file in the folder" in result.err
    (tmp_path / "day.csv" / "part.csv").write_text("monetary,frequency\n250,3\n")
    assert run(*words, "day.csv/*.csv").code == 0
    assert run(*words, "day.csv", "--overwrite").code == 0


def test_python_refuses_them_too(con, special, tmp_path):
    name, said = special("x.csv")
    with pytest.raises(SegmenterError, match="not a file") as caught:
        segmenter.fit(con, Source(transactions=name, customer="c", amount="a"))
    assert said in str(caught.value).replace(f"{tmp_path}/", "")
