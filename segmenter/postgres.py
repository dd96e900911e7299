"""PostgreSQL as an engine: points are computed there, function and views are made there.

A fit reads in one transaction of REPEATABLE READ, so that a table which changes meanwhile is read
as it was at the beginning, and publishes in another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
from pyarrow import csv
from sqlglot import exp

from segmenter.catalog import VIEWS
from segmenter.engine import Kind, canonical_type
from segmenter.errors import SegmenterError, first_line
from segmenter.layout import SCHEMA
from segmenter.portability import port
from segmenter.source import Source
from segmenter.warehouses import write

if TYPE_CHECKING:
    import psycopg

__all__ = ["Postgres", "connect_postgres"]

_WHOLE = ("cents", "frequency", "customers")
"""The columns of points, whole numbers also where there is no row to tell."""


class Postgres:
    """A connection to PostgreSQL, not in a transaction.

    Parameters
    ----------
    con : psycopg.Connection
    """

    name = "PostgreSQL"
    dialect = "postgres"
    may_change = False
    has_catalog = True

    def __init__(self, con: psycopg.Connection[Any]) -> None:
        self.con = con
        self.local = duckdb.connect()
        self._begin()

    def _begin(self) -> None:
        """Begin to read; what is made meanwhile is temporary."""
        from psycopg import IsolationLevel
        from psycopg.pq import TransactionStatus

        if self.con.info.transaction_status != TransactionStatus.IDLE:
            raise SegmenterError(
                "the connection is inside a transaction. Commit it or roll it back, then fit."
            )
        self._autocommit, self._isolation = self.con.autocommit, self.con.isolation_level
        self.con.autocommit = False
        self.con.isolation_level = IsolationLevel.REPEATABLE_READ

    def close(self) -> None:
        """End the transaction and forget what was temporary; the connection stays open."""
        if not self.con.closed:
            self.con.rollback()
            self.con.isolation_level, self.con.autocommit = self._isolation, self._autocommit
        self.local.close()

    def register(self, frame: Any) -> None:
        """Refuse a data frame."""
        raise SegmenterError(
            f"PostgreSQL reads its own tables, not a {type(frame).__name__}. Name a table, or fit "
            "the frame in DuckDB."
        )

    def unregister(self) -> None:
        """Do nothing: there is no data frame."""

    def find(self, source: Source) -> tuple[exp.Table, str, bool]:
        """Return the source's table, its name in messages, and whether it outlives us."""
        name = str(source.relation)
        if source.is_file:
            raise SegmenterError(
                f"PostgreSQL reads its own tables, not the file {name}. Name a table or view, or "
                "fit the file in DuckDB."
            )
        for text in (exp.to_identifier(name, quoted=True).sql(dialect="postgres"), name):
            found = self._row(
                "select n.nspname, c.relname, c.relpersistence from pg_class c "
                "join pg_namespace n on n.oid = c.relnamespace where c.oid = %s",
                [self._oid(text)],
            )
            if found:
                schema, relation, persistence = found
                table = exp.table_(relation, db=schema, quoted=True)
                return table, name, persistence != "t"
        raise SegmenterError(
            f"there is no table or view {name!r} in this database, or not on the search path. "
            "Give its schema too: --transactions shop.sales"
        )

    def _oid(self, text: str) -> int | None:
        from psycopg import Error

        try:
            with self.con.transaction():
                (oid,) = self._row("select to_regclass(%s)::oid", [text])
        except Error:  # not even the form of a name
            return None
        return oid  # type: ignore[no-any-return]

    def _row(self, query: str, parameters: list[Any]) -> tuple[Any, ...]:
        with self._asking():
            return self.con.execute(query.encode(), parameters).fetchone() or ()

    def types(self, query: exp.Query) -> dict[str, str]:
        """Return the columns of a query and their types."""
        empty = exp.select("*").from_(query.copy().subquery("described")).limit(0)
        with self._asking(), self.con.transaction():
            columns = self.con.execute(self._written(empty)).description or ()
            return {
                column.name: canonical_type(self.local, column.type_display, "postgres")
                for column in columns
            }

    def create(self, name: str, query: exp.Expr, kind: Kind) -> None:
        """Make a temporary table or view."""
        self.drop(name, kind)
        with self._asking():
            text = self._written(query).decode()
            self.con.execute(f"create temp {kind} segmenter_{name} as {text}".encode())
            if kind == "table":
                self.con.execute(f"analyze {self.staged(name)}".encode())

    def drop(self, name: str, kind: Kind) -> None:
        """Drop a temporary table or view."""
        from psycopg.pq import TransactionStatus

        if self.con.info.transaction_status != TransactionStatus.INERROR:
            self.con.execute(f"drop {kind} if exists {self.staged(name)} cascade".encode())

    def staged(self, name: str) -> str:
        """Return the full name of a temporary object."""
        return f"pg_temp.segmenter_{name}"

    def rows(self, query: exp.Expr) -> list[dict[str, Any]]:
        """Return the rows of a query as mappings from column to value."""
        from psycopg.rows import dict_row

        with self._asking(), self.con.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(self._written(query)).fetchall()

    def arrow(self, query: exp.Expr) -> pa.Table:
        """Return the rows of a query of whole numbers, by way of COPY."""
        sink = pa.BufferOutputStream()
        statement = f"copy ({self._written(query).decode()}) to stdout (format csv, header)"
        with self._asking(), self.con.cursor().copy(statement.encode()) as copy:
            for block in copy:
                sink.write(block)
        return csv.read_csv(
            pa.BufferReader(sink.getvalue()),
            convert_options=csv.ConvertOptions(column_types=dict.fromkeys(_WHOLE, pa.int64())),
        )

    def publish(self, statements: Iterable[str]) -> None:
        """Create or replace schema, function and views in one transaction.

        PostgreSQL does not replace a view by one with other columns or types; then ours are dropped
        and made anew.
        """
        from psycopg.errors import InvalidTableDefinition

        texts = [statement.encode() for statement in statements]
        with self._asking("nothing was published"):
            self.con.rollback()
            with self.con.transaction():
                try:
                    with self.con.transaction():
                        self._run(texts)
                except InvalidTableDefinition:
                    ours = ", ".join(f"{SCHEMA}.{name}" for name in VIEWS)
                    self._run([f"drop view if exists {ours}".encode(), *texts])

    def _run(self, statements: Iterable[bytes]) -> None:
        for statement in statements:
            self.con.execute(statement)

    def _written(self, query: exp.Expr) -> bytes:
        return write(port(query.copy(), "postgres"), "postgres").encode()

    @contextmanager
    def _asking(self, told: str = "") -> Iterator[None]:
        """Put the server's errors into a sentence."""
        import psycopg

        try:
            yield
        except psycopg.errors.InsufficientPrivilege as error:
            rest = f"; {told}" if told else ""
            raise SegmenterError(
                f"{first_line(error).removesuffix('.')}{rest}. A fit reads the table and makes "
                "temporary tables, a schema segments, a function and views. Ask for: grant select "
                "on TABLE, grant temporary, create on database DATABASE; the owner of an existing "
                "schema segments must grant usage, create on it, and only the owner of its views "
                "can replace them."
            ) from None
        except psycopg.errors.DependentObjectsStillExist as error:
            found = " ".join((error.diag.message_detail or "").split("\n"))
            raise SegmenterError(
                f"a view of the schema {SCHEMA} gets other columns, and something else reads it: "
                f"{found}. Drop that, and make it again after the fit; nothing was published."
            ) from None
        except psycopg.Error as error:
            raise SegmenterError(first_line(error)) from None


def connect_postgres(dsn: str) -> psycopg.Connection[Any]:
    """Connect to PostgreSQL.

    Parameters
    ----------
    dsn : str
        ``postgresql://user@host/database`` or ``host=... dbname=...``. What it leaves out is taken
        from the usual PG* variables and ``~/.pgpass``.

    Raises
    ------
    SegmenterError
        The driver is missing, or the database cannot be reached.
    """
    try:
        import psycopg
    except ImportError:
        raise SegmenterError(
            "the driver of PostgreSQL is not installed. Install it: "
            "pip install 'duckdb-segmenter[postgres]'"
        ) from None
    try:
        return psycopg.connect(dsn)
    except psycopg.Error as error:
        raise SegmenterError(
            f"the database cannot be reached: {first_line(error)} Check host, port, name and "
            "password in --dsn."
        ) from None
