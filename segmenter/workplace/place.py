"""A place where results are stored: a file that is written briefly, or the caller's connection."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import duckdb

__all__ = ["OwnConnection", "Place"]


class Place(Protocol):
    """Where a model is kept.

    Attributes
    ----------
    con : DuckDBPyConnection
        May be read-only but inside `writing`.
    is_writable : bool
        Whether it has to be open for writing also outside of it.
    """

    con: duckdb.DuckDBPyConnection
    is_writable: bool

    def writing(self, words: str) -> AbstractContextManager[None]:
        """Let the block write into the database; the words are true once it has committed."""
        ...


class OwnConnection:
    """A connection of the caller's own: open for writing all the time."""

    is_writable = True

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def writing(self, words: str) -> AbstractContextManager[None]:
        """Write as it is."""
        del words
        return nullcontext()
