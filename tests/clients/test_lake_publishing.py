"""Publishing into a DuckLake: one snapshot, which others that attach the lake read."""

from __future__ import annotations

import datetime
import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import segmenter
from segmenter import Settings, Source
from segmenter.errors import BusyError, InputError, SegmenterError
from segmenter.operations.publishing import lake as publishing_lake
from segmenter.schema.extensions import load_extension
from tests.clients.test_lake import SALES, connect
from tests.datasets import SHOP

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def home(tmp_path):
    with duckdb.connect() as con:
        try:
            load_extension(con, "ducklake")
        except SegmenterError as error:
            pytest.skip(f"DuckLake's extension is not here: {error}")
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute(SHOP)
    db = segmenter.open(tmp_path / "shop.duckdb")
    db.fit(SALES)
    return db


@pytest.fixture(params=["duckdb", "postgres"])
def place(request, tmp_path):
    """A lake that is published to; over PostgreSQL somebody has made it."""
    if request.param == "duckdb":
        return f"ducklake:{tmp_path}/catalog.ducklake"
    info = request.getfixturevalue("database").info
    text = f"postgres:host={info.host} dbname={info.dbname} user={info.user}"
    connect(text, tmp_path).close()
    return f"ducklake:{text}"


def read(place):
    """Return the rows of each object and what the catalogue says of it, as who attaches it."""
    with duckdb.connect() as con:
        load_extension(con, "ducklake")
        if "postgres:" in place:
            load_extension(con, "postgres_scanner")
        con.execute(f"attach '{place}' as lake (read_only); use lake")
        return contents(con)


def contents(con):
    objects = con.execute(
        "select table_name, comment from duckdb_tables() "
        "where schema_name = 'segments' and database_name = current_database() "
        "union all select view_name, comment from duckdb_views() "
        "where schema_name = 'segments' and database_name = current_database() order by all"
    ).fetchall()
    found = {}
    for name, comment in objects:
        rows = con.execute(f"from segments.{name}").fetchall()
        if name == "publication":
            rows = [[v for v in row if not isinstance(v, datetime.datetime)] for row in rows]
        found[name] = (comment, sorted(map(repr, rows)))
    words = "select segments.classify_segment(m, f) from (values (1, 1), (900, 9)) as t(m, f)"
    found["classify_segment"] = con.execute(words).fetchall()
    return found


def test_a_lake_has_what_a_file_has(home, place, tmp_path):
    home.publish(place)
    home.publish(tmp_path / "bi.duckdb")
    with duckdb.connect(str(tmp_path / "bi.duckdb"), read_only=True) as con:
        assert read(place) == contents(con)
    home.fit(SALES, Settings(levels=1), publish=True, to=place)
    home.publish(tmp_path / "bi.duckdb")
    with duckdb.connect(str(tmp_path / "bi.duckdb"), read_only=True) as con:
        assert read(place) == contents(con)
    with duckdb.connect() as con:
        load_extension(con, "ducklake")
        if "postgres:" in place:
            load_extension(con, "postgres_scanner")
        con.execute(f"attach '{place}' as lake (read_only)")
        published = con.execute(
            "select commit_message, snapshot_id from lake.snapshots() "
            "where author = 'segmenter publish' order by snapshot_id"
        ).fetchall()
        assert [words for words, _ in published] == ["model 1", "model 2"]
        query = "select model_id from lake.segments.publication at (version => ?)"
        models = [con.execute(query, [version]).fetchall() for _, version in published]
        assert models == [[(1,)], [(2,)]]


def test_what_fails_half_way_leaves_what_was_published(home, place, monkeypatch):
    home.publish(place)
    before = read(place)

    def fails(*_):
        raise duckdb.IOException("the bucket is full")

    monkeypatch.setattr(publishing_lake, "create_functions", fails)
    with pytest.raises(SegmenterError, match=r"the bucket is full\.? Nothing was published"):
        home.publish(place)
    assert read(place) == before


