"""Drafts: what a command writes is made in a private folder and moved into place when whole.

The folder lies beside the place, so that moving is one step of the file system. Nobody else can
read it or guess its name. Its process holds a lock on a file in it as long as it lives; folders
whose lock is free are left of killed processes, and whoever works beside them next removes them.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from segmenter import stopping
from segmenter.errors import SegmenterError
from segmenter.formatting import verb

if sys.platform != "win32":
    import fcntl

__all__ = ["DRAFT", "move", "private_folder", "spill_folder", "write_files"]

DRAFT = "draft"
"""Name of a file that is not whole: without a suffix, so that no glob of data files finds it."""

_NAME = re.compile(r"\.segmenter-[0-9a-f]{32}")
_LOCK = "lock"
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)

_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


@contextmanager
def private_folder(parent: Path) -> Iterator[Path]:
    """Make a folder of this process's own, which is gone afterwards.

    Parameters
    ----------
    parent : Path
        An existing folder. What killed processes left in it is removed.

    Raises
    ------
    OSError
        The parent cannot be written.
    """
    _sweep(parent)
    with stopping.held():
        folder, lock = _make(parent)
    try:
        stopping.check()
        yield folder
    finally:
        with stopping.held():
            with suppress(OSError):  # what cannot be removed now is swept later
                _remove(folder)
            os.close(lock)


@contextmanager
def spill_folder(parent: Path) -> Iterator[Path | None]:
    """Make a folder for temporary files beside a database, or else where such files usually go.

    Yields
    ------
    Path or None
        None where nothing can be written anywhere: then nothing can be spilled.
    """
    with ExitStack() as stack:
        folder = None
        for where in (parent, None):
            with suppress(OSError):
                beside = private_folder(where or Path(tempfile.gettempdir()))
                folder = stack.enter_context(beside)
                break
        yield folder


def move(draft: Path, path: Path, *, overwrite: bool) -> None:
    """Move a whole file into place, in one step.

    Parameters
    ----------
    draft, path : Path
        On one file system.
    overwrite : bool
        Replace what is there. Otherwise nothing is ever replaced, whoever made it and when.

    Raises
    ------
    FileExistsError
        Something is there, and is as it was.
    OSError
        The file cannot be written; what was there is as it was.
    """
    _flush(draft)
    if overwrite:
        os.replace(draft, path)
        return
    try:
        os.link(draft, path)
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
    else:
        # what is in place counts; the other name of it goes with its folder
        with suppress(OSError):
            os.unlink(draft)
        return
    # the place is taken by an empty file first: a kill between the two steps leaves that
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _NO_LINKS))
    try:
        os.replace(draft, path)
    except OSError:
        os.unlink(path)
        raise


def write_files(contents: Mapping[Path, bytes], *, replaced: set[Path], words: str) -> None:
    """Write files that belong together: all are whole before the first one is moved into place.

    Parameters
    ----------
    contents : mapping
        From path to bytes; the folders exist.
    replaced : set of Path
        Those that may replace what is there.
    words : str
        What to say was stored when the command is stopped after all.

    Raises
    ------
    SegmenterError
        The message says which files are new, if any.
    """
    with ExitStack() as stack:
        with _write_errors(next(iter(contents)), "Nothing was written."):
            folders = {
                parent: stack.enter_context(private_folder(parent))
                for parent in {path.absolute().parent for path in contents}
            }
        drafts = {
            path: folders[path.absolute().parent] / f"{DRAFT}-{number}"
            for number, path in enumerate(contents)
        }
        for path, content in contents.items():
            with _write_errors(path, "Nothing was written."):
                drafts[path].write_bytes(content)
                _flush(drafts[path])
        with stopping.held():
            stopping.check()
            _move_all(drafts, replaced)
            stopping.note_stored(words)


def _move_all(drafts: Mapping[Path, Path], replaced: set[Path]) -> None:
    done: list[str] = []
    for path, draft in drafts.items():
        left = "Nothing was written."
        if done:
            left = (
                f"{len(done)} of {len(drafts)} files {verb(len(done), 'is', 'are')} new "
                f"({', '.join(done)}), the others are as they were."
            )
        with _write_errors(path, left):
            move(draft, path, overwrite=path in replaced)
        done.append(path.name)


@contextmanager
def _write_errors(path: Path, left: str) -> Iterator[None]:
    """Say in a sentence why a file cannot be written."""
    try:
        yield
    except FileExistsError:
        raise SegmenterError(
            f"{path} was made by somebody else meanwhile. {left} Name another file, or replace it "
            "with overwrite = True."
        ) from None
    except OSError as error:
        raise SegmenterError(
            f"{path} cannot be written: {error.strerror}. {left} Make room there, or name a file "
            "in another folder."
        ) from None


def _flush(draft: Path) -> None:
    """Write the file through: some file systems tell only now that they are full."""
    file = os.open(draft, os.O_RDWR | _NO_LINKS)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _make(parent: Path) -> tuple[Path, int]:
    """Make a folder and lock it, again if somebody swept it before it was locked."""
    while True:
        folder = parent / f".segmenter-{os.urandom(16).hex()}"
        folder.mkdir(mode=0o700)
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileNotFoundError:
            continue
        except OSError:
            folder.rmdir()
            raise
        try:
            _lock(lock)
        except BlockingIOError:
            os.close(lock)
            continue
        except OSError:
            pass  # no locks here: then nobody sweeps either
        if os.fstat(lock).st_nlink:
            return folder, lock
        os.close(lock)


def _lock(file: int) -> None:
    """Lock an open file, or raise BlockingIOError where somebody else has."""
    if sys.platform != "win32":
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sweep(parent: Path) -> None:
    """Remove the folders of processes that are gone."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                with suppress(OSError), stopping.held():
                    _remove_if_left(Path(entry.path))


def _remove_if_left(folder: Path) -> None:
    if sys.platform == "win32" or folder.lstat().st_uid != os.geteuid():
        return  # without locks nobody knows who lives
    try:
        lock = os.open(folder / _LOCK, os.O_RDWR | _NO_LINKS)
    except FileNotFoundError:
        folder.rmdir()  # killed before there was a lock; whoever is about to lock it makes another
        return
    try:
        _lock(lock)
        _remove(folder)
    finally:
        os.close(lock)


def _remove(folder: Path) -> None:
    """Remove the lock last: whoever is killed meanwhile leaves what is known to be left."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            elif entry.name != _LOCK:
                os.unlink(entry.path)
    os.unlink(folder / _LOCK)
    os.rmdir(folder)
