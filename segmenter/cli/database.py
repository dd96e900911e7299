"""Opening database files: for reading, for a short time of writing, or new ones."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from segmenter.errors import SegmenterError, did_you_mean, first_line
from segmenter.layout import require_model

__all__ = [
    "check_writable",
    "new_database",
    "no_database",
    "open_model",
    "open_to_read",
    "open_to_write",
]

_STORAGE: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": "v1.4.0"
}
"""New files can be read by DuckDB 1.4 and later."""


_NO_BAR = "set enable_progress_bar = false"
"""DuckDB's own progress bar would go to standard output, among the results."""


@contextmanager
def open_to_read(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an existing file without changing it; others may read it meanwhile."""
    _must_exist(path)
    con = _connect(path, read_only=True)
    try:
        yield con
    finally:
        con.close()


@contextmanager
def open_model(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an existing file that has a model."""
    with open_to_read(path) as con:
        try:
            require_model(con)
        except SegmenterError as error:
            raise SegmenterError(f"{path}: {error}") from None
        yield con


@contextmanager
def open_to_write(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an existing file for writing; nobody else can open it meanwhile."""
    _must_exist(path)
    con = _connect(path, read_only=False)
    try:
        yield con
    finally:
        con.close()


def check_writable(path: Path) -> None:
    """Find out early whether a file can be written, before any work is done."""
    with open_to_write(path):
        pass


@contextmanager
def new_database(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Build a file under a temporary name and move it into place when all went well."""
    _folder_must_exist(path)
    draft = path.absolute().parent / f".{path.name}.{os.getpid()}.draft"
    try:
        try:
            con = duckdb.connect(str(draft), config=_STORAGE)
        except duckdb.Error as error:
            raise SegmenterError(f"{path} cannot be created: {first_line(error)}") from None
        con.execute(_NO_BAR)
        try:
            yield con
        finally:
            con.close()
        draft.replace(path)
    finally:
        for left in (draft, Path(f"{draft}.wal")):
            left.unlink(missing_ok=True)


@contextmanager
def no_database(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Work in memory for a file that does not exist yet."""
    _folder_must_exist(path)
    con = duckdb.connect()
    con.execute(_NO_BAR)
    try:
        yield con
    finally:
        con.close()


def _folder_must_exist(path: Path) -> None:
    folder = path.absolute().parent
    if not folder.is_dir():
        raise SegmenterError(f"there is no folder {folder} for {path.name}. Make it first.")


def _must_exist(path: Path) -> None:
    if path.is_dir():
        raise SegmenterError(f"{path} is a folder, not a DuckDB file.")
    if not path.exists():
        nearby = [file.name for file in path.absolute().parent.glob("*") if file.is_file()]
        hint = did_you_mean(path.name, nearby)
        raise SegmenterError(f"there is no database {path}.{hint}")


def _connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    try:
        con = duckdb.connect(str(path), read_only=read_only)
        con.execute(_NO_BAR)
        return con
    except duckdb.Error as error:
        text = str(error)
        if "lock" in text.lower():
            raise SegmenterError(
                f"{path} is open in another program, and DuckDB lets only one program at a time "
                f"write. Close it there and try again. ({_holder(text)})"
            ) from None
        raise SegmenterError(f"{path} cannot be opened: {first_line(error)}") from None


def _holder(text: str) -> str:
    """Return the part of DuckDB's message that says who holds the lock."""
    start = text.find("Conflicting lock")
    return text[start:].split(". ")[0].splitlines()[0] if start >= 0 else text.splitlines()[0]
