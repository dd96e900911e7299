"""Opening database files: to read, to work on for long and write briefly, or to make."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from segmenter.cli import stopping
from segmenter.errors import SegmenterError, did_you_mean, first_line
from segmenter.layout import STORAGE, require_model

if TYPE_CHECKING:
    import duckdb

__all__ = ["Workplace", "limit", "new_database", "open_model", "open_to_read", "workplace"]

_MANNERS = "set enable_progress_bar = false; set python_enable_replacements = false"
"""DuckDB's own progress bar would go to standard output, among the results; and a name that is no
table must not be looked for among the variables of this program."""


_MAGIC = slice(8, 12)
"""Where a DuckDB file says what it is."""


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
    import duckdb

    with open_to_read(path) as con:
        try:
            require_model(con)
        except SegmenterError as error:
            raise SegmenterError(f"{path}: {error}") from None
        try:
            yield con
        except duckdb.Error:
            _look_at_the_source(con, path)
            raise


def _look_at_the_source(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Say so when a query failed because the user's table is not what it was at the fit."""
    from segmenter import store
    from segmenter.binding import bind_source

    _, source, settings = store.current(con)
    if source.was_frame:
        return
    try:
        bind_source(con, source, settings)
    except SegmenterError as why:
        raise SegmenterError(
            f"the customers of {path} cannot be read any more: {why} What the model was fitted to "
            "has changed since. Put it back, or fit again to it as it is."
        ) from None


@contextmanager
def new_database(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Build a file under a temporary name and move it into place when all went well."""
    import duckdb

    with _draft(path) as draft:
        try:
            con = duckdb.connect(str(draft), config={"storage_compatibility_version": STORAGE})
        except duckdb.Error as error:
            raise SegmenterError(f"{path} cannot be created: {first_line(error)}") from None
        con.execute(_MANNERS)
        try:
            yield con
        finally:
            con.close()


class Workplace:
    """Where a long command works: a connection in memory with the file attached to it.

    The file is attached for reading while the command works, so that others can read it
    meanwhile, and for writing only while the result is stored. Temporary tables outlive the change.

    Attributes
    ----------
    con : DuckDBPyConnection
    path : Path
        The file, which need not exist yet.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, path: Path) -> None:
        from sqlglot import exp

        self.con = con
        self.path = path
        self._name = exp.to_identifier(_catalog_name(path), quoted=True).sql(dialect="duckdb")
        self._is_new = not path.exists()
        if not self._is_new:
            self._attach(path, "read_only")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Store results in the file, or make it under a temporary name and move it into place."""
        stopping.check()
        if not self._is_new:
            self._detach()
            self._attach(self.path, "read_write")
            yield
            self._detach()
        else:
            with _draft(self.path) as draft:
                self._attach(draft, f"storage_version '{STORAGE}'")
                yield
                self._detach()
                stopping.check()
        stopping.note_stored()

    def _attach(self, path: Path, options: str) -> None:
        from sqlglot import exp

        file = exp.Literal.string(str(path)).sql(dialect="duckdb")
        with _opening(self.path):
            self.con.execute(f"attach {file} as {self._name} ({options})")
        self.con.execute(f"use {self._name}")

    def _detach(self) -> None:
        self.con.execute(f"use memory; detach {self._name}")


@contextmanager
def workplace(
    path: Path, *, memory_limit: str | None = None, threads: int | None = None
) -> Iterator[Workplace]:
    """Open a file for a long command, in whose end the result is stored.

    Parameters
    ----------
    path : Path
        When it does not exist, it is made as soon as there is something to store.
    memory_limit, threads : optional
        What the engine may use.

    Raises
    ------
    SegmenterError
        The file cannot be read, or could not be written in the end.
    """
    import duckdb

    if path.exists():
        _check_writable(path)
    else:
        _check_folder(path)
    con = duckdb.connect()
    try:
        con.execute(_MANNERS)
        con.execute("set temp_directory = $1", [f"{path.absolute()}.tmp"])
        limit(con, memory_limit, threads)
        yield Workplace(con, path)
    finally:
        con.close()


def limit(con: duckdb.DuckDBPyConnection, memory_limit: str | None, threads: int | None) -> None:
    """Bound what the engine may use."""
    import duckdb

    for name, value in (("memory_limit", memory_limit), ("threads", threads)):
        if value is None:
            continue
        try:
            con.execute(f"set {name} = $1", [value])
        except duckdb.Error as error:
            option = name.replace("_", "-")
            raise SegmenterError(f"--{option} {value} does not work: {first_line(error)}") from None


def _check_writable(path: Path) -> None:
    """Find out early whether a file can be written, before any work is done."""
    _must_exist(path)
    _check_folder(path)
    _connect(path, read_only=False).close()


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """Give a temporary name beside a new file, which takes its place when all went well."""
    _check_folder(path)
    draft = path.absolute().parent / f".{path.name}.{os.getpid()}.draft"
    try:
        yield draft
        draft.replace(path)
    finally:
        for left in (draft, Path(f"{draft}.wal")):
            left.unlink(missing_ok=True)


def _catalog_name(path: Path) -> str:
    """Return the name that DuckDB gives to a file, kept apart from its own."""
    name = path.name.split(".")[0] or "database"
    return f"{name}_db" if name.casefold() in ("main", "memory", "system", "temp") else name


def _check_folder(path: Path) -> None:
    folder = path.absolute().parent
    if not folder.is_dir():
        raise SegmenterError(f"there is no folder {folder} for {path.name}. Make it first.")
    if not os.access(folder, os.W_OK):
        raise SegmenterError(
            f"the folder {folder} cannot be written, and DuckDB keeps files beside {path.name} "
            "while it writes. Give yourself the permission, or copy the database elsewhere."
        )


def _must_exist(path: Path) -> None:
    if path.is_dir():
        raise SegmenterError(f"{path} is a folder, not a DuckDB file.")
    if not path.exists():
        nearby = [file.name for file in path.absolute().parent.glob("*") if file.is_file()]
        hint = did_you_mean(path.name, nearby)
        raise SegmenterError(f"there is no database {path}: no such file.{hint}")
    _refuse_other_files(path)


def _refuse_other_files(path: Path) -> None:
    """Refuse what is no database: DuckDB would take a data file for an empty one that reads it."""
    try:
        with path.open("rb") as file:
            head = file.read(_MAGIC.stop)
    except OSError as error:
        raise SegmenterError(f"{path} cannot be opened: {error.strerror}.") from None
    if head[_MAGIC] != b"DUCK":
        raise SegmenterError(
            f"{path} is not a valid DuckDB database file. Data files are named with --transactions."
        )


def _connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    import duckdb

    with _opening(path):
        con = duckdb.connect(str(path), read_only=read_only)
        con.execute(_MANNERS)
        return con


@contextmanager
def _opening(path: Path) -> Iterator[None]:
    """Say in a sentence why a file cannot be opened."""
    import duckdb

    try:
        yield
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
