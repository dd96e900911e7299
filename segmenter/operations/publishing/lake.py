"""Publishing into a DuckLake: tables in the schema ``segments``, all in one snapshot of the lake.

Readers see the snapshot before or after it, and what was published before stays in the lake's own
history, until its snapshots are expired.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from tempfile import gettempdir

import duckdb
from sqlglot import exp

from segmenter import stopping
from segmenter.errors import BusyError, InputError, SegmenterError, first_line
from segmenter.operations.publishing.publication import (
    Publication,
    comment_on,
    described,
    relations,
    view_queries,
)
from segmenter.operations.publishing.target import (
    Standing,
    temporary_drafts,
    unknown_end,
)
from segmenter.schema.connection import first_row
from segmenter.schema.extensions import load_extension
from segmenter.schema.files import create_view
from segmenter.schema.names import PUBLICATION, SCHEMA
from segmenter.sources.attachments import has_secret
from segmenter.storage.functions import create_functions
from segmenter.workplace.opening import MANNERS, Access

__all__ = ["LakeTarget"]

PREFIX = "ducklake:"

_OTHER = re.compile(r"[A-Za-z_]{2,}:")
"""How a catalog begins that is no file, such as ``postgres:dbname=lake``."""

_LAKE, _DRAFT = "segmenter_lake", "segmenter_draft"


class LakeTarget:
    """A DuckLake.

    Parameters
    ----------
    text : str
        ``ducklake:`` and its catalog: a file, which is made where there is none, or a database,
        such as ``ducklake:postgres:dbname=lake``.
    access : Access
    """

    def __init__(self, text: str, access: Access) -> None:
        self.name = text
        self.room = Path(gettempdir())
        self.access = access
        self._catalog = text.removeprefix(PREFIX)
        if not self._catalog.strip():
            raise InputError(
                f"there is no catalog in {text!r}. Name one: to = 'ducklake:catalog.ducklake'."
            )
        if has_secret(text):
            raise InputError(
                "to has a password in it, which would be shown in messages. Leave it to "
                "PGPASSWORD, ~/.pgpass or a secret of DuckDB."
            )
        self._file: Path | None = None
        if not _OTHER.match(self._catalog):
            self._file = Path(self._catalog).expanduser().absolute()
            self._catalog = str(self._file)

    def standing(self, home: Path | None) -> Standing | None:
        """Return what was published here before; refuse what is not a place for it."""
        if self._file is not None and not self._file.exists():
            if not os.access(self._file.parent, os.W_OK):
                raise SegmenterError(
                    f"there is no folder {self._file.parent} that can be written. Make it first."
                )
            return None
        if home and self._file and home.exists() and os.path.samefile(home, self._file):
            raise InputError(f"{self.name} is the database itself. Name another file.")
        with self._connected(is_writable=False) as con:
            found = {name for name, _ in relations(con)}
            if PUBLICATION in found:
                query = "select model_id, fitted_at, layout_version, segmenter_version "
                return Standing(*first_row(con, f"{query} from {SCHEMA}.{PUBLICATION}"))
        if found:
            raise InputError(
                f"{self.name} has a schema {SCHEMA} already, with {min(found)}, that segmenter "
                "publish did not make. Publish into another lake, or rename the schema."
            )
        return None

    def turn(self, wait: float | None) -> nullcontext[None]:
        """Let everybody in: of two at once the lake lets one commit."""
        del wait
        return nullcontext()

    def drafts(self) -> AbstractContextManager[Path]:
        """Give a folder for the draft, where temporary files usually go."""
        return temporary_drafts(self.room)

    def put(self, draft: Path, publication: Publication) -> str:
        """Write the tables, the views and the functions, in one snapshot of the lake."""
        with stopping.held(), self._connected(is_writable=True) as con:
            stopping.check()
            file = exp.Literal.string(str(draft)).sql(dialect="duckdb")
            con.execute(f"attach {file} as {_DRAFT} (read_only)")
            con.execute("begin")
            con.execute(f"create schema if not exists {SCHEMA}")
            _fill(con, publication)
            words = exp.Literal.string(f"model {publication.model_id}").sql(dialect="duckdb")
            con.execute(f"call {_LAKE}.set_commit_message('segmenter publish', {words})")
            stopping.check()
            self._commit(con)
            stopping.note_stored(f"{self.name} has model {publication.model_id}")
        return f"{len(publication.rows)} objects in one snapshot"

    def _commit(self, con: duckdb.DuckDBPyConnection) -> None:
        """Commit; what comes of a catalog that goes away meanwhile nobody can tell."""
        try:
            con.execute("commit")
        except duckdb.Error as error:
            is_answer = isinstance(error, duckdb.TransactionException)
            if is_answer and "conflict" in str(error).lower():  # then nothing is stored
                raise
            raise unknown_end(self.name, error) from None

    @contextmanager
    def _connected(self, *, is_writable: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        literal = exp.Literal.string(PREFIX + self._catalog).sql(dialect="duckdb")
        # few rows would be kept as texts in the catalog, in which numbers lose digits
        options = "data_inlining_row_limit 0" if is_writable else "read_only"
        con = duckdb.connect()
        try:
            con.execute(MANNERS)
            load_extension(con, "ducklake")
            if self._catalog.startswith("postgres:"):
                load_extension(con, "postgres_scanner")
            con.execute(f"attach {literal} as {_LAKE} ({options}); use {_LAKE}")
            yield con
        except duckdb.TransactionException as error:
            raise BusyError(
                f"somebody else wrote to {self.name} meanwhile: {first_line(error)} Nothing was "
                "published. Publish again."
            ) from None
        except duckdb.Error as error:
            raise SegmenterError(
                f"{self.name} does not take it: {first_line(error)} Nothing was published, and "
                "what was there before stands. A lake that is no file is made once in DuckDB, "
                f"with its data_path: attach {literal} as lake (data_path 's3://bucket/lake/')."
            ) from None
        finally:
            with suppress(duckdb.Error):
                con.close()


def _fill(con: duckdb.DuckDBPyConnection, publication: Publication) -> None:
    """Write all objects, and drop those of before that this publication has not."""
    there = relations(con)
    made = described(con, _DRAFT)
    queries = view_queries(con, _DRAFT)
    kinds = {name: is_view for name, _, is_view in made}
    for name, is_view in reversed(there):  # views first, which read the tables
        if kinds.get(name) != is_view:
            con.execute(f"drop {'view' if is_view else 'table'} {SCHEMA}.{name}")
    for name, text, is_view in made:
        if is_view:
            con.execute(create_view(name, queries[name].sql(dialect="duckdb")))
        else:
            rows = f"select * from {_DRAFT}.{SCHEMA}.{name}"
            con.execute(f"create or replace table {SCHEMA}.{name} as {rows}")
        comment_on(con, "view" if is_view else "table", f"{SCHEMA}.{name}", text)
    columns = con.execute(
        "select table_name, column_name, comment from duckdb_columns() "
        "where database_name = $1 and comment is not null",
        [_DRAFT],
    ).fetchall()
    for table, column, text in columns:
        if not kinds.get(table, True):
            name = exp.column(column, table, SCHEMA, quoted=True).sql(dialect="duckdb")
            comment_on(con, "column", name, text)
    create_functions(con, publication.model)
