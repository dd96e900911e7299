"""New databases and outputs: nothing is replaced unasked, nothing half-written gets into place."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import duckdb
import pytest

from segmenter import SegmenterError
from segmenter.sources.whole_files import write
from segmenter.training.train import train as train_really
from segmenter.workplace.placing import place
from tests.combinations import first_in_gate
from tests.datasets import RETAIL, SHOP

FIT = ("--customer", "customer_id", "--amount", "amount", "--order", "order_id", "--quiet")


@pytest.fixture
def sales(tmp_path):
    path = tmp_path / "sales.parquet"
    with duckdb.connect() as con:
        con.execute(SHOP)
        con.execute(f"copy sales to '{path}'")
    return path


@pytest.fixture(scope="module")
def few_sales(tmp_path_factory):
    """The demo's data, a fiftieth of it."""
    path = tmp_path_factory.mktemp("few") / "few.parquet"
    with duckdb.connect() as con:
        con.execute(f"copy (from '{RETAIL}' where CustomerID % 50 = 0) to '{path}'")
    return path


@pytest.fixture
def demo_file(run, few_sales, tmp_path, monkeypatch):
    """A demo over few sales, which is made only once."""
    monkeypatch.setattr("segmenter.cli.demo._SALES", str(few_sales))
    made = few_sales.parent / "demo.duckdb"
    if not made.exists():
        assert run("demo", made, "--quiet").code == 0
    folder = tmp_path / "demo"
    folder.mkdir()
    return Path(shutil.copy(made, folder))


def objects(path):
    with duckdb.connect(str(path), read_only=True) as con:
        return {row[0] for row in con.execute("select table_name from duckdb_tables()").fetchall()}


def change(path, statement):
    with duckdb.connect(str(path)) as con:
        con.execute(statement)


@first_in_gate(
    ("statement", "found"),
    [
        ("create table mine as select 1 as a", "table main.mine"),
        ("create table segments.mine as select 1 as a", "table segments.mine"),
        ("create view seen as select 1 as a", "view main.seen"),
        ("create macro twice(a) as 2 * a", "macro main.twice"),
        ("create schema own", "schema own"),
        ("create sequence counted", "sequence main.counted"),
        ("create type mood as enum ('good')", "type main.mood"),
        ("create index fast on online_retail (CustomerID)", "index main.fast"),
        ("update online_retail set Quantity = 7 where Quantity = 6", "changed rows of online_ret"),
        ("delete from online_retail where Quantity = 6", "changed rows of online_retail"),
    ],
    first=3,
)
def test_a_demo_never_replaces_what_somebody_else_made(run, demo_file, statement, found):
    change(demo_file, statement)
    before = demo_file.read_bytes()
    result = run("demo", demo_file)
    assert result.code == 2
    assert f"would lose it: {found}" in result.err
    assert demo_file.read_bytes() == before


def test_a_demo_never_replaces_later_models(run, demo_file):
    words = ("--customer", "CustomerID", "--amount", "Quantity * UnitPrice", "--publish", "--quiet")
    assert run("fit", demo_file, "--transactions", "online_retail", *words).code == 0
    result = run("demo", demo_file)
    assert result.code == 2
    assert "would lose it: model 2." in result.err


def test_a_demo_that_nobody_touched_is_made_again(run, demo_file):
    assert run("quality", demo_file, "--quiet").code == 0
    assert run("demo", demo_file, "--quiet").code == 0
    assert os.listdir(demo_file.parent) == [demo_file.name]


def leave_log(path, folder):
    """Leave changes of a database in its log alone, as a crash does."""
    other = folder / "other.duckdb"
    with duckdb.connect(str(other)) as con:
        con.execute("pragma disable_checkpoint_on_shutdown")
        con.execute("create table precious as select 1 as a")
    shutil.move(f"{other}.wal", f"{path}.wal")
    other.unlink()


