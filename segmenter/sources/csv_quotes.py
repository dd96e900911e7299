"""What quotes the values of a CSV file whose first lines quote none: double quotes, as is usual.

DuckDB decides it by the lines that it looks at first. Where none of them has quotes it reads those
of later lines as part of the value, so that ``"K5"`` would be another customer than ``K5``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import lru_cache

from segmenter.sources.packing import opened

__all__ = ["has_usual_quotes"]

_HEAD = 1 << 18
_OPENING = re.compile(rb"(?:^(?:\xef\xbb\xbf|\xff\xfe)?|[,;|\t~\r\n])\x00?[ \x00]*([\"'])")
"""A quote where a value begins, in UTF-8 or UTF-16."""


def has_usual_quotes(files: Iterable[str]) -> bool:
    """Whether double quotes are to be told to the reader, since some file does not show its own.

    Parameters
    ----------
    files : iterable of str
        Paths. Those that cannot be looked at here, URLs say, count as files without quotes.
    """
    found = [_quotes(file) for file in files]
    return not all(found) and b"'" not in b"".join(found)


def _quotes(file: str) -> bytes:
    try:
        status = os.stat(file)
    except OSError:
        return b""
    return _look(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4096)
def _look(file: str, changed: int, size: int) -> bytes:
    """Return the quotes with which values at a file's beginning open."""
    del changed, size
    try:
        stream = opened(file)
        if stream is None:
            return b""
        with stream:
            return b"".join(sorted(set(_OPENING.findall(stream.read(_HEAD)))))
    except (OSError, EOFError):
        return b""  # whoever reads it says why it cannot be read
