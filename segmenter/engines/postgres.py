"""PostgreSQL as an engine: points are computed there, function and views are made there.

A fit reads in one transaction of REPEATABLE READ, so that a table which changes meanwhile is read
as it was at the beginning, and publishes in another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
from pyarrow import csv
from sqlglot import exp

from segmenter.engines.ddl import write
from segmenter.engines.postgres_errors import asking
from segmenter.engines.postgres_publishing import Publisher
from segmenter.engines.postgres_snapshot import WRITES, begin_snapshot, check_customers
from segmenter.engines.script_frame import KEPT, SCRIPT
from segmenter.engines.translate import port
from segmenter.errors import SegmenterError
from segmenter.schema.names import SCHEMA
from segmenter.sources.engine import Kind, Publication, canonical_type
from segmenter.sources.source import Source

if TYPE_CHECKING:
    import psycopg

__all__ = ["Postgres"]

_WHOLE = ("cents", "frequency", "customers")
"""The columns of points, whole numbers also where there is no row to tell."""

_READ_ALIKE = (
    *("BOOLEAN", "SMALLINT", "INTEGER", "BIGINT", "DECIMAL", "FLOAT", "DOUBLE"),
    *("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "UUID"),
)
"""Types of DuckDB that read what PostgreSQL writes."""

_WHILE_ASKING = {
    "client_encoding": "UTF8",  # first, as the others are written in it
    "standard_conforming_strings": "on",
    "transform_null_equals": "off",
    "datestyle": "ISO, YMD",  # so that 03/04/2024 is refused, as in DuckDB, and not read by chance
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "extra_float_digits": "1",  # all of them
    "idle_in_transaction_session_timeout": "0",  # the driver clusters meanwhile
}
"""Settings of each of our transactions, whatever the session's are."""

