"""Arguments and options that several verbs share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Database",
    "Format",
    "FormatOption",
    "MemoryLimit",
    "Quiet",
    "SafeCsv",
    "Threads",
    "Wait",
]


class Format(StrEnum):
    """How results are written to standard output."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


Database = Annotated[
    Path, typer.Argument(metavar="DB", help="The DuckDB file.", show_default=False)
]
FormatOption = Annotated[
    Format, typer.Option("--format", "-f", help="How to write the result to standard output.")
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
MemoryLimit = Annotated[
    str | None,
    typer.Option(help="Memory that the engine may use, say 2GB; beyond it, it works on disk."),
]
Threads = Annotated[int | None, typer.Option(help="Threads that the engine may use.")]
Wait = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="SECONDS",
        help="Wait so long while another program has DB open: before the work, and again before "
        "the result is stored.  [0, and 10 before storing]",
    ),
]
