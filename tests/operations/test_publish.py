"""What is published equals what the views say, whatever the source, and nothing else is there."""

from __future__ import annotations

import os
import threading
from dataclasses import replace

import duckdb
import pytest

import segmenter
from segmenter import InputError, SegmenterError, Settings, Source
from segmenter.errors import BusyError
from segmenter.schema.files import MODEL_VIEWS, STEPS, VIEWS
from segmenter.schema.names import HISTORY, STORAGE
from tests.datasets import SHOP

DATED = Source(
    transactions="sales", customer="customer_id", amount="amount", order="order_id", date="sold_at"
)
SOURCES = {
    "transactions": (DATED, Settings()),
    "without dates": (
        Source(transactions="sales", customer="customer_id", amount="amount"),
        Settings(),
    ),
    "texts as ids": (
        Source(transactions="sales", customer="'no ' || customer_id", amount="amount"),
        Settings(),
    ),
    "too many rules for a function": (DATED, Settings(max_rules=2)),
    "attributes": (replace(DATED, attributes=["sold_at"]), Settings()),
    "profiles": (Source(profile="profiles", customer="customer_id"), Settings()),
    "points": (Source(points="points"), Settings()),
}
TABLES = """
    create table profiles as
    select customer_id, sum(amount) as monetary, count(*) as frequency from sales group by all;
    create table points as
    select monetary, frequency, count(*) as customers from profiles group by all
"""


@pytest.fixture
def home(tmp_path):
    """Make a file with a model, and open it."""

    def call(source=DATED, settings=None):
        path = tmp_path / "shop.duckdb"
        with duckdb.connect(str(path)) as con:
            con.execute(SHOP)
            con.execute(TABLES)
        db = segmenter.open(path)
        db.fit(source, settings, publish=True)
        return db

    return call


def attached(tmp_path):
    con = duckdb.connect()
    con.execute(f"attach '{tmp_path}/shop.duckdb' as shop (read_only)")
    con.execute(f"attach '{tmp_path}/bi.duckdb' as bi (read_only)")
    return con


COLUMNS = """
    select table_name, column_name, data_type, comment
    from duckdb_columns() where database_name = $1 and schema_name = 'segments'
"""


@pytest.mark.parametrize("kind", SOURCES)
def test_every_view_is_there_with_its_rows_columns_types_and_comments(home, tmp_path, kind):
    source, settings = SOURCES[kind]
    home(source, settings).publish(tmp_path / "bi.duckdb")
    with attached(tmp_path) as con:
        views = [
            name
            for (name,) in con.execute(
                "select view_name from duckdb_views() "
                "where database_name = 'shop' and schema_name = 'segments'"
            ).fetchall()
            if name != "whales"
        ]
        assert set(views) <= {
            *MODEL_VIEWS,
            *VIEWS,
            HISTORY,
            *(f"{name}_snapshot" for name in VIEWS),
        }
        assert not STEPS.intersection(views)
        con.execute("use shop")
        for name in views:
            for one, other in (("shop", "bi"), ("bi", "shop")):
                query = f"from {one}.segments.{name} except all from {other}.segments.{name}"
                assert con.execute(query).fetchall() == [], (name, one)
        ours, theirs = (set(con.execute(COLUMNS, [name]).fetchall()) for name in ("shop", "bi"))
        assert {row for row in ours if row[0] != "whales"} == {
            row for row in theirs if row[0] != "publication"
        }
        if source.kind != "points":
            assert {"customer_segments", "customer_upgrades", "next_actions"} <= set(views)


def test_nothing_leads_back_to_the_sales(home, tmp_path):
    published = home().publish(tmp_path / "bi.duckdb")
    with duckdb.connect(str(tmp_path / "bi.duckdb"), read_only=True) as con:
        tables = con.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        assert {schema for schema, _ in tables} == {"segments"}
        texts = con.execute(
            "select sql from duckdb_views() where not internal "
            "union all select macro_definition from duckdb_functions() where not internal"
        ).fetchall()
        assert not [text for (text,) in texts if "sales" in text or "internal" in text]
        silent = con.execute(
            "select table_name from duckdb_tables() where comment is null "
            "union all select view_name from duckdb_views() where comment is null and not internal "
            "union all select function_name from duckdb_functions() "
            "where comment is null and not internal "
            "union all select column_name from duckdb_columns() "
            "where comment is null and schema_name = 'segments'"
        ).fetchall()
        assert silent == []
        (row,) = con.execute("from segments.publication").fetchall()
        assert row[0] == published.model_id == 1
        assert row[2] == published.published_at
        assert row[3] == published.customers == 60
        (newest,) = con.execute(
            "select max(last_order_at) from segments.customer_profile"
        ).fetchone()
        assert row[4] == newest


