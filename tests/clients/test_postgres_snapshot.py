"""The snapshot that a refresh keeps in PostgreSQL, and its history: DuckDB's, row for row."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace

import duckdb
import psycopg
import pytest

import segmenter
from segmenter import BusyError, InputError, SegmenterError, Settings
from segmenter.cli.app import app
from segmenter.engines import postgres_publishing, postgres_snapshot
from segmenter.engines.postgres import Postgres
from segmenter.operations.refresh_remote import refresh_remote
from segmenter.progress import Silent
from tests.clients.conftest import copy_table
from tests.operations.test_refresh import SALES, make_sales

SNAPSHOT = "select * from segments.customer_segments_snapshot order by customer_id"

SUMMARY = "select * from segments.segment_summary_snapshot order by segment_rank"

HISTORY = """
    select customer_id, segment, lifecycle, is_whale, model_id, changed_by, left_by,
        valid_to is null as goes_on,
        row_number() over (partition by customer_id order by valid_from) as place
    from segments.customer_segments_history
    order by customer_id, place
"""

GAPS = """
    select count(*) from (
        select valid_from,
            lag(valid_to) over (partition by customer_id order by valid_from) as ended
        from segments.customer_segments_history
    ) as intervals
    where valid_from < ended
"""

DAYS = {
    "nothing": "select 1",
    "own spend": "insert into sales values (3, 9001, 99999, timestamp '2024-01-25')",
    "refund": "insert into sales values (75, null, -9999, timestamp '2024-01-25')",
    "correction": "delete from sales where customer = 76 and sold_at > timestamp '2024-01-05'",
    "entered": "insert into sales values (900, 9003, 20, timestamp '2024-01-25')",
    "left": "delete from sales where customer = 5",
    "came again": "insert into sales values (5, 9004, 500, timestamp '2024-01-25')",
    "time": "insert into sales values (77, 9005, 1, timestamp '2024-09-25')",
}


class Both:
    """The same sales and models in DuckDB and in PostgreSQL."""

    def __init__(self, con, pg, file):
        self.con, self.pg, self.file = con, pg, file
        self.here, self.there = segmenter.open(con), segmenter.open(file)

    def fit(self, source=SALES, settings=None):
        settings = settings or Settings()
        meant = {"publish": True, "replace": True}
        segmenter.fit(self.con, source, settings, **meant)
        segmenter.fit(self.pg, source, settings, model_file=self.file, **meant)
        self.there.refresh(session=self.pg)

    def day(self, statement):
        self.con.execute(statement)
        self.pg.execute(statement)
        self.here.refresh()
        self.there.refresh(session=self.pg)

    def check(self):
        for query in (SNAPSHOT, SUMMARY, HISTORY):
            assert self.pg.execute(query).fetchall() == self.con.execute(query).fetchall()
        assert self.pg.execute(GAPS).fetchall() == [(0,)]


@pytest.fixture
def both(con, database, tmp_path):
    make_sales(con)
    copy_table(con, database, "sales", tmp_path)
    made = Both(con, database, tmp_path / "model.duckdb")
    made.fit()
    return made


def written(pg):
    """Return which transaction wrote each customer of the snapshot."""
    query = "select customer_id, xmin::text from segments_internal.customer_segments_snapshot"
    return dict(pg.execute(query).fetchall())


def test_day_after_day_it_is_that_of_duckdb(both):
    both.check()
    whys = set()
    for statement in DAYS.values():
        both.day(statement)
        both.check()
        why = "select distinct changed_by, left_by from segments.customer_segments_history"
        whys |= set(both.pg.execute(why).fetchall())
    assert {by for by, _ in whys} == {"first", "own spend", "refund", "correction", "time"}
    assert {left for _, left in whys} == {None, "correction"}


def test_only_who_changed_is_written(both):
    before = written(both.pg)
    both.day(DAYS["own spend"])
    after = written(both.pg)
    assert {customer for customer in after if after[customer] != before[customer]} == {3}
    both.day("insert into sales values (77, 9005, 1, timestamp '2024-01-29')")  # a day goes by
    both.check()
    later = written(both.pg)
    assert {customer for customer in later if later[customer] != after[customer]} == {77}


def test_another_version_is_why_only_where_the_one_before_would_have_left_them(both):
    both.con.execute(DAYS["own spend"])
    both.pg.execute(DAYS["own spend"])
    both.fit(settings=Settings(levels=1))
    both.check()
    found = dict(both.pg.execute(
        "select changed_by, count(*) from segments.customer_segments_history "
        "where model_id = 2 group by changed_by"
    ).fetchall())  # fmt: skip
    assert found["own spend"] == 1
    assert found["refit"] > 5
    both.here.rollback(1)
    both.there.rollback(1, session=both.pg)
    both.there.refresh(session=both.pg)
    both.check()
    both.fit(replace(SALES, where="customer >= 20"))
    both.check()
    for con in (both.con, both.pg):
        con.execute("insert into sales values (60, 9001, 99999, timestamp '2024-01-25')")
    both.fit(replace(SALES, amount="amount * 3"))  # profiles of two kinds tell nothing
    both.check()


def test_who_leaves_a_time_window(con, database, tmp_path):
    make_sales(con)
    con.execute("insert into sales values (7000, 8000, -5, timestamp '2024-01-02')")
    copy_table(con, database, "sales", tmp_path)
    both = Both(con, database, tmp_path / "model.duckdb")
    both.fit(replace(SALES, window="2 months"))
    both.day("insert into sales values (75, 9000, 200, timestamp '2024-03-05')")
    both.check()
    left = "select count(*) from segments.customer_segments_history where left_by = 'window'"
    assert both.pg.execute(left).fetchone()[0] > 10


def test_a_version_that_the_file_does_not_have_is_a_refit(both, tmp_path):
    both.pg.execute(DAYS["own spend"])
    other = tmp_path / "other.duckdb"
    segmenter.fit(both.pg, SALES, model_file=other)  # it has a version 1, too
    segmenter.open(other).refresh(session=both.pg)
    why = "select changed_by, left_by from segments.customer_segments_history where customer_id = 3"
    assert both.pg.execute(why).fetchall() == [("refit", None), ("first", None)]


def test_on_the_command_line(both, server, capsys):
    dsn = psycopg.conninfo.make_conninfo(server, dbname="scratch")
    both.pg.execute(DAYS["own spend"])
    before = both.file.read_bytes()
    app(["refresh", str(both.file), "--dsn", dsn, "--format", "json"], standalone_mode=False)
    out, err = capsys.readouterr()
    assert "1 of 80 customers are new or changed" in err
    both.con.execute(DAYS["own spend"])
    both.here.refresh()
    assert json.loads(out)["rows"] == both.here.segments(snapshot=True).records()
    assert both.file.read_bytes() == before


def test_what_cannot_be_refreshed_there_is_a_sentence(both, server, tmp_path):
    with pytest.raises(SegmenterError, match="cannot be reached"):
        app(["refresh", str(both.file), "--dsn", f"host={tmp_path}"], standalone_mode=False)
    with pytest.raises(InputError, match="fitted on postgres, where its customers are"):
        both.there.refresh()
    with pytest.raises(InputError, match="fitted on duckdb, where its customers are"):
        both.here.refresh(session=both.pg)
    other = psycopg.conninfo.make_conninfo(server, dbname="scratch")
    with psycopg.connect(other) as busy:
        busy.execute("select pg_advisory_xact_lock(hashtext('segments'))")
        with pytest.raises(BusyError, match="somebody else refreshes or publishes"):
            both.there.refresh(session=both.pg)
    both.pg.execute("drop schema segments cascade")
    both.pg.execute("alter table sales alter customer type text")
    with pytest.raises(SegmenterError, match=r"of type bigint.*of type text now") as refused:
        both.there.refresh(session=both.pg)
    advice = str(refused.value).partition("keep what was: ")[2].partition(", then")[0]
    both.pg.execute(advice)
    both.there.refresh(session=both.pg)
    both.there.publish_views(both.pg)
    labels = "select customer_id, segment from segments.customer_segments{} order by 1"
    live = both.pg.execute(labels.format("")).fetchall()
    assert both.pg.execute(labels.format("_snapshot")).fetchall() == live
    both.there.refresh(session=both.pg)
    both.pg.execute("drop schema segments cascade")
    both.pg.execute('alter table sales alter customer type text collate "C"')
    with pytest.raises(SegmenterError, match=r"of type text in .* of type text collate C now"):
        both.there.refresh(session=both.pg)
    kept = "select count(*) from segments_before.customer_segments_snapshot"
    assert both.pg.execute(kept).fetchone() == (80,)


def test_what_was_there_before_stands(both, monkeypatch):
    known = both.pg.execute(SNAPSHOT).fetchall()
    both.pg.execute(DAYS["own spend"])
    with monkeypatch.context() as patch:
        patch.setattr(postgres_publishing, "create_view", lambda *_, **__: "select 1 / 0")
        with pytest.raises(SegmenterError, match="division by zero"):
            both.there.refresh(session=both.pg)
    assert both.pg.execute(SNAPSHOT).fetchall() == known
    with monkeypatch.context() as patch:
        patch.setattr(postgres_snapshot, "_OLDEST", 990_000)
        with pytest.raises(SegmenterError, match="needs PostgreSQL 15 or newer"):
            both.there.refresh(session=both.pg)
    both.there.refresh(session=both.pg)
    assert both.pg.execute(SNAPSHOT).fetchall() != known


@pytest.mark.parametrize("is_first", [False, True])
def test_who_began_before_another_refresh_ended_writes_nothing(both, server, is_first):
    dsn = psycopg.conninfo.make_conninfo(server, dbname="scratch")
    both.pg.execute(DAYS["own spend"])
    if is_first:
        both.pg.execute("drop schema segments_internal cascade")
    with psycopg.connect(dsn) as own, closing(Postgres(own)) as engine:
        both.there.refresh(session=both.pg)
        known = both.pg.execute(HISTORY).fetchall()
        with (
            duckdb.connect(str(both.file), read_only=True) as con,
            pytest.raises(BusyError, match="Somebody else wrote the same meanwhile"),
        ):
            refresh_remote(con, engine, Silent())
    assert both.pg.execute(HISTORY).fetchall() == known


def test_what_is_gone_comes_back_or_is_a_sentence(both):
    known = both.pg.execute(SNAPSHOT).fetchall()
    both.pg.execute("drop view segments.customer_segments_snapshot")
    both.there.refresh(session=both.pg)
    assert both.pg.execute(SNAPSHOT).fetchall() == known
    both.pg.execute("delete from segments_internal.snapshots")
    with pytest.raises(SegmenterError, match="has lost its row"):
        both.there.refresh(session=both.pg)
    both.pg.execute("drop schema segments_internal cascade")
    both.there.refresh(session=both.pg)
    assert both.pg.execute(SNAPSHOT).fetchall() == known


def test_a_server_that_ends_and_missing_rights(both, server, monkeypatch):
    dsn = psycopg.conninfo.make_conninfo(server, dbname="scratch")
    known = both.pg.execute(HISTORY).fetchall()
    both.pg.execute(DAYS["own spend"])

    left = 0

    def end_in_time(name):
        real = getattr(Postgres, name)

        def call(engine, *given):
            nonlocal left
            left -= 1
            if left < 0:
                both.pg.execute(
                    "select pg_terminate_backend(%s, 1000)", [engine.con.info.backend_pid]
                )
            return real(engine, *given)

        monkeypatch.setattr(Postgres, name, call)

    for name in ("execute", "replace_views", "commit"):
        end_in_time(name)
    for calls in range(20):
        left, said = calls, ""
        with closing(psycopg.connect(dsn)) as own:
            try:
                both.there.refresh(session=own)
            except SegmenterError as error:
                said = str(error)
        if not said:
            break
        assert "The connection has ended, and with it" in said
        assert both.pg.execute(HISTORY).fetchall() == known
    assert 5 < calls < 19
    monkeypatch.undo()
    assert both.pg.execute(HISTORY).fetchall() != known
    both.pg.execute("drop role if exists reader")
    both.pg.execute("create role reader; grant select on sales to reader")
    both.pg.execute("grant usage on schema segments to reader; set role reader")
    try:
        with pytest.raises(SegmenterError, match="also makes a schema segments_internal"):
            both.there.refresh(session=both.pg)
    finally:
        both.pg.execute("reset role; drop owned by reader; drop role reader")


@pytest.mark.parametrize(
    ("mine", "message"),
    [
        ("table segments_internal.snapshots (mine int)", "which Segmenter did not make"),
        ("view segments.customer_segments_history as select 1 as mine", "did not make"),
        (
            "table segments_internal.snapshots (model_id int, fitted_at timestamp, "
            "refreshed_at timestamp, customers bigint, newest_order_at timestamp)",
            "has some of the tables",
        ),
    ],
)
def test_what_somebody_else_made_stays(store, sales, tmp_path, mine, message):
    file = tmp_path / "model.duckdb"
    segmenter.fit(store, sales, model_file=file)
    store.execute("create schema segments_internal")
    store.execute(f"create {mine}")
    with pytest.raises(SegmenterError, match=message):
        segmenter.open(file).refresh(session=store)
    (tables,) = store.execute(
        "select count(*) from pg_class where relnamespace = 'segments_internal'::regnamespace"
    ).fetchone()
    assert tables == mine.startswith("table")


def test_a_model_of_points_has_no_customers(store, server, tmp_path):
    file = tmp_path / "model.duckdb"
    store.execute("create table pts as select 1.0::float8 * i as monetary, 1 as frequency, "
                  "1 as customers from generate_series(1, 50) as t(i)")  # fmt: skip
    segmenter.fit(store, segmenter.Source(points="pts"), model_file=file)
    with pytest.raises(InputError, match="anonymous points, so there are no customers"):
        segmenter.open(file).refresh(session=store)
    dsn = psycopg.conninfo.make_conninfo(server, dbname="scratch")
    with pytest.raises(InputError, match="anonymous points, so no customers were published"):
        app(["segments", str(file), "--dsn", dsn], standalone_mode=False)
