"""DuckDB in this process, the engine that is used when nothing else is asked for."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from segmenter.errors import InputError, reason
from segmenter.schema.connection import records
from segmenter.sources.attachments import attach_databases, compare_here
from segmenter.sources.engine import FRAME, Kind, Publication
from segmenter.sources.file_names import is_query, is_workbook
from segmenter.sources.files import InputFile
from segmenter.sources.queries import query_table
from segmenter.sources.readers import load_readers
from segmenter.sources.relations import find_table
from segmenter.sources.source import Source
from segmenter.sources.workbooks import read_sheet

__all__ = ["Embedded"]


class Embedded:
    """DuckDB in this process.

    Parameters
    ----------
    con : DuckDBPyConnection
        May be read-only.
    """

    name = "DuckDB"
    dialect = "duckdb"
    may_change = False
    has_catalog = True

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.local = con

    def register(self, frame: Any) -> None:
        """Make a data frame readable under the name `FRAME`."""
        try:
            self.local.register(FRAME, frame)
        except (duckdb.Error, TypeError) as error:
            raise InputError(
                f"a {type(frame).__name__} cannot be read as a table ({error}). Give a table or "
                "file name, a pandas or Polars frame, or an Arrow table."
            ) from None

    def unregister(self) -> None:
        """Forget the data frame."""
        self.local.unregister(FRAME)

    def find(self, source: Source) -> tuple[exp.Table, str, bool]:
        """Return the source's relation, its name in messages, and whether it outlives us."""
        if source.is_frame:
            return exp.table_(FRAME, quoted=True), source.as_dict()[source.kind], False
        if source.attach:
            attach_databases(self.local, source.attach)
        compare_here(self.local)
        load_readers(self.local, source.files)
        if source.is_file and is_workbook(source.file):
            self.register(read_sheet(source.file, source.sheet))
            return exp.table_(FRAME, quoted=True), source.file, False
        if source.is_file and is_query(source.file):
            return query_table(self.local, source.file), source.file, False
        if source.is_file:
            return InputFile(source.file, source.csv or {}).table(), source.file, True
        return find_table(self.local, str(source.relation), source.attach or {})

    def types(self, query: exp.Query) -> dict[str, str]:
        """Return the columns of a query and their types."""
        try:
            described = self.local.execute(f"describe {query.sql(dialect='duckdb')}").fetchall()
        except duckdb.Error as error:
            raise InputError(reason(error)) from None
        return {row[0]: str(row[1]) for row in described}

    def create(self, name: str, query: exp.Expr, kind: Kind) -> None:
        """Make a temporary table or view."""
        self.local.execute(f"create or replace temp {kind} segmenter_{name} as {_written(query)}")

    def drop(self, name: str, kind: Kind) -> None:
        """Drop a temporary table or view."""
        self.local.execute(f"drop {kind} if exists {self.staged(name)}")

    def staged(self, name: str) -> str:
        """Return the full name of a temporary object."""
        return f"temp.main.segmenter_{name}"

    def rows(self, query: exp.Expr) -> list[dict[str, Any]]:
        """Return the rows of a query as mappings from column to value."""
        return records(self.local, _written(query))

    def arrow(self, query: exp.Expr) -> pa.Table:
        """Return the rows of a query."""
        return self.local.sql(_written(query)).to_arrow_table()

    def sample(self, table: exp.Table, rows: int) -> exp.Table | exp.Subquery:
        """Return the table as it is."""
        del rows
        return table.copy()

    def publish(self, publication: Publication) -> None:
        """Do nothing: in DuckDB a model is more than a script, see `segmenter.storage.publish`."""
        del publication


def _written(query: exp.Expr) -> str:
    """Write a query that was made to be run once, without a copy of it."""
    return query.sql(dialect="duckdb", copy=False)
