"""Engines that exported scripts are executed on: a small class each, all asked in the same way."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import sqlite3
import sys
from abc import ABC, abstractmethod

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from segmenter import Model
from segmenter.engines.ddl import write
from segmenter.operations.model_functions import model_function
from tests.clients.conftest import copy_table

__all__ = ["ENGINES", "OBJECTS", "Engine", "check_views", "started"]

OBJECTS = (
    "transactions",
    "customer_profile",
    "customer_segments",
    "segment_summary",
    "segment_rules",
    "segment_lines",
    "customer_upgrades",
    "drift_bins",
    "drift",
)
"""The views of a script."""


class Engine(ABC):
    """A warehouse with nothing in it; ``load``, ``run`` and ``rows`` are all that a test needs."""

    dialect: str
    place: str
    """What is executed, in the words of the page."""
    call: str | None = "segments.classify_segment(m, f)"
    """The function's call; None where there is none and views hold the expression."""
    explanation: str = "no"
    """What ``explain_segment`` gives, if there is one."""
    error: type[Exception] = Exception
    """What a number raises that has no room."""
    has_decimals = True
    """Whether a DECIMAL is counted with as one."""

    @abstractmethod
    def run(self, script: str) -> None:
        """Run a script of several statements."""

    @abstractmethod
    def rows(self, query: str) -> list[tuple]:
        """Return the rows of a query."""

    @abstractmethod
    def load(self, con: duckdb.DuckDBPyConnection, table: str) -> None:
        """Copy a table of DuckDB."""

    def view(self, name: str) -> str:
        """Return what a view of ours is called."""
        return f"segments.{name}"

    def read(self, value: object) -> object:
        """Return a value of DuckDB as it is read from here."""
        return value

    def classified(self, model: Model) -> list[str | None]:
        """Return the segment of each row of the table ``probe``."""
        if self.call is not None:
            return [row[0] for row in self.rows(f"select {self.call} from probe order by id")]
        expression = write(model_function(model, self.dialect), self.dialect)
        profiles = "select id, m as monetary, f as frequency from probe"
        query = f"select {expression} from ({profiles}) as profiles order by id"
        return [row[0] for row in self.rows(query)]


class DuckDB(Engine):
    dialect = "duckdb"
    place = "in the process"
    call = "classify_segment(m, f)"
    explanation = "a STRUCT"

    def __init__(self, request):
        self.con = duckdb.connect()
        request.addfinalizer(self.con.close)

    def run(self, script):
        self.con.execute(script)

    def rows(self, query):
        return self.con.execute(query).fetchall()

    def load(self, con, table):
        self.con.register("copied", con.table(table).arrow())
        self.con.execute(f"create table {table} as from copied")
        self.con.unregister("copied")


class Postgres(Engine):
    dialect = "postgres"
    place = "a server"
    explanation = "a jsonb"

    def __init__(self, request):
        self.pg = request.getfixturevalue("database")
        self.folder = request.getfixturevalue("tmp_path")

    def run(self, script):
        self.pg.execute(script)

    def rows(self, query):
        return self.pg.execute(query).fetchall()

    def load(self, con, table):
        copy_table(con, self.pg, table, self.folder)


class SQLite(Engine):
    dialect = "sqlite"
    place = "in the process, Python's SQLite"
    call = None
    error = sqlite3.OperationalError
    has_decimals = False

    def __init__(self, request):
        self.con = sqlite3.connect(":memory:", isolation_level=None)
        request.addfinalizer(self.con.close)

    def run(self, script):
        try:
            self.con.executescript(script)
        except sqlite3.Error:
            self.con.rollback()  # as the shell does that ends
            raise

    def rows(self, query):
        return self.con.execute(query).fetchall()

    def view(self, name):
        return f"segments_{name}"

    def load(self, con, table):
        described = con.execute(f"describe {table}").fetchall()
        columns = ", ".join(f'"{row[0]}" {row[1]}' for row in described)
        self.con.execute(f"create table {table} ({columns})")
        places = ", ".join("?" * len(described))
        rows = con.execute(f"from {table}").fetchall()
        self.con.execute("begin")
        values = ([self.read(value) for value in row] for row in rows)
        self.con.executemany(f"insert into {table} values ({places})", values)
        self.con.execute("commit")

    def read(self, value):
        if isinstance(value, dt.datetime):
            text = value.isoformat(" ")
            return text.rstrip("0") if value.microsecond else text
        if isinstance(value, decimal.Decimal):
            return float(value)
        return value.isoformat() if isinstance(value, dt.date) else value


