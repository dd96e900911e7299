"""Sessions of PostgreSQL: however they are set, whoever else works there, and when they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import duckdb
import psycopg
import pytest

import segmenter
from segmenter import SegmenterError, Settings, Source
from segmenter.engines.postgres import Postgres
from segmenter.engines.postgres_connection import connect_postgres
from segmenter.engines.postgres_publishing import Publisher
from tests.clients.alike import CUSTOMERS, check_same_model
from tests.clients.test_postgres_engine import objects, segments
from tests.combinations import first_in_gate

KILLED = """
import os, signal, sys
import psycopg, segmenter
from segmenter.engines.postgres_publishing import Publisher

def dying(self, names):
    real(self, list(names)[:2])
    os.kill(os.getpid(), signal.SIGKILL)

real, Publisher._create = Publisher._create, dying
dsn, file = sys.argv[1:]
source = segmenter.Source(transactions="sales", customer="customer_id", amount="amount")
segmenter.fit(psycopg.connect(dsn), source, model_file=file)
"""


def test_a_killed_fit_leaves_nothing_and_a_restart_completes(store, server, tmp_path):
    dsn = psycopg.conninfo.make_conninfo(server, dbname="scratch")
    file = tmp_path / "model.duckdb"
    words = [sys.executable, "-c", KILLED, dsn, str(file)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run(words, env=env, timeout=120).returncode == -signal.SIGKILL
    assert objects(store) == 0
    with duckdb.connect(str(file)) as con:
        assert not con.execute("select * from duckdb_tables()").fetchall()
    source = Source(transactions="sales", customer="customer_id", amount="amount")
    assert segmenter.fit(store, source, model_file=file).model_id == 1
    assert objects(store) > 0


def test_a_missing_permission_is_named(store, sales, server):
    store.execute("drop role if exists reader")
    store.execute("create role reader login")
    with psycopg.connect(server, dbname="scratch", user="reader") as pg:
        with pytest.raises(SegmenterError, match=r"permission denied for table sales.*Ask for"):
            segmenter.fit(pg, sales)
        store.execute("grant select on sales to reader")
        with pytest.raises(SegmenterError, match=r"permission denied .* nothing was published"):
            segmenter.fit(pg, sales)
    assert objects(store) == 0
    store.execute("drop owned by reader; drop role reader")


def test_the_connection_is_as_it_was(store, sales):
    assert store.autocommit
    segmenter.fit(store, sales)
    assert store.autocommit
    assert store.isolation_level is None
    with store.transaction(), pytest.raises(SegmenterError, match="inside a transaction"):
        segmenter.fit(store, sales)


@first_in_gate(
    "setting",
    [
        "client_encoding='latin1'",
        "extra_float_digits=-3",
        "timezone='Asia/Tokyo'",
        "standard_conforming_strings=off",
    ],
    first=2,
)
def test_whatever_the_session_is_set_to(store, shop, sales, setting):
    odd = {"amount": "amount / 3.0 + case when 'Ü' = 'Ü' then 1 else 0 end"}
    odd["where"] = r"regexp_matches(order_id::varchar, '^\d+$')"
    odd["order"] = "order_id::varchar || date_trunc('month', sold_at::date)"
    odd["date"] = "strptime(strftime(sold_at, '%Y-%m-%d'), '%Y-%m-%d')"
    settings = Settings(names=("Größte", "Mittel", "Kleine"))
    expected = segmenter.fit(shop, replace(sales, **odd), settings)
    store.execute(f"set {setting}")
    check_same_model(segmenter.fit(store, replace(sales, **odd), settings), expected)
    assert (
        setting.split("=")[1].strip("'").upper()
        in store.execute(f"show {setting.split('=')[0]}").fetchone()[0].upper()
    )
    store.execute("set client_encoding='utf8'")
    query = CUSTOMERS.format("segments.")
    assert store.execute(query).fetchall() == shop.execute(query).fetchall()


def test_whatever_the_connection_s_cursors_are(store, server, sales):
    from psycopg.rows import dict_row

    expected = segmenter.fit(store, sales)
    for options in ({"row_factory": dict_row}, {"cursor_factory": psycopg.RawCursor}):
        with psycopg.connect(server, dbname="scratch", **options) as pg:
            check_same_model(segmenter.fit(pg, sales), expected)
    with (
        psycopg.connect(server, dbname="scratch") as pg,
        pg.pipeline(),
        pytest.raises(SegmenterError, match="in a pipeline"),
    ):
        segmenter.fit(pg, sales)


def test_two_fits_at_once(store, server, sales, monkeypatch):
    real = Publisher._create
    dsn = psycopg.conninfo.make_conninfo(server, dbname="scratch")
    program = (
        "import psycopg, segmenter, sys\n"
        "source = segmenter.Source(transactions='sales', customer='customer_id', amount='amount')\n"
        "segmenter.fit(psycopg.connect(sys.argv[1]), source)"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    others = []

    def slow(self, names):
        if not others:
            words = [sys.executable, "-c", program, dsn]
            others.append(subprocess.Popen(words, env=env, stderr=subprocess.PIPE, text=True))
            waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
            with psycopg.connect(server, dbname="scratch", autocommit=True) as pg:
                while not pg.execute(waiting).fetchone()[0] and others[0].poll() is None:
                    time.sleep(0.05)
        real(self, names)

    monkeypatch.setattr(Publisher, "_create", slow)
    segmenter.fit(store, sales)
    _, err = others[0].communicate(timeout=60)
    assert not others[0].returncode, err
    assert len(segments(store)) == 3


def test_a_connection_that_ends_is_a_sentence(store, server, sales, monkeypatch):
    real = Postgres.create

    def ending(self, name, query, kind):
        if name == "profile_cut":
            with psycopg.connect(server, dbname="scratch", autocommit=True) as pg:
                pg.execute("select pg_terminate_backend(%s)", [self.con.info.backend_pid])
        real(self, name, query, kind)

    monkeypatch.setattr(Postgres, "create", ending)
    with (
        psycopg.connect(server, dbname="scratch") as pg,
        pytest.raises(SegmenterError, match="terminating connection"),
    ):
        segmenter.fit(pg, sales)
    assert objects(store) == 0


def test_a_read_only_connection_is_a_sentence(store, sales):
    store.execute("set default_transaction_read_only = on")
    with pytest.raises(SegmenterError, match=r"read-only.*default_transaction_read_only = off"):
        segmenter.fit(store, sales)


def test_an_unreachable_database(tmp_path):
    with pytest.raises(SegmenterError, match=r"cannot be reached.*the dsn"):
        connect_postgres(f"host={tmp_path} dbname=none")


def test_without_the_driver_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(SegmenterError, match=r"pip install 'duckdb-segmenter\[postgres\]'"):
        connect_postgres("")
