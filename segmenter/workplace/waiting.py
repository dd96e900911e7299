"""Waiting for a database that another program has open."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from segmenter.errors import BusyError, SegmenterError, first_line

if TYPE_CHECKING:
    import duckdb

__all__ = ["Say", "patience", "patiently", "unheard"]

Say = Callable[[str], None]
"""Hears a sentence."""

_AROUND_WRITING = 10.0
"""Seconds that a command waits before it stores its result, and to show it afterwards, when nothing
else is asked for: a reader who looks in must not throw the work away."""

_PAUSE = 0.02

T = TypeVar("T")


def unheard(sentence: str) -> None:
    """Hear nothing."""
    del sentence


def patience(wait: float | None) -> float:
    """Return how many seconds to wait once work has been done."""
    return _AROUND_WRITING if wait is None else wait


def patiently(opening: Callable[[], T], path: Path, wait: float | None, say: Say = unheard) -> T:
    """Open a file, again and again while another program has it open.

    Parameters
    ----------
    opening : callable
        Opens it; may raise an error of DuckDB.
    path : Path
        For messages.
    wait : float or None
        How many seconds to try; None does not wait.
    say : callable
        Hears of the wait.

    Raises
    ------
    BusyError
        It was open all the time.
    SegmenterError
        It cannot be opened.
    """
    import duckdb

    started = time.monotonic()
    is_said = False
    while True:
        try:
            return opening()
        except duckdb.Error as error:
            holder = _holder(error)
            if holder is None:
                raise SegmenterError(f"{path} cannot be opened: {first_line(error)}") from None
            if time.monotonic() - started >= (wait or 0):
                raise _busy(path, holder, wait) from None
            if not is_said:
                reason = f"{holder[0].lower()}{holder[1:]}"
                say(f"waiting up to {wait:g} s for {path}: {reason}")
            is_said = True
        time.sleep(_PAUSE)


def _busy(path: Path, holder: str, wait: float | None) -> BusyError:
    still, longer = (f" after {wait:g} s", " longer") if wait else ("", "")
    return BusyError(
        f"{path} is open in another program{still}, and DuckDB lets only one program at a time "
        f"write. Close it there and try again, or wait{longer} for it: wait = 600. ({holder})"
    )


def _holder(error: duckdb.Error) -> str | None:
    """Return who holds the lock that DuckDB could not get, or None when it is another error.

    The path in the message may hold any words; what comes before and after it tells.
    """
    import duckdb

    text = str(error).removeprefix("IO Error: ")
    if not isinstance(error, duckdb.IOException):
        return None
    if not text.startswith("Could not set lock on file "):
        return None
    reason = text.rpartition('": ')[2]
    if not reason.startswith(("Conflicting lock", "Lock is already held")):
        return None  # a file system without locks, say
    return reason.split(". ")[0].splitlines()[0]
