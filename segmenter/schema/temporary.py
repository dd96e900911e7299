"""Temporary tables and views that go with the block that made them, and registered Arrow tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from sqlglot import exp

from segmenter.schema.connection import first_row, tidying_up
from segmenter.schema.files import bind, redirect

if TYPE_CHECKING:
    from types import TracebackType

    import duckdb
    import pyarrow as pa

__all__ = ["TemporaryTables", "registered"]


class TemporaryTables:
    """Temporary tables and views of one connection; they end with the ``with`` block.

    Parameters
    ----------
    con : DuckDBPyConnection
        May be read-only.

    Attributes
    ----------
    prefix : str
        What the names of a subclass's tables begin with.
    values : dict of str to Expression
        What ``$placeholders`` of files stand for.
    """

    prefix: ClassVar[str] = ""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.values: dict[str, exp.Expr] = {}
        self._made: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with tidying_up(error):
            for name in reversed(list(self._made)):
                self.drop(name)

    def staged(self, name: str) -> str:
        """Return the full name of a temporary table or view."""
        return f"temp.main.segmenter_{self.prefix}{name}"

    def create(
        self,
        name: str,
        query: str,
        kind: Literal["table", "view"] = "table",
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        """Create or replace a temporary table or view."""
        self.con.execute(
            f"create or replace temp {kind} {self.staged(name)} as {query}", parameters
        )
        self._made[name] = kind

    def create_from(
        self,
        name: str,
        file: str,
        kind: Literal["table", "view"] = "table",
        *,
        redirected: Mapping[str, str] | None = None,
        **tables: str,
    ) -> None:
        """Create a temporary table or view from a file of ``sql/``, see `query`."""
        self.create(name, self.query(file, redirected=redirected, **tables), kind)

    def query(
        self, file: str, *, redirected: Mapping[str, str] | None = None, **tables: str
    ) -> str:
        """Return the query of a file of ``sql/``.

        Parameters
        ----------
        file : str
        redirected : mapping of str to str, optional
            Objects of the schema, and the full names of the tables to read in their place.
        **tables : str
            Placeholders, and the full names of the tables that they stand for.
        """
        named = {key: exp.to_table(table, dialect="duckdb") for key, table in tables.items()}
        tree = redirect(bind(file, self.values | named), redirected or {})
        return tree.sql(dialect="duckdb", copy=False)

    def count(self, name: str) -> int:
        """Return the number of rows of a temporary table."""
        return int(first_row(self.con, f"select count(*) from {self.staged(name)}")[0])

    def drop(self, name: str) -> None:
        """Drop a temporary table or view, if it was made."""
        if name in self._made:
            self.con.execute(f"drop {self._made.pop(name)} if exists {self.staged(name)}")


@contextmanager
def registered(con: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> Iterator[None]:
    """Let queries of the block read an Arrow table under a name."""
    con.register(name, rows)
    try:
        yield
    finally:
        con.unregister(name)