class ClickHouse(Engine):
    dialect = "clickhouse"
    place = "in the process, chDB"
    call = "classify_segment(m, f)"

    def __init__(self, request):
        self.session = request.getfixturevalue("clickhouse")
        self.folder = request.getfixturevalue("tmp_path")
        for name in ("segments", "default"):
            self.session.query(f"drop database if exists {name} sync")
        self.session.query("create database default")

    def run(self, script):
        for statement in script.rstrip().removesuffix(";").split(";\n"):
            self.session.query(statement)

    def rows(self, query):
        answer = self.session.query(query, "Arrow").bytes()
        table = pa.ipc.open_file(answer).read_all()
        return [tuple(map(_plain, row.values())) for row in table.to_pylist()]

    def load(self, con, table):
        file = self.folder / f"{table}.parquet"
        con.execute(f"copy {table} to '{file}'")
        kind = "engine = MergeTree order by tuple()"
        self.session.query(f"create table {table} {kind} as from file('{file}')")


class MySQL(Engine):
    dialect = "mysql"
    place = "a server, MariaDB"

    def __init__(self, request):
        server = request.getfixturevalue("mariadb")
        server.execute("drop database if exists segments", "create or replace database shop")
        self.con = server.connect("shop")
        request.addfinalizer(self.con.close)

    def run(self, script):
        for statement in script.rstrip().removesuffix(";").split(";\n"):
            self.rows(statement)

    def rows(self, query):
        with self.con.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def read(self, value):
        is_infinite = isinstance(value, float) and math.isinf(value)
        return math.copysign(sys.float_info.max, value) if is_infinite else value

    def load(self, con, table):
        kinds = {"VARCHAR": "varchar(100)", "TIMESTAMP": "datetime(6)", "HUGEINT": "bigint"}
        described = con.execute(f"describe {table}").fetchall()
        columns = ", ".join(f"`{row[0]}` {kinds.get(row[1], row[1])}" for row in described)
        self.rows(f"create table {table} ({columns})")
        rows = con.execute(f"from {table}").fetchall()
        places = ", ".join(["%s"] * len(described))
        with self.con.cursor() as cursor:
            values = [[_finite(value) for value in row] for row in rows]
            cursor.executemany(f"insert into {table} values ({places})", values)


def _finite(value):
    """Return a number that MySQL can hold, NULL for others."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value):
    """Return a text as one, and a moment as a time in UTC."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None)
    return value.decode() if isinstance(value, bytes) else value


_CLASSES = (DuckDB, Postgres, SQLite, ClickHouse, MySQL)

ENGINES: dict[str, type[Engine]] = {each.dialect: each for each in _CLASSES}


def started(request: pytest.FixtureRequest, dialect: str) -> Engine:
    """Return an engine that is empty, and goes with the test."""
    return ENGINES[dialect](request)


HERE = {
    "transactions": "from segments_internal.transactions",
    "drift_bins": "from segments_internal.drift_bins",
    "drift": "select metric, value, threshold, is_drifted from segments.drift "
    "where metric <> 'overall'",
}
"""What DuckDB is asked where its view has another place, or more to say."""

MEASURED = {"segment_summary": 3, "drift_bins": 6, "drift": 1}
"""Views with shares and means, and how many columns come before them."""


def check_views(engine, con, views=OBJECTS):
    """Compare views, all of their columns, with DuckDB's; shares and means to 12 digits."""
    for name in views:
        there = engine.rows(f"select * from {engine.view(name)}")
        here = con.execute(HERE.get(name, f"from segments.{name}")).fetchall()
        read = [tuple(engine.read(value) for value in row) for row in here]
        if name == "transactions" and not engine.has_decimals:  # as the profile counts them
            there, read = ([_in_ten_thousandths(row) for row in rows] for rows in (there, read))
        there, read = (sorted(rows, key=_key) for rows in (there, read))
        if name in MEASURED:
            exact = MEASURED[name]
            assert [row[:exact] for row in there] == [row[:exact] for row in read]
            numbers, known = (
                [value if value is None else float(value) for row in rows for value in row[exact:]]
                for rows in (there, read)
            )
            assert numbers == pytest.approx(known, rel=1e-12, abs=1e-15), name
        else:
            assert there == read, name


def _key(row):
    return [(value is not None, "" if value is None else str(value)) for value in row]


def _in_ten_thousandths(row):
    return tuple(np.floor(v * 10_000 + 0.5) if isinstance(v, float) else v for v in row)
