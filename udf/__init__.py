"""SQL functions in Python, one a file: Arrow in, NumPy, a kernel, Arrow out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from segmenter.model import Model
from segmenter.workplace.opening import threads_of
from segmenter.workplace.place import OwnConnection

__all__ = ["Function", "Session", "run_verb"]


class Session(Protocol):
    """What a function may ask of the connection that it is registered on."""

    def model(self) -> Model:
        """Return the current model."""
        ...

    def cursor(self) -> Any:
        """Return a second connection to the same database."""
        ...


@dataclass(frozen=True)
class Function:
    """A SQL function.

    Attributes
    ----------
    name : str
    parameters : list of str
        SQL types.
    returns : str
        SQL type.
    make : callable
        Takes the session and returns the function over Arrow arrays.
    has_side_effects : bool
        Whether it must run once for each row, whatever the optimiser thinks.
    """

    name: str
    parameters: list[str]
    returns: str
    make: Callable[[Session], Callable[..., pa.Array]]
    has_side_effects: bool = False


def run_verb(session: Session, verb: Callable[..., str], *columns: pa.Array) -> pa.Array:
    """Run a verb for each row, on a second connection each; return what each says.

    Parameters
    ----------
    session : Session
    verb : callable
        Takes the place to work in and the row's arguments, and says in a sentence what it did.
    *columns : Array
        The arguments.
    """

    def run(*arguments: Any) -> str:
        with closing(session.cursor()) as cursor, threads_of(cursor):
            return verb(OwnConnection(cursor), *arguments)

    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return pa.array([run(*row) for row in rows], type=pa.string())
