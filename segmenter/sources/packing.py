"""Packed text files, known by their first bytes: a name need not say that a file is packed."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterable
from contextlib import suppress
from typing import BinaryIO, cast

from segmenter.errors import InputError

__all__ = ["opened", "unsaid_packing"]

_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip"}
_SUFFIXES = {"gzip": ".gz", "zstd": ".zst"}


def opened(file: str) -> BinaryIO | None:
    """Open a text file that may be packed with gzip; None where it is packed otherwise.

    Raises
    ------
    OSError
        It cannot be opened.
    """
    packing = _packing_of(file)
    if packing == "gzip":
        return cast(BinaryIO, gzip.open(file))
    return open(file, "rb") if packing is None else None


def unsaid_packing(files: Iterable[str]) -> str | None:
    """Return how files are packed where their names say otherwise, as the readers call it.

    Parameters
    ----------
    files : iterable of str
        Paths; those that cannot be looked at here are taken to be what they are called.

    Returns
    -------
    'gzip', 'zstd' or 'none', or None where the names are right.

    Raises
    ------
    InputError
        A file is a ZIP archive, or some names are right and others are not.
    """
    packed: dict[str, str] = {}
    said: dict[str, str] = {}
    for file in files:
        name = next((kind for kind, end in _SUFFIXES.items() if file.lower().endswith(end)), "none")
        said[file] = packed[file] = name
        with suppress(OSError):
            if os.path.getsize(file):
                packed[file] = _packing_of(file) or "none"
        if packed[file] == "zip":
            raise InputError(
                f"{file} is a ZIP archive or a workbook, whatever its name says. Unpack it, or "
                "give it the name that it should have: a workbook ends with xlsx, say."
            )
    wrong = [file for file in packed if packed[file] != said[file]]
    if not wrong:
        return None
    if len(set(packed.values())) > 1:
        first = wrong[0]
        what = "not packed" if packed[first] == "none" else f"packed with {packed[first]}"
        raise InputError(
            f"{first} is {what}, which its name does not say, and other files of the input are "
            "packed otherwise. Give it the name that it should have, such as sales.csv.gz."
        )
    return packed[wrong[0]]


def _packing_of(file: str) -> str | None:
    with open(file, "rb") as stream:
        head = stream.read(4)
    return next((kind for mark, kind in _MAGIC.items() if head.startswith(mark)), None)
