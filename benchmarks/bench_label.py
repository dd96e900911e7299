"""``segmenter label`` beside a plain COPY of the same file, Parquet to Parquet.

The model is that of the bundled Online Retail. The plain copy reads and writes the same columns,
with the same compression (zstd) and with DuckDB's default (snappy). Rounds alternate, each in a
process of its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

import segmenter
from benchmarks.measuring import Figure, Row, Scale, alone, measured, together
from segmenter.operations.label import label_profiles
from segmenter.sources.files import InputFile
from segmenter.sources.output_files import OutputFile
from tests.datasets import load_dataset

ROWS = {"small": 1_000_000, "full": 10_000_000}
REPEAT = {"small": 3, "full": 5}

PROFILES = """
    copy (
        select
            i as customer_id,
            round(exp(6 + 1.3 * sqrt(-2 * ln(1 - u)) * cos(2 * pi() * v)), 2) as monetary,
            floor(exp(1.2 * abs(sqrt(-2 * ln(1 - v)) * cos(2 * pi() * w))))::bigint as frequency,
            timestamp '2024-01-01' + to_seconds((u * 3e7)::bigint) as last_order_at,
            'country ' || (w * 200)::bigint as country
        from (
            select i, hash(i) / 2e19 as u, hash(i + 1e9::bigint) / 2e19 as v,
                hash(i + 2e9::bigint) / 2e19 as w
            from range($1) as t(i)
        )
    ) to '{target}' (format parquet)
"""


def measure(scale: Scale) -> Iterator[Row]:
    """Time labelling and both copies, in turn."""
    found: dict[str, list[Figure]] = {"label": [], "zstd": [], "snappy": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        alone(_prepare, folder, ROWS[scale])
        for _ in range(REPEAT[scale]):
            for kind, figures in found.items():
                figures.append(alone(_label if kind == "label" else _copy, folder, kind))
    ours = together(found.pop("label"))
    for kind, figures in found.items():
        peer = f"DuckDB COPY, {kind}"
        yield Row("label", "Parquet to Parquet", ROWS[scale], "rows", ours, peer, together(figures))


def _prepare(folder: Path, rows: int) -> None:
    """Fit a model and write the profiles that it labels."""
    with duckdb.connect(str(folder / "model.duckdb")) as con:
        con.execute("set enable_progress_bar = false")
        segmenter.fit(con, load_dataset(con, "online_retail"))
        con.execute(PROFILES.format(target=folder / "profiles.parquet"), [rows])


def _label(folder: Path, kind: str) -> Figure:
    given = InputFile(str(folder / "profiles.parquet"))
    output = OutputFile(folder / f"{kind}.parquet", overwrite=True)
    with _open(folder) as con:
        return measured(lambda: label_profiles(con, given, output))


def _copy(folder: Path, kind: str) -> Figure:
    statement = (
        f"copy (from '{folder / 'profiles.parquet'}') to '{folder / kind}.parquet' "
        f"(format parquet, compression {kind})"
    )
    with _open(folder) as con:
        return measured(lambda: con.execute(statement))


def _open(folder: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(str(folder / "model.duckdb"), read_only=True)
    con.execute("set enable_progress_bar = false")
    return con
