"""The same fit on DuckDB and on Spark in local mode, over the same Parquet files.

Each run is a process of its own. On Spark the executors live in the driver's process, so that what
is told of it is the memory of the Python driver, which must not grow with the transactions, and
that of the JVM, which is held at its limit. The two models are compared to the last bit.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import duckdb

import segmenter
from benchmarks.generator import write_parquet
from benchmarks.measuring import Figure, Row, Scale, alone, measured, missing

SIZES = {"small": (1_000_000,), "full": (1_000_000, 10_000_000, 20_000_000, 50_000_000)}
ROWS_PER_CUSTOMER = 10
DRIVER_MEMORY = "4g"
FILES = 8


def measure(scale: Scale) -> Iterator[Row]:
    """Time both at each size."""
    absent = missing("pyspark").replace("[bench]", "[spark]")
    for rows in SIZES[scale]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            _write(folder, rows)
            here, expected = alone(_on_duckdb, folder)
            if absent:
                yield Row("engines", "DuckDB", rows, "rows", here, "Spark", note=absent)
                continue
            there, found = alone(_on_spark, folder)
            assert found == expected, "the models differ"
            note = "Spark is ours too: the same model, to the last bit"
            details = {"driver_memory": there.memory}
            yield Row(
                "engines", "fit of Parquet", rows, "rows", here, "Spark", there, note, details
            )


def _write(folder: Path, rows: int) -> None:
    """Write the generated sales as several files."""
    whole = folder / "whole.parquet"
    alone(write_parquet, whole, rows, rows // ROWS_PER_CUSTOMER)
    sales = folder / "sales"
    sales.mkdir()
    with duckdb.connect() as con:
        for part in range(FILES):
            con.execute(
                f"copy (from '{whole}' where hash(invoice_no) % {FILES} = {part}) "
                f"to '{sales}/{part}.parquet'"
            )
    whole.unlink()


def _source(folder: Path) -> segmenter.Source:
    return segmenter.Source(
        transactions=f"{folder}/sales/*.parquet",
        customer="customer_id",
        amount="amount",
        order="invoice_no",
        date="ordered_at",
    )


def _on_duckdb(folder: Path) -> tuple[Figure, str]:
    models: list[segmenter.Model] = []
    with duckdb.connect(str(folder / "duckdb.duckdb")) as con:
        con.execute("set memory_limit = '4GB'")
        figure = measured(lambda: models.append(segmenter.fit(con, _source(folder))))
    return figure, _fingerprint(models[0])


def _on_spark(folder: Path) -> tuple[Figure, str]:
    from segmenter.spark import start_spark

    conf = {
        "spark.driver.memory": DRIVER_MEMORY,
        "spark.local.dir": str(folder),
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "8",
    }
    session = start_spark("local[*]", conf)
    models: list[segmenter.Model] = []
    file = folder / "spark.duckdb"
    figure = measured(
        lambda: models.append(segmenter.fit(session, _source(folder), model=str(file)))
    )
    session.stop()
    return figure, _fingerprint(models[0])


def _fingerprint(model: segmenter.Model) -> str:
    """Return what differs when a bit of cut, points, labels or rules does."""
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
    return digest.hexdigest()
