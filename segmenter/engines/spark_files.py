"""Folders of Parquet on Spark: columns in the names of folders, and what is there already."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from uuid import uuid4

from segmenter.errors import SegmenterError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = [
    "base_path",
    "check_layout",
    "partition_columns",
    "read_parquet",
    "replacing",
    "with_settings",
]

_URL = re.compile(r"^[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
_GLOB = re.compile(r"[*?\[{]")
_FILE = re.compile(r"\.(parquet|pq)$", re.IGNORECASE)

_READING = {
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",  # else 007 becomes 7
}


@contextmanager
def with_settings(session: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    """Set a session for the length of the block."""
    before = {name: session.conf.get(name) for name in settings}
    try:
        for name, value in settings.items():
            session.conf.set(name, value)
        yield
    finally:
        for name, known in before.items():
            if known is not None:
                session.conf.set(name, known)


def read_parquet(session: SparkSession, path: str, *, merged: bool = True) -> DataFrame:
    """Read files with the columns of their folders' names, as texts, whatever part is asked for.

    Parameters
    ----------
    session : SparkSession
    path : str
        A folder of partitions, one of them, some by a glob, or files.
    merged : bool, default True
        Look at all files for their columns, which must be of one type each. Otherwise one file has
        the say, and a value of another type fails when it is read.
    """
    read = session.read.option("mergeSchema", merged)
    base = base_path(path)
    if base is not None:
        read = read.option("basePath", base)
    with with_settings(session, _READING):
        return read.parquet(path)


def base_path(path: str) -> str | None:
    """Return the nearest folder above that is no partition, None where it is the path itself."""
    parts = _absolute(path).split("/")
    kept = list(parts)
    while len(kept) > 1 and (
        "=" in kept[-1] or _GLOB.search(kept[-1]) or (kept == parts and _FILE.search(kept[-1]))
    ):
        kept.pop()
    return None if kept == parts else "/".join(kept) + "/"


def _absolute(path: str) -> str:
    """Return a path from the root, where it is one of this machine."""
    is_here = not _URL.match(path) and os.path.exists(
        _GLOB.split(path)[0].rpartition("/")[0] or "."
    )
    return (os.path.abspath(path) if is_here else path).rstrip("/")


def partition_columns(frame: DataFrame, path: str) -> list[str]:
    """Return the columns that a frame has from the names of folders, in their order."""
    files = frame.inputFiles()
    known = {name.casefold(): name for name in frame.columns}
    names = _layout(files[0], base_path(path) or path) if files else ()
    return [known[name.casefold()] for name in names if name.casefold() in known]


def check_layout(
    session: SparkSession, output: str, partitions: Sequence[str], columns: Sequence[str]
) -> bool:
    """Look at an output that may be there already.

    Parameters
    ----------
    session : SparkSession
    output : str
    partitions : sequence of str
        The columns that are to partition it.
    columns : sequence of str
        All that it will have.

    Returns
    -------
    bool
        Whether there is anything.

    Raises
    ------
    SegmenterError
        It holds something else than Parquet, or is laid out in another way.
    """
    files = _files(session, output)
    others = [name for name in files if not _FILE.search(name)]
    if others:
        raise SegmenterError(
            f"the output {output} holds other files than labels, for example {others[0]}. Name a "
            "folder of its own."
        )
    wanted = tuple(name.casefold() for name in partitions)
    for name in files:
        found = _layout(name, output)
        if tuple(column.casefold() for column in found) != wanted:
            raise SegmenterError(
                f"the output {output} {_laid_out(found)}, and these rows would lie there "
                f"{_in_folders(partitions)}. {_way_out(found, columns)}"
            )
    return bool(files)


@contextmanager
def replacing(session: SparkSession, output: str) -> Iterator[str]:
    """Give a folder to write, and put it in the place of another one when all went well.

    Spark itself deletes what it overwrites before the first row is written.

    Raises
    ------
    SegmenterError
        This session cannot move folders.
    """
    try:
        jvm, context = session._jvm, session._jsc
    except Exception:  # Spark Connect
        jvm = context = None
    if jvm is None or context is None:
        raise SegmenterError(
            f"this session of Spark cannot move folders, so {output} cannot be replaced in one "
            "piece. Name another output."
        )
    path: Any = jvm.org.apache.hadoop.fs.Path
    target = path(output)
    files = target.getFileSystem(context.hadoopConfiguration())
    draft = path(f"{output.rstrip('/')}.{uuid4().hex}.draft")
    old = path(f"{output.rstrip('/')}.{uuid4().hex}.old")
    try:
        yield draft.toString()
        files.rename(target, old)
        if not files.rename(draft, target):
            files.rename(old, target)
            raise SegmenterError(f"{output} cannot be replaced: it is as it was.")
        files.delete(old, True)
    finally:
        files.delete(draft, True)


def _laid_out(columns: Sequence[str]) -> str:
    return f"is partitioned by {', '.join(columns)}" if columns else "is not partitioned"


def _in_folders(columns: Sequence[str]) -> str:
    return f"partitioned by {', '.join(columns)}" if columns else "without partitions"


def _way_out(found: Sequence[str], columns: Sequence[str]) -> str:
    known = {column.casefold() for column in columns}
    if found and all(name.casefold() in known for name in found):
        words = ", ".join(f"partition_by = {name!r}" for name in found)
        return f"Name another output, or lay them out as it is: {words}."
    return "Name another output."


def _files(session: SparkSession, folder: str) -> list[str]:
    """Return the paths of all files in and below a folder, none where there is no folder."""
    read = session.read.format("binaryFile").option("recursiveFileLookup", "true")
    try:
        return [unquote(file) for file in read.load(folder).inputFiles()]
    except Exception as error:
        if "PATH_NOT_FOUND" in str(error):
            return []
        raise


def _layout(file: str, folder: str) -> tuple[str, ...]:
    """Return the columns in the names of the folders between a folder and a file."""
    above = _columns(_absolute(folder) + "/file")
    return _columns(unquote(file))[len(above) :]


def _columns(path: str) -> tuple[str, ...]:
    return tuple(name.split("=", 1)[0] for name in path.split("/")[:-1] if "=" in name)