def test_the_functions_classify_as_at_home_under_both_names(home, tmp_path):
    home().publish(tmp_path / "bi.duckdb")
    with attached(tmp_path) as con:
        for name in ("classify_segment", "segments.classify_segment", "segments.explain_segment"):
            (different,) = con.execute(
                f"select count(*) from (select i * 7.5 as money, j as orders "
                f"from range(400) as a(i), range(12) as b(j)) where "
                f"shop.{name}(money, orders) is distinct from bi.{name}(money, orders)"
            ).fetchone()
            assert different == 0
        ours, theirs = (
            {
                name
                for (name,) in con.execute(
                    "select schema_name || '.' || function_name from duckdb_functions() "
                    "where database_name = $1 and not internal and function_type = 'macro'",
                    [database],
                ).fetchall()
            }
            for database in ("shop", "bi")
        )
        assert ours == theirs


def test_the_file_can_be_read_by_an_older_duckdb_and_is_small(home, tmp_path):
    published = home().publish(tmp_path / "bi.duckdb")
    assert published.size == os.path.getsize(tmp_path / "bi.duckdb") < 1_000_000
    with attached(tmp_path) as con:
        (tags,) = con.execute(
            "select tags from duckdb_databases() where database_name = 'bi'"
        ).fetchone()
    assert tags["storage_version"].startswith(STORAGE.rpartition(".")[0])
    assert sorted(os.listdir(tmp_path)) == ["bi.duckdb", "shop.duckdb"]


def test_live_rows_are_published_and_refresh_fit_and_rollback_do_it_after_their_work(
    home, tmp_path
):
    db = home()
    to = tmp_path / "bi.duckdb"
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute("insert into sales values (1000, 9000, 99999, '2024-07-01')")

    def published(query):
        with duckdb.connect(str(to), read_only=True) as con:
            return con.execute(query).fetchone()[0]

    count = "select count(*) from segments.customer_segments where customer_id = 1000"
    model = "select model_id from segments.current_model"
    db.publish(to)
    assert published(count) == 1
    assert published(count.replace("customer_segments", "customer_segments_snapshot")) == 0
    assert published("select sum(customers) from segments.segment_summary_snapshot") == 60
    db.refresh(to=to)
    assert published(count.replace("customer_segments", "customer_segments_snapshot")) == 1
    assert published("select monetary from segments.customer_segments_snapshot limit 1") > 0
    db.fit(DATED, Settings(levels=1), publish=True, to=to)
    assert published(model) == 2
    db.rollback(1, to=to)
    assert published(model) == 1
    with pytest.warns(UserWarning, match="not published"):
        db.fit(DATED, Settings(levels=1), max_change=0, to=to)
    assert published(model) == 1


def test_a_connection_publishes_too_and_stays_as_it_was(shop, tmp_path):
    db = segmenter.open(shop)
    db.fit(DATED)
    shop.execute("begin; insert into sales values (1000, 9000, 5, '2024-07-01')")
    published = db.publish(tmp_path / "bi.duckdb")
    assert published.customers == 60  # nobody else sees what is not committed
    shop.execute("commit")
    assert db.publish(str(tmp_path / "bi.duckdb")).customers == 61
    names = shop.execute("select database_name from duckdb_databases()").fetchall()
    assert "segmenter_draft" not in [name for (name,) in names]
    assert shop.execute("select current_database()").fetchone() == ("memory",)


def test_who_has_the_old_file_open_goes_on_reading_it(home, tmp_path):
    db = home()
    to = tmp_path / "bi.duckdb"
    db.publish(to)
    with duckdb.connect() as con:
        con.execute(f"attach '{to}' as bi (read_only)")
        con.execute("use bi")
        db.fit(DATED, Settings(levels=1), publish=True, to=to)
        assert con.execute("select model_id from segments.current_model").fetchone() == (1,)
        assert con.execute("select count(*) from segments.customer_segments").fetchone() == (60,)
    with duckdb.connect(str(to), read_only=True) as con:
        assert con.execute("select model_id from segments.current_model").fetchone() == (2,)


def test_what_a_link_leads_to_is_replaced_with_its_permissions(home, tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (tmp_path / "bi.duckdb").symlink_to(folder / "real.duckdb")
    db = home()
    db.publish(tmp_path / "bi.duckdb")
    (folder / "real.duckdb").chmod(0o640)
    db.publish(tmp_path / "bi.duckdb")
    assert (tmp_path / "bi.duckdb").is_symlink()
    assert (folder / "real.duckdb").stat().st_mode & 0o777 == 0o640
    assert os.listdir(folder) == ["real.duckdb"]


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
