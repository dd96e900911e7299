"""Taking turns: whoever publishes into a folder does it alone, and no lock file is left of it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from segmenter import stopping
from segmenter.errors import BusyError
from segmenter.workplace.waiting import Say, unheard

if sys.platform != "win32":
    import fcntl

__all__ = ["turn"]

_PAUSE = 0.02


@contextmanager
def turn(folder: Path, wait: float | None, say: Say = unheard) -> Iterator[None]:
    """Keep other publishers out of a folder while the block works.

    The later one would put an older copy over a newer one. A process that ends, however it does,
    lets the folder go.

    Parameters
    ----------
    folder : Path
    wait : float or None
        How many seconds to wait for another; None does not wait.
    say : callable
        Hears of the wait.

    Raises
    ------
    BusyError
        Another publisher is at work in the folder.
    """
    if sys.platform == "win32":
        yield
        return
    file = os.open(folder, os.O_RDONLY)
    try:
        _take(file, folder, wait, say)
        yield
    finally:
        os.close(file)


def _take(file: int, folder: Path, wait: float | None, say: Say) -> None:
    started, is_said = time.monotonic(), False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() - started >= (wait or 0):
                still, longer = (f" after {wait:g} s", " longer") if wait else ("", "")
                raise BusyError(
                    f"somebody else publishes into the folder {folder}{still}. Nothing was "
                    f"published. Try again, or wait{longer} for it: wait = 600."
                ) from None
        except OSError:
            return  # no locks here: then the last one wins
        if not is_said:
            say(f"waiting up to {wait:g} s for another publisher in {folder}")
        is_said = True
        stopping.check()
        time.sleep(_PAUSE)
