"""Where a `Database` is: a file, open only while a verb works, or the caller's connection."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segmenter.errors import InputError, SegmenterError
from segmenter.schema.names import require_model
from segmenter.sources.file_names import is_file_name
from segmenter.sources.special_files import refuse_special
from segmenter.stopping import Interrupted
from segmenter.workplace.confinement import confine
from segmenter.workplace.file import EMPTY, open_to_copy, workplace
from segmenter.workplace.opening import Access, open_model, open_to_read, threads_of
from segmenter.workplace.place import OwnConnection, Place

if TYPE_CHECKING:
    import duckdb

__all__ = ["ConnectionHome", "FileHome"]


@contextmanager
def _interruptible() -> Iterator[None]:
    """Turn whatever the engine makes of Ctrl-C into one exception."""
    import duckdb

    try:
        yield
    except (KeyboardInterrupt, duckdb.InterruptException):
        raise Interrupted("stopped; nothing is stored by half.") from None
    except RuntimeError as error:
        if "interrupt" not in str(error).lower():
            raise
        raise Interrupted("stopped; nothing is stored by half.") from None


class FileHome:
    """A file. Others may read it while a verb works, and write it while none does.

    Parameters
    ----------
    path : str or path
    read_only : bool
    access : Access
    """

    def __init__(self, path: str | os.PathLike[str], access: Access, *, read_only: bool) -> None:
        refuse_special(path, "Name a DuckDB file.")
        self.path = Path(path).expanduser()
        self.name = str(path)
        self._read_only = read_only
        self.access = access

    @contextmanager
    def reading(self, *, confined: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file for a verb that only reads."""
        with _interruptible(), open_model(self.path, self.access, confined=confined) as con:
            yield con

    @contextmanager
    def looking(self, transactions: Any) -> Iterator[duckdb.DuckDBPyConnection | None]:
        """Open the file, which need not have a model, unless only data files are looked at."""
        if not isinstance(transactions, str) or is_file_name(transactions):
            yield None
            return
        with _interruptible(), open_to_read(self.path, self.access) as con:
            yield con

    @contextmanager
    def working(
        self,
        reads: Sequence[str] = (),
        *,
        attach: Mapping[str, str] | None = EMPTY,
        needs_model: bool = True,
    ) -> Iterator[Place]:
        """Open the file for a verb that stores something in the end.

        Raises
        ------
        SegmenterError
            The database is read-only.
        """
        self.check_writable()
        if needs_model:
            with self.reading():
                pass  # a file without a model is refused before it is opened for writing
        with (
            _interruptible(),
            workplace(self.path, self.access, reads=reads, attach=attach) as place,
        ):
            yield place

    def check_writable(self) -> None:
        """Refuse to store anything in a database that was opened to be read."""
        if self._read_only:
            raise SegmenterError(f"{self.name} was opened read-only. Open it without read_only.")

    @contextmanager
    def copying(
        self, writes: Sequence[str], wait: float | None = None
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the file to copy from it into others, which may be written besides."""
        how = replace(self.access, wait=wait)
        with _interruptible(), open_to_copy(self.path, how, writes) as con:
            yield con

    def confine(
        self, con: duckdb.DuckDBPyConnection, reads: Sequence[str], writes: Sequence[str] = ()
    ) -> None:
        """Let an unconfined connection read and write no more than these files."""
        confine(con, self.path, reads, writes, self.access.allow)

    def refuse_as_output(self, output: str | os.PathLike[str] | None) -> None:
        """Refuse to write over the database itself."""
        if output is not None and Path(output).absolute() == self.path.absolute():
            raise InputError(f"{output} is the database itself. Name another output.")


class ConnectionHome:
    """A connection of the caller's, who says what it may read and closes it."""

    def __init__(self, con: duckdb.DuckDBPyConnection, *, read_only: bool) -> None:
        self.con = con
        self.name = "the connection"
        self.path = None
        self.access = Access()
        self._read_only = read_only

    @contextmanager
    def reading(self, *, confined: bool = True) -> Iterator[duckdb.DuckDBPyConnection]:
        """Use the connection."""
        del confined
        require_model(self.con)
        with _interruptible(), threads_of(self.con):
            yield self.con

    @contextmanager
    def looking(self, transactions: Any) -> Iterator[duckdb.DuckDBPyConnection | None]:
        """Use the connection, which need not have a model."""
        del transactions
        with _interruptible():
            yield self.con

    @contextmanager
    def working(
        self,
        reads: Sequence[str] = (),
        *,
        attach: Mapping[str, str] | None = EMPTY,
        needs_model: bool = True,
    ) -> Iterator[Place]:
        """Use the connection for a verb that stores something in the end."""
        del reads, attach
        if self._read_only:
            raise SegmenterError("this database was opened read-only. Open it without read_only.")
        if needs_model:
            require_model(self.con)
        with _interruptible(), threads_of(self.con):
            yield OwnConnection(self.con)

    @contextmanager
    def copying(
        self, writes: Sequence[str], wait: float | None = None
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Use the connection to copy from it into files."""
        del writes, wait
        require_model(self.con)
        with _interruptible(), threads_of(self.con):
            yield self.con

    def confine(
        self, con: duckdb.DuckDBPyConnection, reads: Sequence[str], writes: Sequence[str] = ()
    ) -> None:
        """Leave it as it is."""
        del con, reads, writes

    def refuse_as_output(self, output: str | os.PathLike[str] | None) -> None:
        """Leave that to the caller, who knows the file."""
        del output
