"""Where a publication may go: what is there, how it is replaced, and what is refused."""

from __future__ import annotations

import errno
import json
import os
import tempfile
import threading
from dataclasses import replace

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
    refused(db, tmp_path / "shop.duckdb" / "bi.duckdb", "is a file, so bi.duckdb cannot be in it")
    refused(db, f"{tmp_path}/shop.duckdb/lake/", "is a file, so lake cannot be in it")
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


def test_a_newer_publication_in_a_folder_is_not_replaced(home, tmp_path):
    db = home()
    db.publish(f"{tmp_path}/lake/")
    manifest = tmp_path / "lake" / "publication.json"
    newer = json.loads(manifest.read_text()) | {"fitted_at": "2999-01-01T00:00:00"}
    manifest.write_text(json.dumps(newer))
    refused(db, f"{tmp_path}/lake/", "after all models of this database", error=SegmenterError)
    db.publish(f"{tmp_path}/lake/", overwrite=True)
    manifest.write_text(json.dumps(newer | {"layout_version": 99, "segmenter_version": "9.9"}))
    refused(db, f"{tmp_path}/lake/", "published by segmenter 9.9", error=SegmenterError)


def test_a_first_publication_into_a_folder_that_was_killed_is_done_again(home, tmp_path):
    db = home()
    folder = tmp_path / "la[k]e"
    db.publish(f"{folder}/")
    whole = sorted(os.listdir(folder))
    (folder / "publication.json").unlink()
    (folder / "segment_summary.parquet").unlink()
    db.publish(f"{folder}/")
    assert sorted(os.listdir(folder)) == whole
    (folder / "publication.json").unlink()
    with duckdb.connect() as con:
        con.execute(f"copy (select 1 as i) to '{folder}/models.parquet'")
    theirs = (folder / "models.parquet").read_bytes()
    refused(db, f"{folder}/", "has files that segmenter publish did not make")
    assert (folder / "models.parquet").read_bytes() == theirs


def test_what_a_publication_has_no_more_is_gone_from_the_folder(home, tmp_path):
    db = home(replace(DATED, attributes=["sold_at"]))
    folder = tmp_path / "lake"
    db.publish(f"{folder}/")
    gone = {"segment_attributes.parquet", "attribute_drift.parquet"}
    kept = {name: (folder / name).read_bytes() for name in gone}
    (folder / "mine.parquet").write_text("precious")
    db.refit(attributes=[], publish=True, to=f"{folder}/")
    assert gone.isdisjoint(os.listdir(folder))
    for name, data in kept.items():  # a kill between the manifest and their end leaves them
        (folder / name).write_bytes(data)
    db.publish(f"{folder}/")
    assert gone.isdisjoint(os.listdir(folder))
    assert (folder / "mine.parquet").read_text() == "precious"


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="there is no other device")
def test_a_link_to_another_device_is_followed(home, tmp_path):
    db = home()
    with tempfile.TemporaryDirectory(dir="/dev/shm") as device:
        (tmp_path / "bi.duckdb").symlink_to(f"{device}/real.duckdb")
        (tmp_path / "lake").symlink_to(device)
        db.publish(tmp_path / "bi.duckdb")
        db.publish(tmp_path / "bi.duckdb")
        assert os.listdir(device) == ["real.duckdb"]
        os.unlink(f"{device}/real.duckdb")
        for _ in range(2):
            db.publish(f"{tmp_path}/lake/")
        assert "publication.json" in os.listdir(device)
        assert not [name for name in os.listdir(device) if name.startswith(".")]


def test_a_place_that_cannot_be_renamed_to_keeps_what_it_has(home, tmp_path, monkeypatch):
    """As where a container has the file mounted by itself."""
    db = home()
    for to in (tmp_path / "bi.duckdb", f"{tmp_path}/lake/"):
        db.publish(to)
    before = (tmp_path / "bi.duckdb").read_bytes()
    manifest = (tmp_path / "lake" / "publication.json").read_bytes()

    def is_mounted(draft, path):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr("segmenter.sources.drafts.os.replace", is_mounted)
    words = "Invalid cross-device link. Nothing was written"
    for to in (tmp_path / "bi.duckdb", f"{tmp_path}/lake/"):
        refused(db, to, words, error=SegmenterError)
    assert (tmp_path / "bi.duckdb").read_bytes() == before
    assert (tmp_path / "lake" / "publication.json").read_bytes() == manifest
    assert sorted(os.listdir(tmp_path)) == ["bi.duckdb", "lake", "shop.duckdb"]


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
