"""A file that the command line fitted to Online Retail; servers and a Spark of our own."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tempfile
from importlib.resources import files
from pathlib import Path

import duckdb
import psycopg
import pytest

import segmenter
from segmenter.cli.app import app
from tests.clients.mariadb import start_mariadb
from tests.clients.tls_postgres import start_tls_postgres

COLUMNS = {"customer": "customer_id", "amount": "amount", "order": "order_id", "date": "sold_at"}
"""How the small shop is read."""

RETAIL = str(files("segmenter.data") / "online_retail.parquet")


class Shop:
    """The file, its model, and what DuckDB in this process reads from it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self.connect() as con:
            self.model = segmenter.load(con)

    def connect(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.path), read_only=True)

    def rows(self, query: str) -> list[tuple]:
        with self.connect() as con:
            return con.execute(query).fetchall()


@pytest.fixture(scope="session")
def retail(tmp_path_factory):
    path = tmp_path_factory.mktemp("shop") / "shop.duckdb"
    words = ["fit", str(path), "--transactions", RETAIL, "--customer", "CustomerID", "--quiet"]
    words += ["--amount", "Quantity * UnitPrice", "--order", "InvoiceNo", "--date", "InvoiceDate"]
    with contextlib.redirect_stdout(io.StringIO()):
        app(words, standalone_mode=False)
    return Shop(path)


@pytest.fixture(scope="session")
def server():
    """A PostgreSQL of its own, away from pytest's folders, which only their owner may enter."""
    folder = Path(tempfile.mkdtemp(prefix="segmenter-"))
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "XDG_RUNTIME_DIR", str(runtime))
        pgserver = pytest.importorskip("pgserver", reason="pgserver ends at Python 3.12")
        started = pgserver.get_server(folder / "data", cleanup_mode="delete")
        yield started.get_uri()
        started.cleanup()
    shutil.rmtree(folder)


@pytest.fixture
def database(server):
    """A PostgreSQL database for one test."""
    with psycopg.connect(server, autocommit=True) as pg:
        # After a commit that failed, DuckLake may keep its session until this process ends.
        pg.execute("drop database if exists scratch with (force)")
        pg.execute("create database scratch")
    with psycopg.connect(server, dbname="scratch", autocommit=True) as pg:
        yield pg


@pytest.fixture(scope="session")
def mariadb():
    """A MariaDB of its own."""
    with start_mariadb() as server:
        yield server


@pytest.fixture(scope="session")
def tls_postgres():
    """A PostgreSQL of its own that speaks TLS alone."""
    with start_tls_postgres() as server:
        yield server


def copy_table(con, pg, name, folder):
    """Copy a table of DuckDB to PostgreSQL, in another order."""
    kinds = con.execute(f"describe {name}").fetchall()
    written = {"DOUBLE": "float8", "VARCHAR": "text"}
    columns = ", ".join(f'"{row[0]}" {written.get(row[1], row[1])}' for row in kinds)
    pg.execute(f"create table {name} ({columns})")
    file = folder / f"{name}.csv"
    con.execute(f"copy (from {name} order by hash({kinds[0][0]}), 2) to '{file}' (header false)")
    with (
        pg.cursor().copy(f"copy {name} from stdin (format csv)") as copy,
        file.open("rb") as rows,
    ):
        while block := rows.read(1 << 20):
            copy.write(block)


@pytest.fixture
def store(database, shop, tmp_path):
    """A PostgreSQL with the small shop."""
    copy_table(shop, database, "sales", tmp_path)
    return database


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory):
    """ClickHouse in this process, which can hold one."""
    from chdb.session import Session

    session = Session(str(tmp_path_factory.mktemp("clickhouse")))
    yield session
    session.close()


QUICK = {
    # Nothing runs for long; yet with one tier the default room for compiled code is soon full.
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m",
    "spark.sql.adaptive.enabled": "false",  # a job for each query, not for each of its stages
    "spark.sql.shuffle.partitions": 3,
    "spark.ui.enabled": "false",
}
"""Settings of Spark for small tables."""


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """A Spark in this process, started once; a task may fail three times, and has no Python."""
    from pyspark.sql import SparkSession

    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        pytest.skip("there is no Java on this machine")
    folder = tmp_path_factory.mktemp("spark")
    settings = {
        **QUICK,
        "spark.driver.memory": "2g",
        "spark.local.dir": folder,
        "spark.log.level": "OFF",
        "spark.sql.warehouse.dir": folder / "warehouse",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master("local[2, 4]").appName("tests")
    for name, value in settings.items():
        builder = builder.config(name, str(value))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", "false")
        session = builder.getOrCreate()
    yield session
    session.stop()


@pytest.fixture
def lake(shop, tmp_path):
    """The small shop as Parquet files, in another order."""
    folder = tmp_path / "lake"
    folder.mkdir()
    for part in range(3):
        shop.execute(
            "copy (select * from sales where order_id % 3 = $1 order by hash(order_id)) "
            f"to '{folder}/part{part}.parquet'",
            [part],
        )
    return folder
