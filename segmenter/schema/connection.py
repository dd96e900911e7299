"""Asking a connection: whole results, so that no half-read one blocks the next; transactions."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast

from segmenter import stopping
from segmenter.errors import BusyError, InputError, SegmenterError, first_line

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "check_connection",
    "current_database",
    "first_row",
    "in_transaction",
    "is_lake",
    "records",
    "tidying_up",
    "transaction",
    "unwrapped",
    "way_to",
]

Parameters = Sequence[Any] | Mapping[str, Any] | None


def check_connection(con: object, what: str) -> None:
    """Refuse what is no connection of DuckDB.

    Parameters
    ----------
    con : object
    what : str
        Who asks for one, in the message.

    Raises
    ------
    SegmenterError
        With the way to one, where the object has it.
    """
    import duckdb

    if not isinstance(con, duckdb.DuckDBPyConnection):
        raise InputError(
            f"{what} works on a connection of DuckDB, not on a {type(con).__name__}.{way_to(con)}"
        )


def way_to(con: object) -> str:
    """Return how to get a connection of DuckDB from what somebody took for one, or nothing."""
    import duckdb

    if isinstance(con, str | os.PathLike):
        return f" Open it: duckdb.connect({os.fspath(con)!r})."
    try:
        inner = con.cursor()  # type: ignore[attr-defined]
        is_one = isinstance(inner, duckdb.DuckDBPyConnection)
        inner.close()
    except Exception:  # whatever a stranger's object does
        return ""
    return " It holds one: give con.cursor() instead." if is_one else ""


_Connection = TypeVar("_Connection")


def unwrapped(con: _Connection) -> _Connection:
    """Return a connection of its own to the database of what wraps one, as dbt's session does.

    Whoever wraps a connection may be in a transaction of his own. What is no wrapper is returned
    as it is.
    """
    import duckdb

    if isinstance(con, duckdb.DuckDBPyConnection) or not hasattr(con, "cursor"):
        return con
    if type(con).__module__.partition(".")[0] != "dbt":
        return con
    inner: Any = con.cursor()
    return cast("_Connection", inner) if isinstance(inner, duckdb.DuckDBPyConnection) else con


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


def current_database(con: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    """Return the name of the database that is used, and what keeps it: duckdb, ducklake, sqlite."""
    query = "select database_name, type from duckdb_databases() where database_name = $1"
    (name,) = first_row(con, "select current_database()")
    return first_row(con, query, [name]) or (str(name), "duckdb")


def is_lake(con: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether a DuckLake is used: it has no keys, and comments on fewer things."""
    return current_database(con)[1] == "ducklake"


def in_transaction(con: duckdb.DuckDBPyConnection) -> bool:
    """Tell whether two statements share a transaction; asking with BEGIN would abort it."""
    if is_lake(con):  # txid_current() breaks the connection there
        query = "select epoch_us(now())"  # of the transaction's start
        started = first_row(con, query)
        time.sleep(0.002)
        return first_row(con, query) == started
    query = "select txid_current()"
    return first_row(con, query) == first_row(con, query)


@contextmanager
def tidying_up(error: BaseException | None) -> Iterator[None]:
    """Drop what was temporary in the block; failing then does not hide the error before it."""
    try:
        yield
    except Exception:
        if error is None:
            raise


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Do all of the block or, when it fails, nothing."""
    import duckdb

    con.execute("begin")
    commits = False
    try:
        yield
        with stopping.committing():
            commits = True
            con.execute("commit")
    except BaseException as error:
        with suppress(duckdb.Error):  # the engine may have rolled back by itself
            con.execute("rollback")
        if isinstance(error, duckdb.TransactionException) and "Could not write" in str(error):
            raise SegmenterError(
                f"the database file cannot be written ({first_line(error)}) See that its disk "
                "has room and works, then try again."
            ) from None
        if commits and isinstance(error, duckdb.FatalException):
            raise SegmenterError(
                "DuckDB lost its hold on the file while it stored the result "
                f"({first_line(error)}) So the result may be stored or not: look at what is there, "
                "with select * from segments.models, and do it again where it is missing."
            ) from None
        if isinstance(error, duckdb.TransactionException):
            raise BusyError(
                f"somebody else changed the database meanwhile ({error}). Try again."
            ) from None
        raise
