"""Folders of data files, with partitions such as ``year=2024`` in them or without."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator

from segmenter.errors import InputError
from segmenter.sources.file_names import is_data_file, kind_of, known_suffixes

__all__ = [
    "glob_of_folder",
    "lake_folder",
    "lake_format",
    "refuse_unknown_version",
    "ways_to_several",
]


_METADATA = ".metadata.json"
"""How the names of files end that describe a version of an Iceberg table."""


def lake_format(path: str) -> str | None:
    """Return 'delta' or 'iceberg' where a folder is such a table, None otherwise.

    A version of an Iceberg table is named by its file in the folder ``metadata``.
    """
    if path.endswith(_METADATA) and os.path.isfile(path):
        return "iceberg" if os.path.basename(os.path.dirname(path)) == "metadata" else None
    if not os.path.isdir(path):
        return None
    if os.path.isdir(os.path.join(path, "_delta_log")):
        return "delta"
    if glob.glob(os.path.join(glob.escape(path), "metadata", f"*{_METADATA}")):
        return "iceberg"
    return None


def lake_folder(path: str) -> str | None:
    """Return the folder of a table of a lake, which may be named by a file in it."""
    if lake_format(path) is None:
        return None
    return path if os.path.isdir(path) else os.path.dirname(os.path.dirname(path))


def refuse_unknown_version(folder: str) -> None:
    """Refuse a folder of an Iceberg table that does not say which of its versions is current.

    Files alone do not tell: a commit that failed leaves a newer one than that which counts.

    Raises
    ------
    InputError
        With the newest file of a version.
    """
    if not os.path.isdir(folder) or lake_format(folder) != "iceberg":
        return
    metadata = os.path.join(folder, "metadata")
    if os.path.isfile(os.path.join(metadata, "version-hint.text")):
        return
    versions = glob.glob(os.path.join(glob.escape(metadata), f"*{_METADATA}"))
    newest = max(versions, key=lambda name: (os.path.getmtime(name), name))
    raise InputError(
        f"{folder} is an Iceberg table without metadata/version-hint.text, so that only its "
        "catalogue knows which version is current. Name the file of that version; the newest "
        f"that is there is {newest!r}."
    )


def glob_of_folder(folder: str) -> str:
    """Return the glob of all data files in a folder and below it.

    Files and folders whose names begin with a dot or an underscore are what programs write beside
    the data.

    Parameters
    ----------
    folder : str
        Its absolute path.

    Raises
    ------
    InputError
        There is no data file in it, or there are files of several formats.
    """
    endings: dict[str, str] = {}
    for name in _data_files(folder):
        endings.setdefault("".join(kind_of(name)), name)
    globs = [os.path.join(glob.escape(folder), "**", f"*{ending}") for ending in sorted(endings)]
    if not globs:
        raise InputError(
            f"there is no data file in the folder {folder} or below it ({known_suffixes()})."
        )
    if len(globs) > 1:
        raise InputError(
            f"the folder {folder} has files of several formats, such as "
            f"{' and '.join(endings[ending] for ending in sorted(endings))}. "
            f"{ways_to_several(globs)}"
        )
    return globs[0]


def ways_to_several(globs: list[str]) -> str:
    """Return how files can be read that no single glob fits.

    Parameters
    ----------
    globs : list of str
        One for each ending of their names.
    """
    said = f"Name one: {' or '.join(map(repr, globs))}."
    if len(globs) > 1 and len({kind_of(name)[0] for name in globs}) == 1:
        said += " To read all, pack all of them, or unpack those that are packed."
    return said


def _data_files(folder: str) -> Iterator[str]:
    for place, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if name[:1] not in "._")
        for name in sorted(names):
            if name[:1] not in "._" and is_data_file(name):
                yield os.path.join(place, name)
