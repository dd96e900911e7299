"""Publishing into a DuckDB file: made beside the place, and put there by one rename."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from shlex import quote

import duckdb
from sqlglot import exp

from segmenter.errors import InputError, SegmenterError
from segmenter.operations.publishing.publication import Publication
from segmenter.operations.publishing.target import Standing, check_parent, resolved
from segmenter.schema.names import INTERNAL, PUBLICATION, SCHEMA
from segmenter.sources.special_files import refuse_special
from segmenter.workplace.opening import Access, beside
from segmenter.workplace.placing import log_of, place
from segmenter.workplace.turns import turn
from segmenter.workplace.waiting import patiently

__all__ = ["FileTarget"]

_MAGIC = slice(8, 12)


class FileTarget:
    """A DuckDB file that dashboards read.

    Whoever has the old file open goes on reading it; whoever opens it after the rename reads the
    new one. Nobody waits for a lock.

    Parameters
    ----------
    text : str
        Its path. Of a link, what it leads to is replaced.
    access : Access
    """

    def __init__(self, text: str, access: Access) -> None:
        self.name = text
        self.room = Path(text)
        self.access = access
        self.path = resolved(text, "Name a file.")

    def standing(self, home: Path | None) -> Standing | None:
        """Return what was published here before; refuse what is not a place for it.

        Raises
        ------
        InputError
            It is a folder, the database itself, or somebody else's file.
        """
        refuse_special(self.path, "Name a DuckDB file that is to be written.")
        if self.path.is_dir():
            raise InputError(
                f"{self.name} is a folder. Name a file in it, such as "
                f"to = {os.path.join(self.name, 'bi.duckdb')!r}, or publish Parquet files into it, "
                f"with a slash at its end: to = {self.name + '/'!r}."
            )
        self._check_folder()
        exists = self.path.exists()
        if home is not None and exists and home.exists() and os.path.samefile(self.path, home):
            raise InputError(f"{self.name} is the database itself. Name another file.")
        log = log_of(self.path)
        if log is not None:
            raise SegmenterError(
                f"beside {self.name} lies {log}, a log of changes that would get into what is "
                "published. Who has opened that file for writing must close it; when nobody needs "
                f"the log: mv {quote(str(log))} {quote(f'{log}.old')}"
            )
        return self._published() if exists else None

    def turn(self, wait: float | None) -> AbstractContextManager[None]:
        """Keep other publishers out meanwhile."""
        return turn(self.path.parent, wait, self.access.say)

    @contextmanager
    def drafts(self) -> Iterator[Path]:
        """Give a folder for the draft, on the file system of the place."""
        with beside(self.path) as folder:
            yield folder

    def put(self, draft: Path, publication: Publication) -> str:
        """Put the draft in its place; say what is there."""
        if self.path.exists():
            with suppress(OSError):
                shutil.copymode(self.path, draft)
        words = f"{self.name} has model {publication.model_id}"
        place(draft, self.path, overwrite=True, words=words)
        return f"{publication.size / 1e6:,.1f} MB"

    def _check_folder(self) -> None:
        folder = self.path.parent
        check_parent(self.path)
        if not os.access(folder, os.W_OK):
            raise SegmenterError(
                f"the folder {folder} cannot be written, and what is published is made beside its "
                "place. Give yourself the permission, or name a file in another folder."
            )

    def _published(self) -> Standing:
        try:
            with self.path.open("rb") as file:
                head = file.read(_MAGIC.stop)
        except OSError as error:
            raise SegmenterError(f"{self.name} cannot be opened: {error.strerror}.") from None
        if head[_MAGIC] != b"DUCK":
            raise InputError(
                f"{self.name} is not a DuckDB file, and nothing that segmenter publish made. Name "
                "another file, or move it away."
            )
        with closing(duckdb.connect()) as con:
            file_name = exp.Literal.string(str(self.path)).sql(dialect="duckdb")
            attach = f"attach {file_name} as published (read_only)"
            patiently(lambda: con.execute(attach), self.path, self.access.wait, self.access.say)
            found = con.execute(
                "select schema_name || '.' || table_name from duckdb_tables() "
                "where database_name = 'published'"
            ).fetchall()
            if (f"{SCHEMA}.{PUBLICATION}",) in found:
                return _standing(con, self.name)
        if (f"{INTERNAL}.models",) in found or (f"{SCHEMA}.models",) in found:
            raise InputError(
                f"{self.name} is a database with models of its own, which publishing would remove. "
                "Name another file."
            )
        raise InputError(
            f"{self.name} is a DuckDB file that segmenter publish did not make. Name another file, "
            "or move it away."
        )


def _standing(con: duckdb.DuckDBPyConnection, name: str) -> Standing:
    query = (
        "select model_id, fitted_at, layout_version, segmenter_version "
        f"from published.{SCHEMA}.{PUBLICATION}"
    )
    try:
        (row,) = con.execute(query).fetchall()
    except (duckdb.Error, ValueError):
        raise SegmenterError(
            f"{name} was published by segmenter, and its table {SCHEMA}.{PUBLICATION} cannot be "
            "read. Move the file away."
        ) from None
    return Standing(*row)
