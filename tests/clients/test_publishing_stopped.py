"""Publishing to PostgreSQL that stops half-way: what was there or all that is new, and a word."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

import segmenter
from segmenter import SegmenterError, Source
from segmenter.operations.publishing import postgres
from tests.clients.test_published import READ
from tests.combinations import first_in_gate
from tests.datasets import SHOP

ROOT = Path(__file__).parent.parent.parent

SALES = Source(
    transactions="sales", customer="customer_id", amount="amount", order="order_id", date="sold_at"
)

KILLED = """
import os, signal, sys
import psycopg
import segmenter
from segmenter import stopping
from segmenter.operations import publish
from segmenter.operations.publishing import postgres  # loaded once for all children

file, dsn = sys.argv[1:]
calls = 0


def counted(function, point):
    def call(*values, **named):
        global calls
        calls += 1
        if calls == point:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*values, **named)

    return call


def publish(point):
    if point:
        for kind, name in ((psycopg.Connection, "execute"), (psycopg.Copy, "write")):
            setattr(kind, name, counted(getattr(kind, name), point))
    else:
        stopping.note_stored = counted(stopping.note_stored, 1)
    segmenter.open(file, wait=60).publish(dsn)


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        publish(int(line))
        print(calls, flush=True)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""
"""Publishes for each number that it reads, and is killed before so many statements; of 0 after the
commit. Answers with the exit code, before it the number of statements where nobody was killed."""

NEVER = 100_000


@pytest.fixture
def home(tmp_path):
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as con:
        con.execute(SHOP)
    db = segmenter.open(tmp_path / "shop.duckdb")
    db.fit(SALES)
    return db


@pytest.fixture
def dsn(server, database):
    return server.replace("/postgres?", "/scratch?")


def add_customer(path):
    with duckdb.connect(str(path)) as con:
        con.execute("insert into sales values (900, 900, 70, '2024-05-01')")


@first_in_gate("tenths", [(2, 5, 9), range(1, 10)], ids=["some", "all"])
def test_who_is_killed_leaves_old_or_new_and_the_next_does_the_work(
    home, dsn, database, tmp_path, tenths
):
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    def read():
        return database.execute(READ).fetchone()[0]

    with subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path / "shop.duckdb", dsn],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        text=True,
    ) as process:

        def publish(point):
            process.stdin.write(f"{point}\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        statements = publish(NEVER)
        assert process.stdout.readline() == "0\n"
        before = read()
        add_customer(tmp_path / "shop.duckdb")
        for tenth in tenths:
            assert publish(statements * tenth // 10) == -signal.SIGKILL
            assert read() == before, tenth
        assert publish(0) == -signal.SIGKILL
        after = read()
        assert after.split("|")[2] == "61"
        add_customer(tmp_path / "shop.duckdb")
        assert publish(NEVER) > 0
        assert process.stdout.readline() == "0\n"
        assert read() not in (before, after)
        process.communicate()
    assert os.listdir(temporary) == []


def test_a_server_whose_disk_is_full_keeps_what_it_has(home, dsn, database, tmp_path):
    home.publish(dsn)
    before = database.execute(READ).fetchone()
    database.execute(
        """
        create function full_disk() returns trigger language plpgsql as $$ begin
            raise exception 'could not extend file "base/5/1259": No space left on device'
                using errcode = 'disk_full', hint = 'Check free disk space.';
        end $$;
        create trigger full_disk before insert on segments.customer_upgrades
            for each statement execute function full_disk();
        """
    )
    add_customer(tmp_path / "shop.duckdb")
    with pytest.raises(SegmenterError, match=r"No space left on device.* what was there before st"):
        home.publish(dsn)
    assert database.execute(READ).fetchone() == before
    database.execute("drop trigger full_disk on segments.customer_upgrades")
    home.publish(dsn)
    assert database.execute(READ).fetchone() != before


def test_no_room_for_the_draft_is_a_sentence_about_temporary_files(
    home, dsn, database, tmp_path, monkeypatch
):
    home.publish(dsn)
    before = database.execute(READ).fetchone()
    add_customer(tmp_path / "shop.duckdb")
    temporary = tmp_path / "temporary"
    advice = rf"{temporary} cannot be written: .* name another folder for temporary files in TMPDIR"
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with pytest.raises(SegmenterError, match=advice):
        home.publish(dsn)
    temporary.mkdir()
    fill = postgres._Filling.fill

    def without_room(self, publication):
        self.folder = self.folder / "gone"
        fill(self, publication)

    monkeypatch.setattr(postgres._Filling, "fill", without_room)
    with pytest.raises(SegmenterError, match=advice):
        home.publish(dsn)
    assert database.execute(READ).fetchone() == before
    assert os.listdir(temporary) == []


def test_a_newer_model_there_is_not_replaced(home, dsn, database):
    home.publish(dsn)
    database.execute(
        "update segments.publication set fitted_at = fitted_at + interval '1 day', model_id = 7"
    )
    with pytest.raises(SegmenterError, match=r"has model 7, .* after all models of this database"):
        home.publish(dsn)
    home.publish(dsn, overwrite=True)
    assert database.execute(READ).fetchone()[0].startswith("1|1|60|")
