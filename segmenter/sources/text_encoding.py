"""How a text file is encoded, where it is not UTF-8: found from its bytes, not guessed from a name.

DuckDB reads UTF-8, and on demand UTF-16 (little endian) and Latin-1. What is none of them is
refused with the command that converts it.
"""

from __future__ import annotations

import codecs
import gzip
import os
from collections.abc import Iterable
from functools import lru_cache

from segmenter.errors import InputError
from segmenter.sources.packing import opened

__all__ = ["LATIN_1", "UTF_16", "encoding_of"]

UTF_16 = "utf-16"
LATIN_1 = "latin-1"

_BLOCK = 1 << 24
_CONTROLS = bytes(range(0x80, 0xA0))
"""What Latin-1 has no letter for, and Windows-1252 has: the euro sign, curly quotation marks."""


def encoding_of(files: Iterable[str]) -> str | None:
    """Return the encoding that DuckDB must be told to read these files, None for UTF-8.

    Parameters
    ----------
    files : iterable of str
        Paths; those that are not local files are taken to be UTF-8.

    Raises
    ------
    InputError
        DuckDB cannot read the encoding, or the files have different ones.
    """
    found: dict[str, str] = {}
    for file in files:
        kind = _kind_of(file)
        if kind:
            found.setdefault(kind, file)
    kinds = set(found) - {"ascii"}
    if len(kinds) > 1:
        shown = " and ".join(f"{found[kind]} ({kind})" for kind in sorted(kinds))
        raise InputError(
            f"files of one input have different encodings: {shown}. Convert all of them to UTF-8."
        )
    if UTF_16 in kinds and "ascii" in found:
        raise InputError(
            f"files of one input have different encodings: {found[UTF_16]} (utf-16) and "
            f"{found['ascii']}. Convert all of them to UTF-8."
        )
    kind = next(iter(kinds), None)
    if kind in ("utf-16be", "cp1252"):
        raise InputError(
            f"{found[kind]} is {_NAMES[kind]}, which DuckDB does not read. Convert it to UTF-8, "
            f"for example: iconv -f {kind} -t utf-8 {found[kind]} > converted.csv"
        )
    return kind if kind in (UTF_16, LATIN_1) else None


_NAMES = {
    "utf-16be": "encoded in UTF-16 big endian",
    "cp1252": "in an encoding of its region (cp1252 in Western Europe and America, cp1250 in "
    "Central Europe, cp1251 for Cyrillic, shift-jis in Japan, gbk in China, euc-kr in Korea)",
}


def _kind_of(file: str) -> str | None:
    try:
        status = os.stat(file)
    except OSError:
        return None
    return _look(file, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4096)
def _look(file: str, changed: int, size: int) -> str | None:
    """Return ascii, utf-8, or what a file is instead; a packed one is judged by its beginning."""
    del changed, size
    try:
        stream = opened(file)
        if stream is None:
            return None
        with stream:
            return _judged(stream, only_first=isinstance(stream, gzip.GzipFile))
    except (OSError, EOFError):
        return None  # whoever reads it says why it cannot be read


def _judged(stream: object, *, only_first: bool) -> str:
    read = stream.read  # type: ignore[attr-defined]
    block: bytes = read(_BLOCK)
    if by_zeros := _wide(block):
        return by_zeros
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_ascii = True
    while block:
        if not block.isascii() or not is_ascii:
            is_ascii = False
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                return _one_byte(block, read, only_first=only_first)
        block = b"" if only_first else read(_BLOCK)
    return "ascii" if is_ascii else "utf-8"


def _wide(block: bytes) -> str | None:
    """Return which UTF-16 it is, by its mark or by the zeros of plain letters."""
    head = block[:4096]
    if head.startswith(codecs.BOM_UTF16_LE):
        return UTF_16
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16be"
    even, odd = head[::2].count(0), head[1::2].count(0)
    if max(even, odd) * 4 > len(head) and len(head) > 1:
        return UTF_16 if odd > even else "utf-16be"
    return None


def _one_byte(block: bytes, read: object, *, only_first: bool) -> str:
    """Tell Latin-1 from Windows-1252 by characters that only the latter has."""
    while block:
        if len(block.translate(None, _CONTROLS)) < len(block):
            return "cp1252"
        block = b"" if only_first else read(_BLOCK)  # type: ignore[operator]
    return LATIN_1
