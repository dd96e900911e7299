"""The same fit on DuckDB, on Spark in local mode and in PostgreSQL, over the same rows.

Each run is a process of its own. On Spark the executors live in the driver's process, so that what
is told of it is the memory of the Python driver, which must not grow with the transactions, and
that of the JVM is held at its limit; of PostgreSQL it is the client's. Model and segment of every
customer are compared to the last bit.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

import segmenter
from benchmarks.generator import write_parquet
from benchmarks.measuring import Figure, Row, Scale, alone, measured, missing

if TYPE_CHECKING:
    import psycopg

SIZES = {
    "small": ((1_000_000, 100_000),),
    "full": (
        (1_000_000, 100_000),
        (10_000_000, 100_000),
        (10_000_000, 1_000_000),
        (20_000_000, 2_000_000),
        (50_000_000, 5_000_000),
    ),
}
"""Rows and customers: both grow, and then only one of them."""

IN_POSTGRES = 20_000_000
"""More rows than this are not loaded into PostgreSQL, which takes longer than the fit."""
DRIVER_MEMORY = "4g"
FILES = 8
QUIET = "set enable_progress_bar = false"

_CUSTOMERS = """
    select customer_id, monetary, frequency, is_whale, segment, segment_rank, lifecycle
    from {}customer_segments
"""


def measure(scale: Scale) -> Iterator[Row]:
    """Time all of them at each size."""
    for rows, customers in SIZES[scale]:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
            folder = Path(name)
            _write(folder, rows, customers)
            here, expected = alone(_on_duckdb, folder)
            ours = Row("engines", f"fit, {customers:,} customers", rows, "rows", here)
            yield _beside(ours, "Spark", "pyspark", _on_spark, folder, expected)
            if rows <= IN_POSTGRES:
                yield _beside(ours, "PostgreSQL", "pgserver", _in_postgres, folder, expected)


def _beside(ours: Row, engine: str, package: str, run: Any, folder: Path, expected: str) -> Row:
    absent = missing(package).replace("[bench]", "[dev]")
    row = replace(ours, peer=engine, note=absent)
    if absent:
        return row
    there, found = alone(run, folder)
    assert found == expected, f"the models or segments of {engine} differ"
    note = "ours too: the same model and segments, to the last bit"
    return replace(row, theirs=there, note=note)


def _write(folder: Path, rows: int, customers: int) -> None:
    """Write the generated sales as several files."""
    whole = folder / "whole.parquet"
    alone(write_parquet, whole, rows, customers)
    sales = folder / "sales"
    sales.mkdir()
    with duckdb.connect() as con:
        con.execute(QUIET)
        for part in range(FILES):
            con.execute(
                f"copy (from '{whole}' where hash(invoice_no) % {FILES} = {part}) "
                f"to '{sales}/{part}.parquet'"
            )
    whole.unlink()


def _source(transactions: str) -> segmenter.Source:
    return segmenter.Source(
        transactions=transactions,
        customer="customer_id",
        amount="amount",
        order="invoice_no",
        date="ordered_at",
    )


def _on_duckdb(folder: Path) -> tuple[Figure, str]:
    models: list[segmenter.Model] = []
    source = _source(f"{folder}/sales/*.parquet")
    with duckdb.connect(str(folder / "duckdb.duckdb")) as con:
        con.execute(f"{QUIET}; set memory_limit = '4GB'")
        figure = measured(lambda: models.append(segmenter.fit(con, source)))
        con.execute(f"copy ({_CUSTOMERS.format('segments.')}) to '{folder}/here.parquet'")
    return figure, _fingerprint(models[0], f"{folder}/here.parquet")


def _on_spark(folder: Path) -> tuple[Figure, str]:
    from segmenter.engines.spark import start_spark

    conf = {
        "spark.driver.memory": DRIVER_MEMORY,
        "spark.local.dir": str(folder),
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "8",
    }
    session = start_spark("local[*]", conf)
    models: list[segmenter.Model] = []
    file, source = folder / "spark.duckdb", _source(f"{folder}/sales/*.parquet")
    figure = measured(lambda: models.append(segmenter.fit(session, source, model_file=str(file))))
    session.sql(_CUSTOMERS.format("")).write.parquet(f"{folder}/spark")
    session.stop()
    return figure, _fingerprint(models[0], f"{folder}/spark/*.parquet")


def _in_postgres(folder: Path) -> tuple[Figure, str]:
    models: list[segmenter.Model] = []
    with _postgres() as con:
        _load(con, folder)
        figure = measured(
            lambda: models.append(
                segmenter.fit(con, _source("sales"), model_file=str(folder / "postgres.duckdb"))
            )
        )
        query = _CUSTOMERS.format("segments.")
        with (
            con.cursor().copy(f"copy ({query}) to stdout (format csv, header)") as rows,
            (folder / "postgres.csv").open("wb") as file,
        ):
            for block in rows:
                file.write(block)
    return figure, _fingerprint(models[0], f"{folder}/postgres.csv")


@contextmanager
def _postgres() -> Iterator[psycopg.Connection[Any]]:
    """Start a PostgreSQL of our own, away from folders that only their owner may enter."""
    import pgserver
    import psycopg

    with tempfile.TemporaryDirectory(prefix="segmenter-", ignore_cleanup_errors=True) as data:
        server = pgserver.get_server(Path(data) / "data", cleanup_mode="delete")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as con:
                yield con
        finally:
            server.cleanup()


def _load(con: psycopg.Connection[Any], folder: Path) -> None:
    """Load the generated sales into the table ``sales``."""
    con.execute(
        "create table sales (customer_id bigint, invoice_no bigint, amount numeric(18, 2), "
        "ordered_at timestamp)"
    )
    duckdb.execute(QUIET)
    for part in range(FILES):
        csv = folder / "part.csv"
        duckdb.sql(
            f"copy (select customer_id, invoice_no, amount, ordered_at "
            f"from '{folder}/sales/{part}.parquet') to '{csv}' (header false)"
        )
        with (
            con.cursor().copy("copy sales from stdin (format csv)") as copy,
            csv.open("rb") as rows,
        ):
            while block := rows.read(1 << 20):
                copy.write(block)
        csv.unlink()
    con.execute("analyze sales")


def _fingerprint(model: segmenter.Model, customers: str) -> str:
    """Return what differs when a bit of cut, points, labels, rules or customers does.

    Parameters
    ----------
    model : Model
    customers : str
        File, or files, with the rows of ``customer_segments`` in any order.
    """
    digest = sha256(repr((model.monetary_cut, model.frequency_cut, model.segments)).encode())
    points, rules = model.points, model.rules
    for column in (
        points.cents,
        points.frequency,
        points.customers,
        model.segmentation.codes,
        rules.frequency_from,
        rules.cents_from,
        rules.segment,
    ):
        digest.update(column.tobytes())
    duckdb.execute(QUIET)
    found = duckdb.sql(
        f"""
        select count(*), sum(hash(
            customer_id::bigint, monetary::double, frequency::bigint, is_whale::boolean,
            segment::varchar, segment_rank::integer, lifecycle::varchar
        ))
        from '{customers}'
        """
    ).fetchall()
    digest.update(repr(found).encode())
    return digest.hexdigest()
