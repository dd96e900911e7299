"""Arguments and options that several verbs share."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from segmenter.errors import SegmenterError
from segmenter.text import shortened

__all__ = [
    "Database",
    "Format",
    "FormatOption",
    "MemoryLimit",
    "Quiet",
    "SafeCsv",
    "Threads",
    "checked_path",
]


class Format(StrEnum):
    """How results are written to standard output."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


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


Database = Annotated[
    Path,
    typer.Argument(
        metavar="DB", help="The DuckDB file.", show_default=False, callback=checked_path
    ),
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
