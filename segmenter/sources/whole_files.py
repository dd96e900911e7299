"""Pages, pictures and scripts as files: nothing is replaced unasked, nothing half-written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path

from segmenter.errors import InputError
from segmenter.sources.drafts import write_files
from segmenter.sources.special_files import refuse_special

__all__ = ["check", "check_folder", "write"]


def check(path: Path, *, overwrite: bool) -> None:
    """Find out early whether a file can be written, before any work is done.

    Parameters
    ----------
    path : Path
    overwrite : bool
        Whether a file that is there may be replaced.

    Raises
    ------
    InputError
        There is no such folder, it cannot be written, or the file is there already.
    """
    if path.is_dir():
        raise InputError(f"{path} is a folder. Name a file in it.")
    refuse_special(path, "Name a file that is to be written.")
    _check_writable(path.absolute().parent, path.name)
    if os.path.lexists(path) and not overwrite:
        raise InputError(
            f"{path} exists already. Name another file, or replace it with overwrite = True."
        )


def check_folder(folder: Path) -> None:
    """Find out early whether pictures can be written into a folder, which need not exist yet.

    Raises
    ------
    InputError
        It is a file, it cannot be written, or the folder that it would be made in is missing.
    """
    if folder.is_dir():
        _check_writable(folder, "pictures")
    elif folder.exists():
        raise InputError(f"{folder} is a file. Name a folder for the pictures.")
    else:
        _check_writable(folder.absolute().parent, folder.name)


def _check_writable(folder: Path, name: str) -> None:
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder} for {name}. Make it first.")
    if not os.access(folder, os.W_OK):
        raise InputError(
            f"the folder {folder} cannot be written, so there is no place for {name}. Name another "
            "one."
        )


def write(contents: Mapping[Path, bytes], *, overwrite: bool) -> None:
    """Write files that belong together: all are whole before the first gets into its place.

    Parameters
    ----------
    contents : mapping
        From path to bytes. A folder that is missing is made.
    overwrite : bool
        Whether files that are there may be replaced.

    Raises
    ------
    InputError
        A file is there already, or the disk is full. The message says which files are new, if
        any; the others are as they were.
    """
    for path in contents:
        if path.parent.absolute().is_dir():
            check(path, overwrite=overwrite)
    first, *others = contents
    all_are = f" and {len(others)} more are" if others else " is"
    with ExitStack() as stack:
        for folder in {path.parent for path in contents if not path.parent.is_dir()}:
            folder.mkdir()
            stack.callback(_remove_if_empty, folder)
        write_files(
            contents,
            replaced=set(contents) if overwrite else set(),
            words=f"{first}{all_are} written",
        )


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
