"""What is published, read by programs that no one here wrote: older DuckDB, PostgreSQL, Parquet."""

from __future__ import annotations

import json
import os
import sys
import threading

import duckdb
import psycopg
import pytest

import segmenter
from segmenter import Settings, Source
from segmenter.errors import BusyError, SegmenterError
from segmenter.operations.publishing.postgres import PostgresTarget
from tests.clients.test_clients import CACHE, OLD_CLIENT, check, install, queries, run
from tests.datasets import SHOP

SALES = Source(
    transactions="sales", customer="customer_id", amount="amount", order="order_id", date="sold_at"
)


@pytest.fixture
def home(tmp_path):
    """A file with the small shop and its model."""
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute(SHOP)
    db = segmenter.open(tmp_path / "shop.duckdb")
    db.fit(SALES)
    return db


@pytest.fixture(scope="session")
def oldest_reader():
    """Folder with the oldest DuckDB that opens what is published."""
    version = f"cp{sys.version_info.major}{sys.version_info.minor}"
    folder = CACHE / f"duckdb-1.4-{version}"
    words = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    install(folder, [*words, "--target", ".", "duckdb==1.4.*"])
    return folder


@pytest.mark.slow
def test_duckdb_1_4_reads_the_published_file(retail, oldest_reader, tmp_path):
    segmenter.open(retail.path).publish(tmp_path / "bi.duckdb")
    words = [sys.executable, "-c", OLD_CLIENT, oldest_reader, tmp_path / "bi.duckdb"]
    answer = json.loads(run(*words, json.dumps(queries(retail)), cwd=tmp_path))
    assert answer["version"].startswith("1.4.")
    check(retail, answer["results"])


def names_of(folder):
    return sorted(name for name in os.listdir(folder) if not name.startswith("."))


def test_a_folder_has_a_file_for_each_object_and_a_manifest(home, tmp_path):
    folder = tmp_path / "lake"
    published = home.publish(f"{folder}/")
    home.publish(tmp_path / "bi.duckdb")
    manifest = json.loads((folder / "publication.json").read_text())
    assert manifest["model_id"] == published.model_id == 1
    assert {file.removesuffix(".parquet") for file in manifest["files"]} == set(published.rows)
    with duckdb.connect(str(tmp_path / "bi.duckdb"), read_only=True) as con:
        for file, rows in manifest["files"].items():
            path, name = folder / file, file.removesuffix(".parquet")
            if name == "publication":
                continue
            kinds = [
                [row[:2] for row in con.execute(f"describe from {relation}").fetchall()]
                for relation in (f"'{path}'", f"segments.{name}")
            ]
            assert kinds[0] == kinds[1]
            assert con.execute(f"select count(*) from '{path}'").fetchone() == (rows,)
            for one, other in (
                (f"'{path}'", f"segments.{name}"),
                (f"segments.{name}", f"'{path}'"),
            ):
                query = f"from {one} except all from {other}"
                assert con.execute(query).fetchall() == [], name
            about = dict(
                con.execute(
                    f"select decode(key), decode(value) from parquet_kv_metadata('{path}')"
                ).fetchall()
            )
            assert about["model_id"] == "1"
    assert names_of(folder) == sorted([*manifest["files"], "publication.json"])
    home.fit(SALES, Settings(levels=1), publish=True, to=f"{folder}/")
    assert json.loads((folder / "publication.json").read_text())["model_id"] == 2
    assert not [name for name in os.listdir(folder) if name.startswith(".")]


def test_a_folder_of_somebody_else_is_refused(home, tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "report.parquet").write_text("precious")
    with pytest.raises(SegmenterError, match=r"did not make. Name an empty folder"):
        home.publish(f"{theirs}/")
    (theirs / "publication.json").write_text("{}")
    with pytest.raises(SegmenterError, match="move that file away"):
        home.publish(f"{theirs}/")
    assert (theirs / "report.parquet").read_text() == "precious"
    with pytest.raises(SegmenterError, match="is a file, not a folder"):
        home.publish(f"{tmp_path}/shop.duckdb/")
    with pytest.raises(SegmenterError, match="there is no folder"):
        home.publish(f"{tmp_path}/none/lake/")


def test_a_folder_that_gets_full_keeps_what_was_there(home, tmp_path, monkeypatch):
    folder = tmp_path / "lake"

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("segmenter.operations.publishing.folder.move", full)
    with pytest.raises(SegmenterError, match=r"No space left on device. Nothing was written"):
        home.publish(f"{folder}/")
    assert not folder.exists()


@pytest.fixture
def dsn(server, database):
    return server.replace("/postgres?", "/scratch?")


READ = """
    select
        (select model_id from segments.publication)::text || '|'
        || (select model_id from segments.current_model)::text || '|'
        || (select count(*) from segments.customer_profile)::text || '|'
        || (select sum(monetary)::numeric(18, 2) from segments.customer_segments)::text || '|'
        || (select sum(customers) from segments.segment_summary)::text
"""


class Reading(threading.Thread):
    """A reader of PostgreSQL, each statement for itself or two in one transaction."""

    def __init__(self, dsn, *, is_repeatable):
        super().__init__()
        self.seen, self.errors = [], []
        self.end = threading.Event()
        self._dsn, self._is_repeatable = dsn, is_repeatable

    def run(self):
        with psycopg.connect(self._dsn, autocommit=True) as pg:
            while not self.end.is_set():
                try:
                    if self._is_repeatable:
                        with pg.transaction():
                            pg.execute("set transaction isolation level repeatable read")
                            read, again = (pg.execute(READ).fetchone()[0] for _ in range(2))
                        assert read == again
                    else:
                        read = pg.execute(READ).fetchone()[0]
                    self.seen.append(read)
                except Exception as error:
                    self.errors.append(error)

    def wait_for_more(self):
        count = len(self.seen)
        while len(self.seen) < count + 2 and not self.errors:
            self.end.wait(0.01)


