"""Asking a connection: whole results, so that no half-read one blocks the next; transactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from segmenter import stopping
from segmenter.errors import BusyError, SegmenterError, first_line

if TYPE_CHECKING:
    import duckdb

__all__ = ["first_row", "records", "transaction"]

Parameters = Sequence[Any] | Mapping[str, Any] | None


def records(
    con: duckdb.DuckDBPyConnection, query: str, parameters: Parameters = None
) -> list[dict[str, Any]]:
    """Return all rows of a query as mappings from column to value."""
    found = con.execute(query, parameters)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def first_row(
    con: duckdb.DuckDBPyConnection, query: str, parameters: Parameters = None
) -> tuple[Any, ...]:
    """Return the first row of a query, an empty tuple when there is none."""
    rows: list[tuple[Any, ...]] = con.execute(query, parameters).fetchall()
    return rows[0] if rows else ()


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Do all of the block or, when it fails, nothing."""
    import duckdb

    con.execute("begin")
    try:
        yield
        with stopping.committing():
            con.execute("commit")
    except BaseException as error:
        with suppress(duckdb.Error):  # the engine may have rolled back by itself
            con.execute("rollback")
        if isinstance(error, duckdb.TransactionException) and "Could not write" in str(error):
            raise SegmenterError(
                f"the database file cannot be written ({first_line(error)}) Make room on its disk, "
                "then try again."
            ) from None
        if isinstance(error, duckdb.TransactionException):
            raise BusyError(
                f"somebody else changed the database meanwhile ({error}). Try again."
            ) from None
        raise