_READ_BY = """
    with recursive reads (oid) as (
        select %s::oid
        union
        select d.refobjid
        from reads
        join pg_rewrite as w on w.ev_class = reads.oid
        join pg_depend as d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
        where d.refclassid = 'pg_class'::regclass
    )
    select c.relname
    from reads
    join pg_class as c using (oid)
    where c.relnamespace = to_regnamespace(%s) and c.relname = any(%s)
    order by c.relname
"""


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
        self.local.execute("set timezone = 'UTC'")  # as over there
        self._begin()

    def _begin(self) -> None:
        """Begin to read; what is made meanwhile is temporary."""
        from psycopg import IsolationLevel
        from psycopg.pq import PipelineStatus, TransactionStatus

        if self.con.pgconn.pipeline_status != PipelineStatus.OFF:
            raise SegmenterError("the connection is in a pipeline. End it, then fit.")
        if self.con.info.transaction_status != TransactionStatus.IDLE:
            raise SegmenterError(
                "the connection is inside a transaction. Commit it or roll it back, then fit."
            )
        self._autocommit, self._isolation = self.con.autocommit, self.con.isolation_level
        self.con.autocommit = False
        self.con.isolation_level = IsolationLevel.REPEATABLE_READ
        try:
            self._settle()
        except SegmenterError:
            self.close()
            raise

    def _settle(self) -> None:
        """Set, for the length of a transaction, what the meaning of our SQL depends on."""
        with asking():
            for name, value in _WHILE_ASKING.items():
                self._run("select set_config(%s, %s, true)", [name, value])

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
                "select n.nspname, c.relname, c.relpersistence, c.oid from pg_class c "
                "join pg_namespace n on n.oid = c.relnamespace where c.oid = %s",
                [self._oid(text)],
            )
            if found:
                schema, relation, persistence, oid = found
                if persistence == "t":
                    raise SegmenterError(
                        f"{name} is temporary, and the views that a fit makes stay. Create it "
                        "without TEMP."
                    )
                if ours := self._row(_READ_BY, [oid, SCHEMA, list(SCRIPT)]):
                    raise SegmenterError(
                        f"{name} reads {SCHEMA}.{ours[0]}, which is written by each fit. Copy it "
                        "into a table first."
                    )
                return exp.table_(relation, db=schema, quoted=True), name, True
        raise SegmenterError(
            f"there is no table or view {name!r} in this database, or not on the search path. "
            "Give its schema too: transactions = 'shop.sales'."
        )

    def _oid(self, text: str) -> int | None:
        from psycopg.errors import FeatureNotSupported, InvalidName, SyntaxError

        with asking():
            try:
                with self.con.transaction():
                    row = self._run("select to_regclass(%s)::oid", [text]).fetchone()
            except (InvalidName, SyntaxError, FeatureNotSupported):  # not the form of a name
                return None
        return row[0] if row else None

    def _row(self, query: str, parameters: list[Any]) -> tuple[Any, ...]:
        with asking():
            return self._run(query, parameters).fetchone() or ()

    def types(self, query: exp.Query) -> dict[str, str]:
        """Return the columns of a query and their types."""
        columns = self._displayed(query).items()
        return {name: canonical_type(self.local, kind, "postgres") for name, kind in columns}

    def _displayed(self, query: exp.Query) -> dict[str, str]:
        """Return the columns of a query and their types as PostgreSQL calls them."""
        empty = exp.select("*").from_(query.copy().subquery("described")).limit(0)
        with asking(), self.con.transaction():
            columns = self._run(self._written(empty)).description or ()
            return {column.name: column.type_display for column in columns}

    def create(self, name: str, query: exp.Expr, kind: Kind) -> None:
        """Make a temporary table or view."""
        with asking():
            self._run(f"drop {kind} if exists {self.staged(name)} cascade")
            self._run(f"create temp {kind} segmenter_{name} as {self._written(query)}")
            if kind == "table":
                self._run(f"analyze {self.staged(name)}")

    def drop(self, name: str, kind: Kind) -> None:
        """Drop a temporary table or view; one that stays ends with the transaction."""
        from psycopg import Error
        from psycopg.pq import TransactionStatus

        if self.con.info.transaction_status == TransactionStatus.INTRANS:
            with suppress(Error):
                self._run(f"drop {kind} if exists {self.staged(name)} cascade")

    def staged(self, name: str) -> str:
        """Return the full name of a temporary object."""
        return f"pg_temp.segmenter_{name}"

    def rows(self, query: exp.Expr) -> list[dict[str, Any]]:
        """Return the rows of a query as mappings from column to value.

        One that fails ends nothing but itself.
        """
        from psycopg.rows import dict_row

        with asking(), self.con.transaction():
            return self._run(self._written(query), rows=dict_row).fetchall()

    def arrow(self, query: exp.Expr) -> pa.Table:
        """Return the rows of a query of whole numbers, by way of COPY."""
        return csv.read_csv(
            self._copied(query),
            convert_options=csv.ConvertOptions(column_types=dict.fromkeys(_WHOLE, pa.int64())),
        )

    def check_view(self, name: str) -> None:
        """Refuse to read one of our views that is not there.

        Raises
        ------
        SegmenterError
            With what makes it.
        """
        if self._row("select to_regclass(%s)::oid", [f"{SCHEMA}.{name}"]) == (None,):
            call = "refresh(session=connection)" if name in KEPT else "publish_views(connection)"
            raise SegmenterError(
                f"there is no view {SCHEMA}.{name} in this database: nothing was published here, "
                f"or it was dropped since. Make it: segmenter.open(model).{call}."
            )

    def table(self, query: exp.Query) -> tuple[pa.Table, dict[str, str]]:
        """Return the rows of a query as texts, and what type each column has in DuckDB.

        What no type there holds as it is here stays a text: numbers of any size, bytes, enums.
        """
        displayed = self._displayed(query)
        types = {name: self._type_of_texts(kind) for name, kind in displayed.items()}
        texts = exp.select().from_(query.copy().subquery("described"))
        for name, kind in displayed.items():
            column = exp.column(name, quoted=True)
            value = exp.func("trim_scale", column) if kind == "numeric" else column  # 7.0 is 7
            texts = texts.select(exp.alias_(exp.cast(value, "text"), name, quoted=True))
        options = csv.ConvertOptions(
            column_types=dict.fromkeys(types, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        lines = csv.ParseOptions(newlines_in_values=True)
        found = csv.read_csv(self._copied(texts), parse_options=lines, convert_options=options)
        return found, types

    def _type_of_texts(self, kind: str) -> str:
        """Return the type of DuckDB that reads texts of a type here, and loses nothing."""
        found = canonical_type(self.local, kind, "postgres")
        return found if kind != "numeric" and found.partition("(")[0] in _READ_ALIKE else "VARCHAR"

    def _copied(self, query: exp.Expr) -> pa.BufferReader:
        sink = pa.BufferOutputStream()
        statement = f"copy ({self._written(query)}) to stdout (format csv, header)"
        with asking(), self.con.cursor().copy(statement.encode()) as copy:
            for block in copy:
                sink.write(block)
        return pa.BufferReader(sink.getvalue())

    def sample(self, table: exp.Table, rows: int) -> exp.Table | exp.Subquery:
        """Return pages from all over a large table, the same ones each time."""
        name = table.sql(dialect="postgres")
        known = self._row(
            "select reltuples, relkind from pg_class where oid = %s", [self._oid(name)]
        )
        if not known or known[0] < 10 * rows or known[1] not in ("r", "m"):
            return table.copy()
        percent = exp.Literal.number(f"{150 * rows / known[0]:.9f}")
        query = exp.select("*").from_(table.copy())
        query.args["from_"].this.set(
            "sample",
            exp.TableSample(method=exp.var("SYSTEM"), percent=percent, seed=exp.Literal.number(0)),
        )
        return query.subquery()

    def publish(self, publication: Publication) -> None:
        """Create or replace schema, function and views in one transaction, beside their readers."""
        from psycopg import IsolationLevel

        with asking("nothing was published"):
            self.con.rollback()
            self.con.isolation_level = IsolationLevel.READ_COMMITTED  # to see what others published
            with self.con.transaction():
                self._settle()
                Publisher(self.con, self._run, publication).publish()

    def begin_snapshot(self) -> dict[str, Any]:
        """Keep others from writing the snapshot, and return what it is of, see there."""
        with asking(WRITES):
            return begin_snapshot(self._run)

    def check_customers(self, upcoming: str) -> None:
        """Refuse customers of another type than those of the snapshot."""
        with asking():
            check_customers(self._run, upcoming)

    def execute(self, statement: exp.Expr) -> int:
        """Execute a statement in the transaction that reads; return how many rows it wrote."""
        with asking(WRITES):
            return self._run(self._written(statement)).rowcount

    def replace_views(
        self, publication: Publication, columns: Mapping[str, tuple[str, ...]]
    ) -> None:
        """Create or replace views in the transaction that reads, beside their readers."""
        with asking(WRITES):
            Publisher(self.con, self._run, publication, columns).publish()

    def commit(self) -> None:
        """End the transaction that reads, and keep what it wrote."""
        with asking(WRITES):
            self.con.commit()

    def _run(self, statement: str, parameters: Any = None, rows: Any = None) -> psycopg.Cursor[Any]:
        """Execute a statement, whatever the rows of the user's own cursors look like."""
        from psycopg import Cursor
        from psycopg.rows import tuple_row

        cursor: psycopg.Cursor[Any] = Cursor(self.con, row_factory=rows or tuple_row)
        return cursor.execute(statement.encode(), parameters)

    def _written(self, query: exp.Expr) -> str:
        return write(port(query.copy(), "postgres"), "postgres")