@pytest.mark.parametrize("verb", ["fit", "demo"])
def test_what_is_left_of_another_database_is_not_taken_for_a_part_of_a_new_one(
    run, sales, tmp_path, verb
):
    path = tmp_path / "it's new.duckdb"
    words = ("--transactions", sales, *FIT) if verb == "fit" else ("--quiet",)
    leave_log(path, tmp_path)
    result = run(verb, path, *words)
    assert result.code == 2
    assert f"{path}.wal is left of one" in result.err
    assert not path.exists()
    advised = result.err.strip().rpartition(": ")[2]
    assert os.system(advised) == 0
    (tmp_path / f"{path.name}.tmp").mkdir()
    result = run(verb, path, *words)
    assert result.code == 2
    assert "it's new.duckdb.tmp holds temporary files" in result.err
    assert os.system(result.err.strip().rpartition(": ")[2]) == 0
    if verb == "fit":
        assert run(verb, path, *words).code == 0
        assert "models" in objects(path)


def test_a_log_of_a_demo_is_taken_up_before_it_is_replaced(run, demo_file):
    with duckdb.connect(str(demo_file)) as con:
        con.execute("pragma disable_checkpoint_on_shutdown")
        con.execute("update segments_internal.models set fitted_at = fitted_at + interval 1 hour")
    assert os.path.exists(f"{demo_file}.wal")
    assert run("demo", demo_file, "--quiet").code == 0
    assert os.listdir(demo_file.parent) == [demo_file.name]
    assert "models" in objects(demo_file)


def test_a_draft_with_changes_in_its_log_is_never_moved_into_place(tmp_path):
    draft = tmp_path / "draft.duckdb"
    with duckdb.connect(str(draft)) as con:
        con.execute("pragma disable_checkpoint_on_shutdown")
        con.execute("create table t as select 1 as a")
    with pytest.raises(SegmenterError, match=r"did not get out of the log\. Nothing was written"):
        place(draft, tmp_path / "new.duckdb", overwrite=False)
    assert not (tmp_path / "new.duckdb").exists()


def test_the_second_of_two_first_fits_says_what_is_there(run, start, sales, tmp_path, monkeypatch):
    path = tmp_path / "new.duckdb"
    words = ("fit", path, "--transactions", sales, *FIT)

    def train(stage, progress):
        first = start(*words)
        assert first.wait() == 0
        first.communicate()
        return train_really(stage, progress)

    monkeypatch.setattr("segmenter.operations.fit.train", train)
    second = run(*words)
    assert second.code == 4
    assert f"{path} was made by somebody else meanwhile: it has model 1, fitted at" in second.err
    assert "Nothing was written. Run the command again" in second.err
    monkeypatch.undo()
    assert run(*words).code == 0  # as it says
    listed = run("models", path, "--format", "csv").out.splitlines()
    assert len(listed) == 3
    assert sorted(os.listdir(tmp_path)) == ["new.duckdb", "sales.parquet"]


def test_a_link_that_leads_nowhere_is_not_followed(run, sales, tmp_path):
    path = tmp_path / "new.duckdb"
    path.symlink_to(tmp_path / "elsewhere.duckdb")
    result = run("fit", path, "--transactions", sales, *FIT)
    assert result.code == 2
    assert "which does not exist. Name that file, or remove the link" in result.err
    assert path.is_symlink()


def test_a_report_that_was_made_meanwhile_stays(tmp_path, monkeypatch):
    page = tmp_path / "report.html"
    picture = tmp_path / "pictures" / "map.png"
    from segmenter.sources import drafts

    move = drafts.move

    def late(draft, path, *, overwrite):
        page.write_text("somebody else's")
        move(draft, path, overwrite=overwrite)

    monkeypatch.setattr("segmenter.sources.drafts.move", late)
    with pytest.raises(SegmenterError, match=r"made by somebody else meanwhile\. Nothing was writ"):
        write({page: b"new", picture: b"new"}, overwrite=False)
    assert page.read_text() == "somebody else's"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_new_files_have_the_usual_permissions(run, sales, tmp_path):
    path = tmp_path / "new.duckdb"
    assert run("fit", path, "--transactions", sales, *FIT).code == 0
    beside = tmp_path / "beside"
    beside.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(beside.stat().st_mode)
