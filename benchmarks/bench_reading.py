"""What the door costs: Parquet files that a fit is given, beside a view over the same files.

A view is read as it stands. Of files the columns are matched by their names, with the widest of
their types, and what differs is told; what is asked of the rows is the same. Each run is a process
of its own, both in turn. The figures are processor seconds of all
threads, which other programs of the machine change least: a difference of some percent is looked
for. What only a first fit of a process does is done before, over some rows.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import process_time

import duckdb

import segmenter
from benchmarks.generator import write_parquet
from benchmarks.measuring import Figure, Row, Scale, alone
from segmenter.progress import Silent
from segmenter.training.warm_up import warm_up

REPEAT_AT_SIZE = {
    "small": {1_000_000: 5},
    "full": {1_000_000: 5, 10_000_000: 5, 100_000_000: 3},
}
ROWS_PER_CUSTOMER = 10
FILES = 8
SOME = 1_000
"""Rows of a file that is read before anything is measured."""
MEMORY_LIMIT = "6GB"
"""For the engine."""


def measure(scale: Scale) -> Iterator[Row]:
    """Compare, at each size."""
    for rows, repeat in REPEAT_AT_SIZE[scale].items():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            _write(folder, rows)
            ours: list[float] = []
            view: list[float] = []
            for _ in range(repeat):
                ours.append(alone(_seconds, folder, False))
                view.append(alone(_seconds, folder, True))
        case = f"{FILES} Parquet files, end to end, processor time"
        yield Row("reading", case, rows, "rows", Figure(ours), "a view over them", Figure(view))


def _write(folder: Path, rows: int) -> None:
    """Generate sales as files of equal size, and some of them in a folder of their own."""
    whole, some = folder / "whole", folder / "some"
    some.mkdir()
    alone(write_parquet, whole, rows, rows // ROWS_PER_CUSTOMER)
    with duckdb.connect() as con:
        con.execute("set enable_progress_bar = false")
        for part in range(FILES):
            first, last = (rows * edge // FILES for edge in (part, part + 1))
            for name, end in ((folder, last), (some, first + SOME)):
                con.execute(
                    "copy (select * exclude (file_row_number) "
                    f"from read_parquet('{whole}', file_row_number = true) "
                    f"where file_row_number >= {first} and file_row_number < {end}) "
                    f"to '{name}/{part}.parquet'"
                )
    whole.unlink()


def _seconds(folder: Path, is_viewed: bool) -> float:
    """Fit and return the processor seconds; what only a first fit does is done before."""
    warm_up(Silent())
    _fit(folder / "some", is_viewed)
    started = process_time()
    _fit(folder, is_viewed)
    return process_time() - started


def _fit(folder: Path, is_viewed: bool) -> None:
    files = f"{folder}/*.parquet"
    source = segmenter.Source(
        transactions="sales" if is_viewed else files,
        customer="customer_id",
        amount="amount",
        order="invoice_no",
        date="ordered_at",
    )
    with duckdb.connect() as con:
        con.execute(f"set memory_limit = '{MEMORY_LIMIT}'; set enable_progress_bar = false")
        con.execute(f"set temp_directory = '{folder}'")
        con.execute(f"create view sales as from read_parquet('{files}')")
        segmenter.fit(con, source, progress=Silent())
