"""The report as files: what may be replaced, and nothing half-written."""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from segmenter.errors import SegmenterError
from segmenter.report.html import GENERATOR
from segmenter.sources.drafts import write_files
from segmenter.sources.special_files import refuse_special

__all__ = ["check", "check_folder", "mark", "write"]

_MAKER = GENERATOR.split(" ", maxsplit=1)[0].encode()
_SIGNS = (b'<meta name="generator" content="' + _MAKER, b"Software\0" + _MAKER)
_HEAD = 400

_PNG_HEADER = 33
"""Bytes of a PNG file before its second chunk."""


def check(path: Path, *, overwrite: bool) -> None:
    """Find out early whether a file can be written, before any work is done.

    Parameters
    ----------
    path : Path
    overwrite : bool
        Replace a file of somebody else, too.

    Raises
    ------
    SegmenterError
        There is no such folder, it cannot be written, or the file is somebody else's.
    """
    if path.is_dir():
        raise SegmenterError(f"{path} is a folder. Name a file in it, say {path / 'report.html'}.")
    refuse_special(path, "Name a file that is to be written, say report.html.")
    _check_writable(path.absolute().parent, path.name)
    if path.exists() and not overwrite and not _is_ours(path):
        raise SegmenterError(
            f"{path} exists and is not a report of ours. Name another file, or replace it with "
            "--overwrite."
        )


def check_folder(folder: Path) -> None:
    """Find out early whether pictures can be written into a folder, which need not exist yet.

    Raises
    ------
    SegmenterError
        It is a file, it cannot be written, or the folder that it would be made in is missing.
    """
    if folder.is_dir():
        _check_writable(folder, "pictures")
    elif folder.exists():
        raise SegmenterError(f"{folder} is a file. Name a folder for the pictures.")
    else:
        _check_writable(folder.absolute().parent, folder.name)


def _check_writable(folder: Path, name: str) -> None:
    if not folder.is_dir():
        raise SegmenterError(f"there is no folder {folder} for {name}. Make it first.")
    if not os.access(folder, os.W_OK):
        raise SegmenterError(
            f"the folder {folder} cannot be written, so there is no place for {name}. Name another "
            "one."
        )


def write(contents: Mapping[Path, bytes], *, overwrite: bool) -> None:
    """Write the page and its pictures: all are whole before the first one gets into its place.

    Parameters
    ----------
    contents : mapping
        From path to bytes. A folder that is missing is made.
    overwrite : bool
        Replace files of somebody else, too.

    Raises
    ------
    SegmenterError
        A file is somebody else's, or the disk is full. The message says which files are new, if
        any; the others are as they were.
    """
    for path in contents:
        if path.parent.absolute().is_dir():
            check(path, overwrite=overwrite)
    first, *others = contents
    pictures = f" and {len(others)} pictures are" if others else " is"
    with ExitStack() as stack:
        for folder in {path.parent for path in contents if not path.parent.is_dir()}:
            folder.mkdir()
            stack.callback(_remove_if_empty, folder)
        replaced = {path for path in contents if path.exists()}
        write_files(contents, replaced=replaced, words=f"{first}{pictures} written")


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def mark(picture: bytes) -> bytes:
    """Return a PNG file that says who made it."""
    body = b"tEXtSoftware\0" + GENERATOR.encode("latin-1")
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return picture[:_PNG_HEADER] + chunk + picture[_PNG_HEADER:]


def _is_ours(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return any(sign in head for sign in _SIGNS)
