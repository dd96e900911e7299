"""Ctrl-C and termination: a command ends with a true sentence, wherever it is caught.

The exception that a signal raises can get lost in compiled code, or come out of it as another
one. So the wish to stop is also written down, and looked at between steps and before anything is
stored. While a result is being stored the wish is only written down: the commit is the boundary
before which nothing is written and after which all is.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = [
    "Interrupted",
    "check",
    "commits_mean",
    "committing",
    "held",
    "is_asked",
    "listen",
    "note_stored",
    "stored",
]

_is_listening = False
_asked = False
_holds = 0
_stored: list[str] = []
_meaning: str | None = None


class Interrupted(KeyboardInterrupt):
    """Ctrl-C came while a verb worked. What it stores is stored whole or not at all.

    It is no `SegmenterError`: whoever goes on after an error does not go on after Ctrl-C.
    """


def listen() -> None:
    """Hear of Ctrl-C and of termination from now on."""
    global _is_listening, _asked, _holds, _meaning
    _is_listening, _asked, _holds, _meaning = True, False, 0, None
    _stored.clear()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _hear)


def is_asked() -> bool:
    """Tell whether somebody wants the command to stop."""
    return _asked


def check() -> None:
    """Stop here if somebody wants that.

    Raises
    ------
    Interrupted
    """
    if _asked:
        raise Interrupted


@contextmanager
def held() -> Iterator[None]:
    """Only write the wish to stop down while the block runs; `check` afterwards."""
    global _holds
    _holds += 1
    try:
        yield
    finally:
        _holds -= 1


@contextmanager
def commits_mean(words: str) -> Iterator[None]:
    """Let a commit in the block mean that something is stored, which the words say.

    Commits elsewhere, such as those into a draft, mean nothing yet.
    """
    global _meaning
    _meaning = words
    try:
        yield
    finally:
        _meaning = None


@contextmanager
def committing() -> Iterator[None]:
    """Commit in the block: a wish to stop that came before it is heeded, a later one noted.

    Raises
    ------
    KeyboardInterrupt
        Before the block.
    """
    with held():
        check()
        yield
        if _meaning is not None:
            note_stored(_meaning)


def note_stored(words: str) -> None:
    """Remember what is stored: stopping does not undo it any more."""
    if _is_listening:
        _stored.append(words)


def stored() -> str:
    """Return in words what is stored, or nothing."""
    return "; ".join(_stored)


def _hear(number: int, frame: FrameType | None) -> None:
    del number, frame
    global _asked
    _asked = True
    if not _holds:
        raise KeyboardInterrupt
