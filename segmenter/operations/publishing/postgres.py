"""Publishing into PostgreSQL: tables in the schema ``segments``, filled anew in one transaction.

Rows are deleted and copied, tables are kept: so readers never wait, each statement sees the
publication before or after the commit, and grants, indices and views over the tables stay.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from segmenter import stopping
from segmenter.engines.ddl import create_function
from segmenter.engines.postgres_connection import connect_postgres
from segmenter.errors import BusyError, SegmenterError, first_line
from segmenter.operations.model_functions import model_function
from segmenter.operations.publishing.publication import Publication, relations, view_queries
from segmenter.operations.publishing.target import (
    Standing,
    temporary_drafts,
    unknown_end,
)
from segmenter.schema.connection import first_row
from segmenter.schema.names import CLASSIFIER, PUBLICATION, SCHEMA
from segmenter.workplace.opening import MANNERS, Access

if TYPE_CHECKING:
    import psycopg

__all__ = ["PostgresTarget"]

_PAUSE = 0.1
_ENDING = ("08", "57P")
"""How the states of errors begin with which a connection or the server ends."""

_TYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "UTINYINT": "smallint",
    "SMALLINT": "smallint",
    "USMALLINT": "integer",
    "INTEGER": "integer",
    "UINTEGER": "bigint",
    "BIGINT": "bigint",
    "UBIGINT": "numeric",
    "HUGEINT": "numeric",
    "UHUGEINT": "numeric",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "DATE": "date",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMP_S": "timestamp without time zone",
    "TIMESTAMP_MS": "timestamp without time zone",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "UUID": "uuid",
    "JSON": "json",
}
"""Types of DuckDB there; the others become text."""

_FOUND = """
    select c.relname from pg_class as c
    where c.relnamespace = to_regnamespace(%s) and c.relkind in ('r', 'v', 'm', 'p', 'f')
"""

_COLUMNS = """
    select a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute as a
    where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped
    order by a.attnum
"""

_COPIED = """
    select table_name, column_name, data_type, comment from duckdb_columns()
    where database_name = current_database() and schema_name = $1
    order by table_name, column_index
