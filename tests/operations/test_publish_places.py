"""Where a publication may go: what is there, how it is replaced, and what is refused."""

from __future__ import annotations

import os
import threading

import duckdb
import pytest

import segmenter
from segmenter import InputError, SegmenterError
from segmenter.errors import BusyError
from tests.datasets import SHOP
from tests.operations.conftest import DATED


def refused(db, to, *words, error=InputError):
    with pytest.raises(error) as caught:
        db.publish(to)
    for word in words:
        assert word in str(caught.value)
    return str(caught.value)


def test_a_place_that_is_somebody_elses_is_refused_and_stays(home, tmp_path):
    db = home()
    folder = tmp_path / "more"
    folder.mkdir()
    db.publish(folder / "bi.duckdb")
    for name in ("home.duckdb", "theirs.duckdb"):
        with duckdb.connect(str(folder / name)) as con:
            con.execute(SHOP)
    segmenter.open(folder / "home.duckdb").fit(DATED)
    (folder / "text.duckdb").write_text("no database")
    (folder / "empty.duckdb").write_text("")
    (folder / "hard.duckdb").hardlink_to(tmp_path / "shop.duckdb")
    (folder / "soft.duckdb").symlink_to(tmp_path / "shop.duckdb")
    before = {file: file.read_bytes() for file in folder.iterdir()}
    refused(db, folder, "is a folder. Name a file in it")
    refused(db, folder / "home.duckdb", "models of its own", "Name another file")
    refused(db, folder / "theirs.duckdb", "segmenter publish did not make", "move it away")
    refused(db, folder / "text.duckdb", "is not a DuckDB file", "move it away")
    refused(db, folder / "empty.duckdb", "is not a DuckDB file")
    refused(db, folder / "hard.duckdb", "is the database itself")
    refused(db, folder / "soft.duckdb", "is the database itself")
    refused(db, tmp_path / "shop.duckdb", "is the database itself")
    refused(db, tmp_path / "none" / "bi.duckdb", "there is no folder", "Make it first")
    refused(db, "https://localhost:1/bi.duckdb", "cannot be published to", "Name a DuckDB file")
    refused(db, "ducklake:", "there is no catalog in", "Name one")
    refused(db, "bi\0.duckdb", "cannot be published to")
    refused(db, "", "must name a place")
    assert {file: file.read_bytes() for file in folder.iterdir()} == before
    published = segmenter.open(folder / "bi.duckdb")
    with pytest.raises(SegmenterError, match="Name the database that it was published from"):
        published.segments()
    with pytest.raises(SegmenterError, match="Name the database that it was published from"):
        published.fit(DATED)
    with pytest.raises(SegmenterError, match="Name the database that it was published from"):
        published.publish(tmp_path / "again.duckdb")


def test_a_log_beside_the_place_is_not_taken_into_what_is_published(home, tmp_path):
    db = home()
    to = tmp_path / "bi.duckdb"
    db.publish(to)
    log = tmp_path / "bi.duckdb.wal"
    log.write_bytes(b"of somebody")
    advice = refused(db, to, "a log of changes", error=SegmenterError)
    assert os.system(advice.partition("when nobody needs the log: ")[2]) == 0
    assert db.publish(to).model_id == 1


def test_an_older_copy_of_the_database_does_not_replace_what_a_newer_one_published(home, tmp_path):
    db = home()
    to = tmp_path / "bi.duckdb"
    db.publish(to)
    with duckdb.connect(str(to)) as con:
        con.execute("update segments.publication set fitted_at = fitted_at + interval 1 day")
    words = "after all models of this database", "overwrite = True"
    refused(db, to, *words, error=SegmenterError)
    with pytest.raises(SegmenterError, match="after all models"):
        db.refresh(to=to)
    db.publish(to, overwrite=True)
    db.publish(to)
    with duckdb.connect(str(to)) as con:
        con.execute(
            "update segments.publication set layout_version = 99, segmenter_version = '9.9'"
        )
    refused(db, to, "published by segmenter 9.9", "Publish with that", error=SegmenterError)
    with duckdb.connect(str(to)) as con:
        con.execute("alter table segments.publication drop column fitted_at")
    refused(db, to, "cannot be read. Move the file away", error=SegmenterError)


def test_a_folder_that_cannot_be_written(home, tmp_path, monkeypatch):
    db = home()
    folder = tmp_path / "closed"
    folder.mkdir()
    real = os.access
    monkeypatch.setattr(
        "os.access", lambda path, mode: not (mode & os.W_OK and path == folder) and real(path, mode)
    )
    refused(db, folder / "bi.duckdb", "Give yourself the permission", error=SegmenterError)
    assert os.listdir(folder) == []


def test_two_publishers_take_turns(home, tmp_path, monkeypatch):
    db = home()
    to = tmp_path / "bi.duckdb"
    first_is_in, go_on = threading.Event(), threading.Event()
    write = segmenter.operations.publish.write_draft

    def slowly(*words):
        first_is_in.set()
        assert go_on.wait(60)
        return write(*words)

    monkeypatch.setattr("segmenter.operations.publish.write_draft", slowly)
    first = threading.Thread(target=db.publish, args=[to])
    first.start()
    assert first_is_in.wait(60)
    with pytest.raises(BusyError, match=r"somebody else publishes into the folder .*: wait = 600"):
        db.publish(to)
    waiting = segmenter.open(tmp_path / "shop.duckdb", wait=600)
    monkeypatch.setattr("segmenter.workplace.turns.time.sleep", lambda _: go_on.set())
    assert waiting.publish(to).model_id == 1
    first.join()


def test_an_older_layout_is_told_how_to_come_up_to_date(tmp_path):
    import gzip
    import shutil

    from tests.storage.test_migrations import OLD

    path = tmp_path / "shop.duckdb"
    with gzip.open(OLD / "shop.duckdb.gz") as packed, path.open("wb") as file:
        shutil.copyfileobj(packed, file)
    db = segmenter.open(path)
    refused(db, tmp_path / "bi.duckdb", "with a refresh or a fit", error=SegmenterError)
    db.refresh(to=tmp_path / "bi.duckdb")
    assert sorted(os.listdir(tmp_path)) == ["bi.duckdb", "shop.duckdb"]
