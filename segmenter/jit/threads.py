"""Threads: kernels over ranges of rows, each of which writes a part of the result of its own.

Kernels run without the GIL, so plain threads are enough: numba's own ones take long to compile, and
some of its layers bear neither a second caller nor a fork. Ranges are the same for any number of
threads, and so is what comes out, to the last bit. Threads live as long as a call: a process may
fork between two calls.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

__all__ = ["limited", "over_ranges", "processors", "thread_count"]

Result = TypeVar("Result")

_limit: ContextVar[int | None] = ContextVar("_limit", default=None)


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Use no more threads in the block, nor more than were allowed around it."""
    before = _limit.get()
    _limit.set(threads if before is None else min(before, threads))
    try:
        yield
    finally:
        _limit.set(before)


def thread_count() -> int:
    """Return how many threads kernels use: one a processor, unless the user wants fewer.

    The user says so by ``--threads``, or the setting of a connection, and by NUMBA_NUM_THREADS.
    """
    most = processors()
    with suppress(ValueError):  # it is no number, which numba complains of, or not there
        most = min(most, int(os.environ.get("NUMBA_NUM_THREADS", "")))
    allowed = _limit.get()
    return max(1, most if allowed is None else min(most, allowed))


def over_ranges(work: Callable[[int, int], Result], rows: int, size: int) -> list[Result]:
    """Do something with all rows, a range at a time, on all threads.

    Parameters
    ----------
    work : callable
        Takes the first row of a range and the one past its last. It writes nothing that another
        range reads or writes.
    rows : int
    size : int
        Rows in a range: so many that starting a thread takes no part of the time to speak of.

    Returns
    -------
    list
        What `work` returned, in the order of the ranges.

    Raises
    ------
    Exception
        The first that `work` raised; then, and at Ctrl-C, no further range is begun.
    """
    if 0 < rows <= size:  # as thousands of times in a fit of a small base
        return [work(0, rows)]
    starts = range(0, rows, size)
    found: dict[int, Result] = {}
    waiting = iter(starts)

    def take() -> None:
        try:
            for start in waiting:
                found[start] = work(start, min(start + size, rows))
        finally:
            for _ in waiting:  # after an error others stop, too
                pass

    helpers = min(thread_count(), len(starts)) - 1
    if helpers < 1:
        take()
    else:
        _help(take, helpers)
    return [found[start] for start in starts]


def _help(take: Callable[[], None], helpers: int) -> None:
    """Let others do the same beside this thread."""
    from concurrent.futures import ThreadPoolExecutor  # takes some time

    with ThreadPoolExecutor(helpers) as pool:
        others: list[Future[None]] = []
        with suppress(RuntimeError):  # where no more threads can start, those that did are enough
            others.extend(pool.submit(take) for _ in range(helpers))
        take()
        for other in others:
            other.result()
