"""Ctrl-C and termination: a command ends with a sentence, wherever it is caught.

The exception that a signal raises can get lost in compiled code, or come out of it as another
one. So the wish to stop is also written down, and looked at between steps and before anything is
stored.
"""

from __future__ import annotations

import signal
from types import FrameType

__all__ = ["check", "has_stored", "is_asked", "listen", "note_stored"]

_asked = False
_stored = False


def listen() -> None:
    """Hear of Ctrl-C and of termination from now on."""
    global _asked, _stored
    _asked = _stored = False
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _hear)


def is_asked() -> bool:
    """Tell whether somebody wants the command to stop."""
    return _asked


def check() -> None:
    """Stop here if somebody wants that.

    Raises
    ------
    KeyboardInterrupt
    """
    if _asked:
        raise KeyboardInterrupt


def note_stored() -> None:
    """Remember that the result is in the database: stopping does not undo it any more."""
    global _stored
    _stored = True


def has_stored() -> bool:
    """Tell whether the result is in the database."""
    return _stored


def _hear(number: int, frame: FrameType | None) -> None:
    del number, frame
    global _asked
    _asked = True
    raise KeyboardInterrupt
