"""``segmenter label`` beside a plain COPY of the same file, Parquet to Parquet.

Run ``python -m benchmarks.bench_label [ROWS]``; 10 million profiles by default. The model is that
of the bundled Online Retail. The plain copy reads and writes the same columns, with the same
compression (zstd) and with DuckDB's default (snappy). Rounds alternate, each in a process of its
own, and the table has medians; peak memory is that of the process.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

import duckdb

N_ROWS = 10_000_000
N_ROUNDS = 5

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

WORK = """
import json, resource, sys, time
from pathlib import Path
import duckdb
from segmenter.datafiles import InputFile, OutputFile
from segmenter.labelling import label_profiles
kind, database, given, output = sys.argv[1:]
con = duckdb.connect(database, read_only=True)
con.execute("set enable_progress_bar = false")
started = time.perf_counter()
if kind == "label":
    label_profiles(con, InputFile(given), OutputFile(Path(output), overwrite=True))
else:
    con.execute(f"copy (from '{given}') to '{output}' (format parquet, compression {kind})")
seconds = time.perf_counter() - started
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([seconds, memory]))
"""


def fit_model(database: Path) -> None:
    import segmenter

    with (
        duckdb.connect(str(database)) as con,
        as_file(files("segmenter.data") / "online_retail.parquet") as sales,
    ):
        con.execute("create table sales as from read_parquet($1)", [str(sales)])
        source = segmenter.Source(
            transactions="sales",
            customer="CustomerID",
            amount="Quantity * UnitPrice",
            order="InvoiceNo",
        )
        segmenter.fit(con, source)


def run(kind: str, database: Path, given: Path, output: Path) -> Sequence[float]:
    """Return seconds and megabytes of one run in a process of its own."""
    words = [sys.executable, "-c", WORK, kind, str(database), str(given), str(output)]
    found = subprocess.run(words, check=True, capture_output=True, text=True)
    measured: list[float] = json.loads(found.stdout)
    return measured


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else N_ROWS
    kinds = ("zstd", "snappy", "label")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database, given = folder / "model.duckdb", folder / "profiles.parquet"
        fit_model(database)
        with duckdb.connect() as con:
            con.execute(PROFILES.format(target=given), [rows])
        measured: dict[str, list[Sequence[float]]] = {kind: [] for kind in kinds}
        for _ in range(N_ROUNDS):
            for kind in kinds:
                output = folder / f"{kind}.parquet"
                measured[kind].append(run(kind, database, given, output))
        seconds = {kind: statistics.median(s for s, _ in measured[kind]) for kind in kinds}
        print(f"{rows:,} profiles of 5 columns, {given.stat().st_size / 2**20:,.0f} MB of Parquet")
        print("| what | seconds | rows/s | to plain zstd | to plain snappy | peak memory |")
        print("|:--|---:|---:|---:|---:|---:|")
        for kind in kinds:
            title = "segmenter label" if kind == "label" else f"plain COPY, {kind}"
            print(
                f"| {title} | {seconds[kind]:.2f} | {rows / seconds[kind] / 1e6:.2f} M "
                f"| {seconds[kind] / seconds['zstd']:.2f} "
                f"| {seconds[kind] / seconds['snappy']:.2f} "
                f"| {max(m for _, m in measured[kind]):,.0f} MB |"
            )


if __name__ == "__main__":
    main()
