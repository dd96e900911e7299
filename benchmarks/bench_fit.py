"""A fit end to end beside what the database needs merely to add the table up.

The same database file with generated sales, without and with an order column. The peer is one bare
statement that writes a table; it neither checks rows nor cuts, clusters, compiles or publishes.
Each run is a process of its own on a fresh copy of the file, ours and the peer's in turn, with the
same memory limit for the engine. What only the first fit of a process pays, loading compiled
kernels and libraries, is taken by a tiny fit before and has a row of its own.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

import duckdb

import segmenter
from benchmarks.generator import write_parquet
from benchmarks.measuring import Figure, Row, Scale, alone, measured, timed, together
from segmenter.progress import Silent, Step

__all__ = ["fit_alone", "load_sales", "measure", "open_database"]

REPEAT_AT_SIZE = {
    "small": {1_000_000: 3},
    "full": {1_000_000: 5, 10_000_000: 5, 100_000_000: 3},
}
ROWS_PER_CUSTOMER = 10
MEMORY_LIMIT = "6GB"
"""For the engine, ours and the peer's: the rest of 8 GB is Python's."""

BARE = "create table base as select customer_id, sum(amount), {} from sales group by customer_id"
CASES = {"order column": "count(distinct invoice_no)", "no order column": "count(*)"}

STAGES = {
    "Reading": "survey",
    "Adding up": "profile",
    "Cutting": "cut",
    "Grouping": "points",
    "Clustering": "clustering",
    "Compiling": "compiling",
    "Publishing": "publishing",
}
"""First words of a step's title, and what the step is called here."""


class Stopwatch:
    """A listener of a fit that takes the time of each step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """Time a step."""
        names = (name for words, name in STAGES.items() if title.startswith(words))
        name = next(names, title)
        started = perf_counter()
        yield lambda _: None
        self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - started

    def warn(self, message: str, code: str) -> None:
        """Say nothing: generated sales have rows without a customer."""


def measure(scale: Scale) -> Iterator[Row]:
    """Time a fit, its stages and the bare aggregation, at each size."""
    for rows, repeat in REPEAT_AT_SIZE[scale].items():
        with tempfile.TemporaryDirectory() as name:
            loaded = Path(name) / "loaded.duckdb"
            load_sales(loaded, rows)
            for case in CASES:
                yield from _compare(case, loaded, rows, repeat)


def load_sales(database: Path, rows: int) -> None:
    """Generate sales as Parquet and load them into a table."""
    parquet = database.with_suffix(".parquet")
    alone(write_parquet, parquet, rows, rows // ROWS_PER_CUSTOMER)
    with open_database(database) as con:
        con.execute(f"create table sales as from '{parquet}'")
    parquet.unlink()


def _compare(case: str, loaded: Path, rows: int, repeat: int) -> Iterator[Row]:
    """Time both, in turn, and tell ours apart by stage."""
    fits: list[tuple[Figure, dict[str, float], float]] = []
    bares: list[Figure] = []
    database = loaded.with_name("copy.duckdb")
    for _ in range(repeat):
        for found, work in ((fits, _fit), (bares, _bare)):
            shutil.copyfile(loaded, database)
            found.append(alone(work, database, case))
            database.unlink()
    whole = together([figure for figure, _, _ in fits])
    stages = {stage: Figure([seconds[stage] for _, seconds, _ in fits]) for stage in fits[0][1]}
    details = {stage: figure.values for stage, figure in stages.items()}
    peer = f"DuckDB: sum, {CASES[case].replace(' invoice_no', ' order')}"
    yield Row("fit", f"{case}, end to end", rows, "rows", whole, peer, together(bares), "", details)
    for stage, figure in stages.items():
        shares = [s / w for s, w in zip(figure.values, whole.values, strict=True)]
        note = f"{median(shares):.0%} of the fit"
        yield Row("fit", f"{case}: {stage}", rows, "rows", figure, note=note)
    loading = Figure([seconds for _, _, seconds in fits])
    note = "once a process, not in the fit"
    yield Row("fit", f"{case}: loading", rows, "rows", loading, note=note)


def fit_alone(loaded: Path, source: segmenter.Source, settings: segmenter.Settings) -> Figure:
    """Fit a copy of a file, as the first thing that a process does with its kernels loaded."""
    database = loaded.with_name("copy.duckdb")
    shutil.copyfile(loaded, database)
    _load_kernels()
    try:
        with open_database(database) as con:
            return measured(lambda: segmenter.fit(con, source, settings, progress=Silent()))
    finally:
        database.unlink()


def _fit(database: Path, case: str) -> tuple[Figure, dict[str, float], float]:
    """Fit; return the figure of the whole, the seconds of each stage and those of loading."""
    (loading,) = timed(_load_kernels, 1)
    order = "invoice_no" if case == "order column" else None
    source = segmenter.Source(
        transactions="sales", customer="customer_id", amount="amount", order=order
    )
    stopwatch = Stopwatch()
    with open_database(database) as con:
        figure = measured(lambda: segmenter.fit(con, source, progress=stopwatch))
    told = stopwatch.seconds
    return figure, {**told, "between the stages": figure.median - sum(told.values())}, loading


def _load_kernels() -> None:
    """Fit a tiny table in memory."""
    with duckdb.connect() as con:
        con.execute(
            "create table sales as select i % 50 as customer, i as amount from range(500) as t(i)"
        )
        source = segmenter.Source(transactions="sales", customer="customer", amount="amount")
        segmenter.fit(con, source)


def _bare(database: Path, case: str) -> Figure:
    with open_database(database) as con:
        return measured(lambda: con.execute(BARE.format(CASES[case])))


def open_database(database: Path) -> duckdb.DuckDBPyConnection:
    """Open a file with the memory that both sides have."""
    con = duckdb.connect(str(database))
    con.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
    con.execute("set enable_progress_bar = false")
    return con
