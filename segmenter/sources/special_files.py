"""Special files: pipes, sockets and devices, which would be waited for, or never end; and none."""

from __future__ import annotations

import os
import stat

from segmenter.errors import InputError

__all__ = ["is_special", "refuse_special"]

_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def is_special(path: str | os.PathLike[str]) -> bool:
    """Tell whether something is there that is neither a file nor a folder."""
    return _kind(path) is not None


def refuse_special(path: str | os.PathLike[str], instead: str) -> None:
    """Refuse what is neither a file nor a folder, before it is opened.

    Parameters
    ----------
    path : str or path
    instead : str
        What to do instead, as a sentence.

    Raises
    ------
    InputError
    """
    kind = _kind(path)
    if kind is not None:
        raise InputError(f"{os.fspath(path)} is {kind}, not a file. {instead}")


def _kind(path: str | os.PathLike[str]) -> str | None:
    if os.fspath(path).startswith(":memory:"):
        return "a database in memory, which ends with whoever opens it"
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return None  # whoever opens it says why it cannot be
    return next((kind for is_it, kind in _KINDS if is_it(mode)), None)