def test_readers_of_postgres_see_one_publication_each(home, dsn, database, tmp_path):
    home.publish(dsn)
    published = [database.execute(READ).fetchone()[0]]
    readers = [Reading(dsn, is_repeatable=each) for each in (True, False)]
    for reader in readers:
        reader.start()
    try:
        for number, settings in enumerate((Settings(levels=1), Settings())):
            with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
                row = [900 + number, 900 + number]
                con.execute("insert into sales values ($1, $2, 70, '2024-05-01')", row)
            home.fit(SALES, settings, publish=True, to=dsn)
            published.append(database.execute(READ).fetchone()[0])
            for reader in readers:
                reader.wait_for_more()
    finally:
        for reader in readers:
            reader.end.set()
            reader.join()
    assert len(set(published)) == 3
    for reader in readers:
        assert reader.errors == []
        assert set(reader.seen) == set(published)


def test_postgres_has_the_same_rows_types_comments_indices_and_the_function(
    home, dsn, database, tmp_path
):
    home.publish(dsn)
    home.publish(tmp_path / "bi.duckdb")
    database.execute("grant select on segments.customer_segments to public")
    database.execute(
        "create view mine as select segment, count(*) from segments.customer_segments group by 1"
    )
    home.publish(dsn)
    with duckdb.connect(str(tmp_path / "bi.duckdb"), read_only=True) as con:
        names = [
            name
            for (name,) in con.execute(
                "select table_name from information_schema.tables where table_schema = 'segments'"
            ).fetchall()
        ]
        assert len(names) > 12
        for name in set(names) - {"publication"}:
            kinds = con.execute(f"describe segments.{name}").fetchall()
            columns = ", ".join(
                f'"{kind[0]}"::text' if kind[1] == "JSON" else f'"{kind[0]}"' for kind in kinds
            )
            ours = con.execute(f"select {columns} from segments.{name}").fetchall()
            theirs = database.execute(f"select {columns} from segments.{name}").fetchall()
            assert sorted(map(str, ours)) == sorted(map(str, theirs)), name
        (text,) = con.execute(
            "select comment from duckdb_tables() where table_name = 'customer_segments'"
        ).fetchone()
    (comment,) = database.execute(
        "select obj_description('segments.customer_segments'::regclass)"
    ).fetchone()
    assert comment == text
    assert database.execute("select segments.classify_segment(250, 3)").fetchone()[0] == (
        home.classify(250, 3)
    )
    assert database.execute(
        "select count(*) from pg_indexes where indexname = 'customer_segments_customer_id_idx'"
    ).fetchone() == (1,)
    assert database.execute("select sum(count) from mine").fetchone() == (60,)
    assert database.execute(
        "select has_table_privilege('public', 'segments.customer_segments', 'select')"
    ).fetchone() == (True,)


def test_a_postgres_that_is_somebody_elses_busy_or_goes_away_keeps_what_it_has(
    home, dsn, database, monkeypatch
):
    from segmenter.operations.publishing import postgres

    with pytest.raises(SegmenterError, match="cannot be reached"):
        home.publish("postgresql://nobody@localhost:1/none")
    database.execute("create schema segments; create table segments.cars (a int)")
    with pytest.raises(SegmenterError, match=r"segments already, with cars, that .* did not make"):
        home.publish(dsn)
    database.execute("drop schema segments cascade")
    home.publish(dsn)
    before = database.execute(READ).fetchone()
    database.execute("select pg_advisory_lock(hashtext('segments'))")
    with pytest.raises(BusyError, match=r"somebody else publishes to .*: wait = 600"):
        home.publish(dsn)
    database.execute("select pg_advisory_unlock_all()")

    def go_away(self, found):
        pid = self.con.info.backend_pid
        database.execute("select pg_terminate_backend(%s)", [pid])
        self.con.execute("select 1")

    monkeypatch.setattr(postgres._Filling, "_comment", go_away)
    with pytest.raises(SegmenterError, match=r"what was there before stands. .* publish again"):
        home.fit(SALES, Settings(levels=1), publish=True, to=dsn)
    assert database.execute(READ).fetchone() == before
    monkeypatch.undo()
    fill = postgres._Filling.fill

    def go_away_before_the_end(self, publication):
        fill(self, publication)
        database.execute("select pg_terminate_backend(%s)", [self.con.info.backend_pid])

    monkeypatch.setattr(postgres._Filling, "fill", go_away_before_the_end)
    with pytest.raises(SegmenterError, match=r"it may be there or not: look .* publish again"):
        home.publish(dsn)
    monkeypatch.undo()
    home.publish(dsn)
    assert database.execute(READ).fetchone() != before


def test_a_server_that_answers_that_it_did_not_commit_is_believed():
    target = PostgresTarget("postgresql://nowhere/none", None)
    target._commits = True
    with pytest.raises(psycopg.errors.SerializationFailure), target._committed():
        raise psycopg.errors.SerializationFailure("could not serialize access")
    for error in (psycopg.OperationalError, psycopg.errors.AdminShutdown):
        with pytest.raises(SegmenterError, match="may be there or not"), target._committed():
            raise error("the server went away")
