"""Arguments and options that several verbs share."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from segmenter.errors import SegmenterError
from segmenter.formatting import shortened
from segmenter.jit.threads import processors
from segmenter.sources.special_files import refuse_special

__all__ = [
    "DIALECTS",
    "ByLifecycle",
    "Database",
    "Format",
    "FormatOption",
    "Limit",
    "Live",
    "MemoryLimit",
    "ModelId",
    "Overwrite",
    "Quiet",
    "SafeCsv",
    "Table",
    "Threads",
    "Wait",
    "checked_database",
    "checked_path",
    "rows_at_most",
]

DIALECTS = (
    "duckdb, postgres, spark, databricks, snowflake, bigquery, redshift, trino, sqlite, "
    "clickhouse or mysql."
)

THREADS_A_PROCESSOR = 4
"""More of them only wait for each other, and take memory."""

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]i?)B\s*$", re.IGNORECASE)
_UNITS = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12} | {
    f"{unit}I": 1024.0**power for power, unit in enumerate("KMGT", 1)
}


class Format(StrEnum):
    """How results are written to standard output."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def rows_at_most(limit: int | None, form: Format) -> int | None:
    """Return how many rows a list has at most, None for all: what a program reads is whole."""
    if limit is None:
        return 100 if form is Format.TABLE else None
    return limit or None


def checked_path(path: Path | None) -> Path | None:
    """Refuse what no file can be called, or what cannot be looked at.

    Raises
    ------
    SegmenterError
    """
    try:
        if path is not None:
            os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except ValueError:
        raise SegmenterError(
            f"{path} has a NUL character, which no file has in its name."
        ) from None
    except OSError as error:
        raise SegmenterError(
            f"{shortened(str(path))} cannot be opened: {error.strerror}. Name another file."
        ) from None
    return path


def checked_database(path: Path | None) -> Path | None:
    """Refuse what no file can be called, and what is none.

    Raises
    ------
    SegmenterError
    """
    if path is not None:
        refuse_special(path, "Name a DuckDB file.")
    return checked_path(path)


Database = Annotated[
    Path,
    typer.Argument(
        metavar="DB",
        help="The DuckDB file.",
        show_default=False,
        callback=checked_database,
    ),
]
FormatOption = Annotated[
    Format,
    typer.Option("--format", "-f", help="How the result is written to standard output."),
]
SafeCsv = Annotated[
    bool,
    typer.Option(
        "--safe-csv/--no-safe-csv",
        help="In CSV, put ' before texts that a spreadsheet would compute: = + - @ and the like.",
    ),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress and no messages, only the result.")
]
ByLifecycle = Annotated[
    bool, typer.Option("--by-lifecycle", help="Each segment crossed with the lifecycle.")
]
Live = Annotated[
    bool,
    typer.Option(
        "--live/--snapshot",
        help="Add the transactions up now, or read what the last fit or refresh added up.",
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="NUMBER",
        help="Customers in the list at most; 0 for all.  [100 in a table, else all]",
    ),
]
ModelId = Annotated[
    int,
    typer.Argument(metavar="MODEL", help="Number of a version; segmenter models lists them."),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace files that are there already.")
]


Table = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The table as it is called there, such as shop.sales. Needed where the model was "
        "fitted to files or a data frame, and with its schema for bigquery and snowflake.  "
        "[the table of the fit]",
        show_default=False,
    ),
]


def _checked_memory(value: str | None) -> str | None:
    found = None if value is None else _SIZE.match(value)
    if value is not None and (found is None or float(found[1]) * _UNITS[found[2].upper()] < 1e6):
        raise SegmenterError(
            f"--memory-limit {value} does not work. Give a size such as 500MB or 2GB, at least 1MB."
        )
    return value


def _checked_threads(value: int | None) -> int | None:
    most = THREADS_A_PROCESSOR * processors()
    if value is not None and not 1 <= value <= most:
        raise SegmenterError(
            f"--threads {value} does not work. Give a number from 1 to {most}, which is "
            f"{THREADS_A_PROCESSOR} for each processor that may be used."
        )
    return value


MemoryLimit = Annotated[
    str | None,
    typer.Option(
        callback=_checked_memory,
        metavar="SIZE",
        help="Memory that the engine may use, say 2GB; beyond that it works on disk.",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        callback=_checked_threads,
        metavar="NUMBER",
        help="Threads that engine and clustering may use, at most "
        f"{THREADS_A_PROCESSOR} a processor.  [one a processor]",
    ),
]
LONGEST_WAIT = 7 * 24 * 3600


def _checked_wait(value: float | None) -> float | None:
    if value is not None and not 0 <= value <= LONGEST_WAIT:
        raise SegmenterError(
            f"--wait {value:g} does not work. Give seconds from 0 to {LONGEST_WAIT:,}, a week."
        )
    return value


Wait = Annotated[
    float | None,
    typer.Option(
        callback=_checked_wait,
        metavar="SECONDS",
        help="How long to wait while another program has DB open: before the work, and again "
        "before the result is stored.  [0 before the work, 10 before storing]",
    ),
]
