"""Arguments and options that several verbs share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["AllowLostRows", "Database", "Format", "FormatOption", "MemoryLimit", "Quiet", "Threads"]


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
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress and no messages, only the result.")
]
MemoryLimit = Annotated[
    str | None,
    typer.Option(help="Memory that the engine may use, say 2GB; beyond it, it works on disk."),
]
AllowLostRows = Annotated[
    bool,
    typer.Option(
        "--allow-lost-rows",
        help="Go on although an expression, say a try_cast, makes NULL of values that are there in "
        "more than 5 % of the rows.",
    ),
]
Threads = Annotated[int | None, typer.Option(help="Threads that the engine may use.")]