KILLED = """
import os, signal, sys
import segmenter
from segmenter import stopping
from segmenter.operations.publishing import lake

file, place, when = sys.argv[1:]


def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)


if when == "before":
    lake.create_functions = kill
else:
    stopping.note_stored = kill
segmenter.open(file).publish(place)
"""
"""Publishes, and is killed when all is written but not committed, or when it is."""


def test_who_is_killed_leaves_the_snapshot_before_or_after(home, place, tmp_path):
    home.publish(place)
    before = read(place)
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute("insert into sales values (900, 900, 70, '2024-05-01')")
    for when in ("before", "after"):
        words = [sys.executable, "-c", KILLED, tmp_path / "shop.duckdb", place, when]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
        killed = subprocess.run(words, env=environment, capture_output=True, text=True)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert (read(place) == before) == (when == "before")
    after = read(place)
    home.publish(place)
    assert read(place) == after


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_who_publishes_while_another_does_is_told(home, place, tmp_path, monkeypatch):
    home.publish(place)
    replaced = publishing_lake.create_functions

    def meanwhile(*args):
        replaced(*args)
        with connect(place.removeprefix("ducklake:"), tmp_path) as other:
            other.execute("create or replace table segments.publication as select 7 as model_id")

    monkeypatch.setattr(publishing_lake, "create_functions", meanwhile)
    with pytest.raises(BusyError, match=r"somebody else wrote .* Nothing was published\. Publish"):
        home.publish(place)
    with connect(place.removeprefix("ducklake:"), tmp_path) as con:
        assert con.execute("from segments.publication").fetchall() == [(7,)]


def test_a_catalog_that_goes_away_at_the_end_may_have_it_or_not(home, place, monkeypatch):
    class Gone:
        """A connection whose commit no answer comes to."""

        def __init__(self, con):
            self.con = con

        def __getattr__(self, name):
            return getattr(self.con, name)

        def execute(self, sql, *values):
            if sql == "commit":
                raise duckdb.TransactionException("Failed to commit: server closed the connection")
            return self.con.execute(sql, *values)

    commit = publishing_lake.LakeTarget._commit
    monkeypatch.setattr(
        publishing_lake.LakeTarget, "_commit", lambda self, con: commit(self, Gone(con))
    )
    with pytest.raises(SegmenterError, match=r"it may be there or not: look .* publish again"):
        home.publish(place)
    monkeypatch.undo()
    home.publish(place)


def test_what_is_no_place_is_refused(home, tmp_path):
    with pytest.raises(InputError, match="there is no catalog in"):
        home.publish("ducklake:")
    with pytest.raises(InputError, match="has a password in it"):
        home.publish("ducklake:postgres:dbname=x password=hunter2")
    with pytest.raises(SegmenterError, match="Make it first"):
        home.publish(f"ducklake:{tmp_path}/none/catalog.ducklake")
    with pytest.raises(InputError, match="is the database itself"):
        home.publish(f"ducklake:{tmp_path}/shop.duckdb")
    with duckdb.connect(str(tmp_path / "other.duckdb")) as con:
        con.execute("create table precious as select 42 as i")
    before = (tmp_path / "other.duckdb").read_bytes()
    with pytest.raises(SegmenterError, match="does not take it"):
        home.publish(f"ducklake:{tmp_path}/other.duckdb")
    assert (tmp_path / "other.duckdb").read_bytes() == before
    theirs = connect(str(tmp_path / "theirs.ducklake"), tmp_path)
    theirs.execute("create schema segments; create table segments.mine as select 1 as i")
    theirs.close()
    with pytest.raises(InputError, match="with mine, that segmenter publish did not make"):
        home.publish(f"ducklake:{tmp_path}/theirs.ducklake")


def test_sales_are_read_from_a_lake(home, tmp_path):
    lake = connect(str(tmp_path / "sales.ducklake"), tmp_path)
    lake.execute(SHOP)
    lake.close()
    db = segmenter.open(tmp_path / "crm.duckdb")
    fitted = db.fit(
        Source(
            transactions="wh.main.sales",
            customer="customer_id",
            amount="amount",
            order="order_id",
            date="sold_at",
            attach={"wh": f"ducklake:{tmp_path}/sales.ducklake"},
        )
    )
    assert fitted.model.customers == 60