"""


class PostgresTarget:
    """A database of PostgreSQL.

    Parameters
    ----------
    dsn : str
        ``postgresql://user@host/database``; what it leaves out is taken from the PG* variables.
    access : Access
    """

    def __init__(self, dsn: str, access: Access) -> None:
        place = dsn.partition("://")[2].partition("?")[0]
        self.name = f"postgresql://{place.rpartition('@')[2]}"  # without a password
        self.room = Path(gettempdir())
        self.access = access
        self._dsn = dsn
        self._con: psycopg.Connection[Any] | None = None
        self._commits = False

    def standing(self, home: Path | None) -> Standing | None:
        """Return what was published here before; refuse a schema that somebody else made."""
        del home
        with closing(connect_postgres(self._dsn)) as con, self._asking():
            found = {row[0] for row in con.execute(_FOUND, [SCHEMA])}
            if PUBLICATION in found:
                query = "select model_id, fitted_at, layout_version, segmenter_version "
                row = con.execute(f"{query} from {SCHEMA}.{PUBLICATION}").fetchone()
                return None if row is None else Standing(*row)
        if found:
            raise SegmenterError(
                f"{self.name} has a schema {SCHEMA} already, with {min(found)}, that segmenter "
                "publish did not make (a fit in PostgreSQL makes views there). Publish into "
                "another database of that server, or rename the schema."
            )
        return None

    @contextmanager
    def turn(self, wait: float | None) -> Iterator[None]:
        """Keep other publishers out meanwhile."""
        with closing(connect_postgres(self._dsn)) as con:
            con.autocommit = True
            started = time.monotonic()
            while not self._is_locked(con):
                if time.monotonic() - started >= (wait or 0):
                    raise BusyError(
                        f"somebody else publishes to {self.name}. Nothing was published. Try "
                        "again, or wait for it: wait = 600."
                    )
                stopping.check()
                time.sleep(_PAUSE)
            self._con = con
            yield

    def drafts(self) -> AbstractContextManager[Path]:
        """Give a folder for the draft, where temporary files usually go."""
        return temporary_drafts(self.room)

    def put(self, draft: Path, publication: Publication) -> str:
        """Fill the tables anew, in one transaction."""
        assert self._con is not None
        with (
            closing(duckdb.connect(str(draft), read_only=True)) as source,
            stopping.held(),
            self._asking(),
        ):
            source.execute(MANNERS)
            stopping.check()
            with self._committed(), self._con.transaction():
                self._commits = False
                _Filling(self._con, source, draft.parent).fill(publication)
                stopping.check()
                self._commits = True
            stopping.note_stored(f"{self.name} has model {publication.model_id}")
        return f"{len(publication.rows)} objects in schema {SCHEMA}"

    @contextmanager
    def _committed(self) -> Iterator[None]:
        """Say that nobody can tell what came of a commit that no answer came to."""
        import psycopg

        try:
            yield
        except psycopg.OperationalError as error:
            is_answer = error.sqlstate is not None and not error.sqlstate.startswith(_ENDING)
            if is_answer or not self._commits:
                raise
            raise unknown_end(self.name, error) from None

    def _is_locked(self, con: psycopg.Connection[Any]) -> bool:
        with self._asking():
            row = con.execute("select pg_try_advisory_lock(hashtext(%s))", [SCHEMA]).fetchone()
        return bool(row and row[0])

    @contextmanager
    def _asking(self) -> Iterator[None]:
        import psycopg

        try:
            yield
        except psycopg.Error as error:
            raise SegmenterError(
                f"{self.name} does not take it: {first_line(error)} Nothing was published, and "
                "what was there before stands. Put that right, then publish again."
            ) from None


class _Filling:
    """The work of one transaction."""

    def __init__(
        self, con: psycopg.Connection[Any], source: duckdb.DuckDBPyConnection, folder: Path
    ) -> None:
        self.con = con
        self.source = source
        self.folder = folder
        self.columns: dict[str, list[tuple[str, str, str | None]]] = {}
        for table, *column in source.execute(_COPIED, [SCHEMA]).fetchall():
            self.columns.setdefault(table, []).append((column[0], column[1], column[2]))

    def fill(self, publication: Publication) -> None:
        found = relations(self.source)
        tables = [name for name, is_view in found if not is_view]
        views = [name for name, is_view in found if is_view]
        self._do(f"create schema if not exists {SCHEMA}")
        if any(self._is_other(name) for name in tables):
            for name in reversed(views):
                self._do(f"drop view if exists {SCHEMA}.{name}")
        for name in tables:
            self._table(name)
        (here,) = first_row(self.source, "select current_database()")
        for name, query in view_queries(self.source, here).items():
            self._do(f"create or replace view {SCHEMA}.{name} as {query.sql(dialect='postgres')}")
        if publication.model.has_macro:
            body = model_function(publication.model, "postgres")
            self._do(create_function(CLASSIFIER, body, "postgres"))
        self._comment(dict(found))

    def _table(self, name: str) -> None:
        """Make a table, or empty it; fill it."""
        full = f"{SCHEMA}.{name}"
        columns = self.columns[name]
        if self._is_other(name):
            self._do(f"drop table if exists {full}")
        defined = ", ".join(f"{_quoted(column)} {_type(kind)}" for column, kind, _ in columns)
        self._do(f"create table if not exists {full} ({defined})")
        self._do(f"delete from {full}")
        file = self.folder / f"{name}.csv"
        literal = exp.Literal.string(str(file)).sql(dialect="duckdb")
        chosen = ", ".join(
            _quoted(column) if _type(kind) != "text" else f"cast({_quoted(column)} as varchar)"
            for column, kind, _ in columns
        )
        self.source.execute(f"copy (select {chosen} from {full}) to {literal} (header false)")
        with file.open("rb") as rows, self.con.cursor() as cursor:
            statement = f"copy {full} from stdin (format csv)"
            with cursor.copy(statement.encode()) as copy:
                while block := rows.read(1 << 20):
                    copy.write(block)
        file.unlink()
        for column in {"customer_id", "segment"}.intersection(row[0] for row in columns):
            if "customer_id" in [row[0] for row in columns]:
                index = f"{name}_{column}_idx"
                self._do(f"create index if not exists {index} on {full} ({column})")
        self._do(f"analyze {full}")

    def _is_other(self, name: str) -> bool:
        """Tell whether a table is there with other columns."""
        there = self.con.execute(_COLUMNS, [f"{SCHEMA}.{name}"]).fetchall()
        wanted = [(column, _type(kind)) for column, kind, _ in self.columns[name]]
        return bool(there) and [tuple(row) for row in there] != wanted

    def _comment(self, found: dict[str, bool]) -> None:
        from psycopg import sql

        texts = self.source.execute(
            "select table_name, comment from duckdb_tables() where schema_name = $1 "
            "union all select view_name, comment from duckdb_views() where schema_name = $1",
            [SCHEMA],
        ).fetchall()
        for name, text in texts:
            kind = sql.SQL("view" if found[name] else "table")
            target = sql.Identifier(SCHEMA, name)
            statement = sql.SQL("comment on {} {} is {}")
            self.con.execute(statement.format(kind, target, sql.Literal(text)))
        for table, columns in self.columns.items():
            for column, _, text in columns:
                place = sql.Identifier(SCHEMA, table, column)
                statement = sql.SQL("comment on column {} is {}")
                self.con.execute(statement.format(place, sql.Literal(text)))

    def _do(self, statement: str) -> None:
        self.con.execute(statement.encode())


def _type(kind: str) -> str:
    if kind.startswith("DECIMAL("):
        return f"numeric{kind.removeprefix('DECIMAL')}"
    return _TYPES.get(kind, "text")


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="postgres")
