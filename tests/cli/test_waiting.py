"""A database that another program has open: what is said, how long is waited, what is lost."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
import typer.main

from segmenter.cli import _way_out
from segmenter.cli.app import app
from segmenter.cli.database_file import open_to_read
from segmenter.training.train import train as train_really
from segmenter.workplace.file import Workplace
from tests.combinations import first_in_gate
from tests.datasets import SHOP

FIT = (
    "--transactions", "sales", "--customer", "customer_id", "--amount", "amount",
    "--order", "order_id", "--quiet",
)  # fmt: skip

HOLD = """
import duckdb, sys
con = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "reading")
print("open", flush=True)
sys.stdin.read()
con.close()
"""


@pytest.fixture
def shop_file(fitted_file):
    return fitted_file(SHOP, *FIT)


@pytest.fixture
def hold():
    """Let another process have a file open, until it is let go."""
    held = []

    def call(path, how):
        called = subprocess.Popen(
            [sys.executable, "-c", HOLD, path, how], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        held.append(called)
        assert called.stdout.readline() == b"open\n"
        return called

    yield call
    for called in held:
        if called.stdin:
            called.communicate()


@pytest.mark.parametrize("verb", ["segments", "refresh", "fit"])
@pytest.mark.parametrize(
    "name",
    ["clock.duckdb", 'Could not set lock on file "x": Conflicting lock is held in x. y.duckdb'],
)
def test_a_corrupt_file_is_not_called_open_elsewhere(run, tmp_path, name, verb):
    path = tmp_path / name
    path.write_bytes(b"checksumDUCK" + b"garbage" * 5000)
    result = run(verb, path, *(FIT if verb == "fit" else ()))
    assert result.code == 2
    assert "cannot be opened" in result.err
    assert "is open in another program" not in result.err


@first_in_gate("verb", ["segments", "refresh", "fit"])
def test_busy_is_an_exit_code_of_its_own(run, shop_file, hold, verb):
    hold(shop_file, "writing")
    words = FIT if verb == "fit" else ()
    result = run(verb, shop_file, *words)
    assert result.code == 4
    assert "is open in another program, and DuckDB" in result.err
    assert "wait for it: --wait 600. (Conflicting lock is held in " in result.err
    result = run(verb, shop_file, *words, "--wait", "0.1")
    assert result.code == 4
    assert "is open in another program after 0.1 s" in result.err
    assert run(verb, shop_file, *words, "--wait", "nan").code == 2


@pytest.fixture
def let_go(monkeypatch):
    """Let a process go as soon as somebody waits for it."""
    sleep = time.sleep

    def call(holder):
        def first(seconds):
            monkeypatch.setattr("segmenter.workplace.waiting.time.sleep", sleep)
            holder.communicate()
            holder.stdin = None

        monkeypatch.setattr("segmenter.workplace.waiting.time.sleep", first)

    return call


@pytest.mark.parametrize("verb", ["segments", "refresh"])
def test_a_command_waits_as_long_as_it_is_told(run, shop_file, hold, let_go, verb):
    let_go(hold(shop_file, "writing"))
    result = run(verb, shop_file, "--wait", "600")
    assert result.code == 0, result.err
    assert f"waiting up to 600 s for {shop_file}: conflicting lock is held in" in result.err


def test_every_verb_can_wait():
    for name, command in typer.main.get_command(app).commands.items():
        words = [word for option in command.params for word in option.opts]
        assert ("--wait" in words) == (name != "warm-up"), name  # which opens no database


@first_in_gate(("wait", "code"), [((), 0), (("--wait", "600"), 0), (("--wait", "0"), 4)])
def test_a_reader_who_looks_in_does_not_throw_the_work_away(
    run, shop_file, hold, let_go, monkeypatch, wait, code
):
    def train(stage, progress):
        let_go(hold(shop_file, "reading"))
        return train_really(stage, progress)

    before = shop_file.read_bytes()
    monkeypatch.setattr("segmenter.operations.fit.train", train)
    result = run("fit", shop_file, *FIT, *wait)
    assert result.code == code, result.err
    assert (shop_file.read_bytes() == before) == (code == 4)
    assert os.listdir(shop_file.parent) == [shop_file.name]


def test_what_rests_on_a_model_that_is_gone_is_not_stored(run, start, shop_file, monkeypatch):
    attach = Workplace._attach

    def attach_late(self, path, options, wait=None):
        if options == "read_write":
            other = start("fit", shop_file, *FIT, "--levels", "1", "--publish")
            assert other.wait() == 0
            other.communicate()
        attach(self, path, options, wait)

    monkeypatch.setattr(Workplace, "_attach", attach_late)
    result = run("fit", shop_file, *FIT)
    assert result.code == 4
    assert "somebody else stored a model" in result.err
    assert "Nothing was written. Run it again." in result.err
    monkeypatch.undo()
    listed = run("models", shop_file, "--format", "csv").out.splitlines()
    assert [line.split(",")[0] for line in listed[1:]] in (["1", "2"], ["2", "1"])


def test_a_dry_run_only_reads(run, shop_file, hold, tmp_path):
    before = shop_file.read_bytes()
    hold(shop_file, "reading")  # nobody can open it for writing now
    result = run("fit", shop_file, *FIT, "--dry-run")
    assert result.code == 0, result.err
    assert shop_file.read_bytes() == before
    with duckdb.connect() as con:
        con.execute(SHOP)
        con.execute(f"copy sales to '{tmp_path}/sales.parquet'")
    made = tmp_path / "folder" / "new.duckdb"
    result = run("fit", made, "--transactions", tmp_path / "sales.parquet", *FIT[2:], "--dry-run")
    assert result.code == 0, result.err
    assert not made.parent.exists()


def test_a_dry_run_needs_no_permission_to_write(run, shop_file, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    shop_file.chmod(0o444)
    shop_file.parent.chmod(0o555)
    monkeypatch.setattr("segmenter.sources.drafts._make", refuse)  # nothing stops the superuser
    monkeypatch.setattr("os.access", lambda _, mode, **__: not mode & os.W_OK)
    result = run("fit", shop_file, *FIT, "--dry-run")
    shop_file.parent.chmod(0o755)
    assert result.code == 0, result.err
    assert os.listdir(shop_file.parent) == [shop_file.name]


def test_a_full_disk_of_temporary_files_is_not_called_memory():
    with duckdb.connect() as con:
        con.execute("set threads = 1; set memory_limit = '10MB'")
        con.execute("set max_temp_directory_size = '1MB'")
        with pytest.raises(duckdb.OutOfMemoryException) as caught:
            con.execute(
                "create table t as select hash(i) as h from range(3000000) as t(i) order by h"
            )
    assert "Make room there" in _way_out(caught.value)
    assert "not the memory" in _way_out(caught.value)
    assert "--memory-limit" in _way_out(duckdb.OutOfMemoryException("failed to allocate data"))


def test_processes_spill_into_folders_of_their_own(run, shop_file, monkeypatch):
    """On DuckDB 1.5 two processes overwrite each other's files in one folder."""
    seen = []

    def train(stage, progress):
        seen.append(stage.con.execute("select current_setting('temp_directory')").fetchone())
        return train_really(stage, progress)

    monkeypatch.setattr("segmenter.operations.fit.train", train)
    for _ in range(2):
        assert run("fit", shop_file, *FIT).code == 0
    monkeypatch.undo()
    assert len(set(seen)) == 2
    assert os.listdir(shop_file.parent) == [shop_file.name]


def test_readers_spill_into_folders_of_their_own(shop_file):
    seen = set()
    for _ in range(2):
        with open_to_read(shop_file) as con:
            (folder,) = con.execute("select current_setting('temp_directory')").fetchone()
            seen.add(folder)
            assert Path(folder).parent.parent == shop_file.parent
            assert stat.S_IMODE(Path(folder).parent.stat().st_mode) == 0o700
    assert len(seen) == 2
    assert os.listdir(shop_file.parent) == [shop_file.name]
