"""Where compiled kernels are kept: a folder for these sources alone, in the first place that works.

Numba looks at the file of a kernel alone, not at those whose functions it took in, so the folder
is called after a check sum of all of them. Compiled kernels are code: where others can write, they
are kept only below a folder of our own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

__all__ = ["drop_older", "is_complete", "kernel_folder", "mark_complete"]

_PREFIX = "segmenter-kernels-"

_COMPLETE = f"complete-{sys.implementation.cache_tag}"
"""The file that says that all kernels are there: numba keeps those of each Python apart."""

_TEMPORARY = ("/tmp", "/var/tmp", "/usr/tmp")
_NAMED_BY = ("TMPDIR", "TEMP", "TMP")
"""Where temporary files may be: without one Python takes the working folder, the user's own."""


def kernel_folder(module: str, given: str) -> Path | None:
    """Return a folder that keeps the kernels of this package, or None where none can be written.

    Parameters
    ----------
    module : str
        What every file with kernels imports.
    given : str
        The folder that the user wants all kernels in, or nothing.
    """
    package = Path(__file__).parent.parent
    name = _PREFIX + _check_sum(package, module)
    built = package / "__pycache__" / name
    for place in _places(package, given):
        folder = place / name
        with suppress(OSError):
            folder.mkdir(exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
            if not os.access(built, os.W_OK) and not any(folder.iterdir()):
                _copy(built, folder)  # numba reads no folder that it cannot write
            return folder
    return None


def is_complete(folder: Path) -> bool:
    """Tell whether all kernels are in a folder: whether somebody said so by `mark_complete`."""
    return (folder / _COMPLETE).is_file()


def mark_complete(folder: Path) -> None:
    """Say that all kernels are in a folder; where it cannot be written, nobody learns it."""
    with suppress(OSError):
        (folder / _COMPLETE).touch()


def drop_older(folder: Path) -> None:
    """Remove the kernels of earlier versions of these files from the installation's own folder."""
    if folder.parent == Path(__file__).parent.parent / "__pycache__":
        for other in folder.parent.glob(f"{_PREFIX}*"):
            if other != folder:
                shutil.rmtree(other, ignore_errors=True)


def _copy(built: Path, folder: Path) -> None:
    for path in built.rglob("*.nb?"):
        copy = folder / path.relative_to(built)
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, copy)
    if is_complete(built):
        mark_complete(folder)


def _check_sum(package: Path, module: str) -> str:
    found = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        text = path.read_bytes()
        if module.encode() in text or path.parent == Path(__file__).parent:
            found.update(text)
    return found.hexdigest()[:16]


def _places(package: Path, given: str) -> Iterator[Path]:
    """Yield folders to try; those that are not the installation's own or asked for must be ours."""
    if given:
        place = Path(given)
        with suppress(OSError):
            place.mkdir(parents=True, exist_ok=True)
            yield place
    place = package / "__pycache__"
    with suppress(OSError):
        place.mkdir(exist_ok=True)
        yield place
    for place in _own_places():
        with suppress(OSError):
            place.parent.mkdir(exist_ok=True)
            with suppress(FileExistsError):
                place.mkdir(mode=0o700)
            if _is_ours(place):
                yield place


def _own_places() -> Iterator[Path]:
    with suppress(RuntimeError):  # there is no home
        if Path.home().is_dir():
            yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "segmenter"
    with suppress(FileNotFoundError):  # nothing can be written at all
        folder = tempfile.gettempdir()
        if folder != os.getcwd() or folder in _TEMPORARY or folder in map(os.getenv, _NAMED_BY):
            yield Path(folder) / f"segmenter-{_user()}"


def _user() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else 0


def _is_ours(place: Path) -> bool:
    """Tell whether a folder is this user's and nobody else can write in it."""
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode):
        return False
    return os.name == "nt" or (found.st_uid == _user() and not found.st_mode & 0o022)
