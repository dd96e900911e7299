"""What a fit asks of the engine that holds the rows.

A `Stage` asks an engine to look a source up, to keep the result of a query for the length of the
fit, and to hand over rows. What runs is always the SQL of ``sql/``, as a syntax tree in DuckDB's
dialect; an engine writes it in its own. The adapters are in `segmenter.engines`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import duckdb
import pyarrow as pa
from sqlglot import exp

from segmenter.sources.source import Source

__all__ = ["FRAME", "Engine", "Kind", "Publication", "canonical_type"]

FRAME = "segmenter_frame"
"""The name under which a data frame is registered while it is read."""

Kind = Literal["table", "view"]


@dataclass(frozen=True)
class Publication:
    """What a model consists of where its rows are.

    Attributes
    ----------
    before : sequence of str
        Statements that come first, where one comes after the other.
    functions : mapping of str to str
        What creates each function.
    views : mapping of str to Expr
        The query of each view in the engine's own form, each after those that it reads.
    statements : sequence of str
        The statements that create the views.
    comments : mapping of str to str
        What views of the schema are, where that is no part of their statements.
    over_views : mapping of str to str
        What creates each function that gives rows like a view's, or drops one that there was.
    """

    before: Sequence[str]
    functions: Mapping[str, str]
    views: Mapping[str, exp.Expr]
    statements: Sequence[str]
    comments: Mapping[str, str] = field(default_factory=dict)
    over_views: Mapping[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[str]:
        """Give all statements, one after the other."""
        yield from (*self.before, *self.functions.values(), *self.statements)


class Engine(Protocol):
    """Where the rows are.

    Attributes
    ----------
    name : str
        As users call it.
    dialect : str
        As sqlglot calls its SQL.
    local : DuckDBPyConnection
        What answers about DuckDB's own functions, in whose SQL users write their expressions; of
        the embedded engine, the connection itself.
    may_change : bool
        Whether somebody else can change the rows between two queries of a fit.
    """

    name: str
    dialect: str
    local: duckdb.DuckDBPyConnection
    may_change: bool

    @property
    def has_catalog(self) -> bool:
        """Whether what is published outlives the session."""
        ...

    def register(self, frame: Any) -> None:
        """Make a data frame readable under the name `FRAME`."""

    def unregister(self) -> None:
        """Forget the data frame."""

    def find(self, source: Source) -> tuple[exp.Table, str, bool]:
        """Return the source's relation, its name in messages, and whether it outlives us."""
        ...

    def types(self, query: exp.Query) -> dict[str, str]:
        """Return the columns of a query and their types, which DuckDB's names stand for.

        Raises
        ------
        SegmenterError
            The engine's own words about a query that does not work.
        """
        ...

    def create(self, name: str, query: exp.Expr, kind: Kind) -> None:
        """Keep the result of a query, or the query, under the name `staged(name)`."""

    def drop(self, name: str, kind: Kind) -> None:
        """Drop what was kept."""

    def staged(self, name: str) -> str:
        """Return the full name under which something is kept for the length of a fit."""
        ...

    def rows(self, query: exp.Expr) -> list[dict[str, Any]]:
        """Return the few rows of a query as mappings from column to value."""
        ...

    def arrow(self, query: exp.Expr) -> pa.Table:
        """Return the many rows of a query of whole numbers."""
        ...

    def sample(self, table: exp.Table, rows: int) -> exp.Table | exp.Subquery:
        """Return a table to take some rows of, from all over it where that costs nothing.

        Parameters
        ----------
        table : Table
        rows : int
            How many are wanted; there may be more of them.
        """
        ...

    def publish(self, publication: Publication) -> None:
        """Create or replace what a model consists of over there: all of it or, if possible, none.

        Raises
        ------
        SegmenterError
            What is missing and how to get it.
        """


def canonical_type(local: duckdb.DuckDBPyConnection, kind: str, dialect: str) -> str:
    """Return DuckDB's name of another engine's type, in capitals where it has none."""
    try:
        known = exp.DataType.build(kind, dialect=dialect).sql(dialect="duckdb")
        rows = local.execute(f"describe select cast(null as {known}) as value").fetchall()
    except Exception:  # a type that only its engine knows
        return kind.upper()
    return str(rows[0][1])
