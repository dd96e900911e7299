"""Publishing: what dashboards read, in a place of its own that no writer of the database locks."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import duckdb

from segmenter.errors import InputError, SegmenterError, shortage
from segmenter.formatting import counted
from segmenter.operations.publishing.file import FileTarget
from segmenter.operations.publishing.publication import Publication, write_draft
from segmenter.operations.publishing.target import Standing, Target
from segmenter.progress import Progress, Silent
from segmenter.schema.connection import first_row
from segmenter.schema.names import INTERNAL, LAYOUT_VERSION
from segmenter.sources.file_names import is_url
from segmenter.workplace.opening import Access
from segmenter.workplace.placing import cannot_write

__all__ = ["publish", "target_of"]

Opened = Callable[[Sequence[str]], AbstractContextManager[duckdb.DuckDBPyConnection]]
"""Opens the database with the model for reading; the connection may write these files besides."""

_BESIDE = ("", ".wal", ".wal.checkpoint", ".wal.recovery", ".checkpoint")


def target_of(to: str | os.PathLike[str], access: Access) -> Target:
    """Return the place that a text names.

    Parameters
    ----------
    to : str or path
        A DuckDB file; a folder for Parquet files, with a slash at its end; a DuckLake, such as
        ``ducklake:catalog.ducklake``; or a database of PostgreSQL, such as
        ``postgresql://user@host/database``.
    access : Access
        How files are opened, and how long is waited.

    Raises
    ------
    InputError
        Nothing can be published there.
    """
    text = os.fspath(to)
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"to must name a place to publish to, such as 'bi.duckdb', not {text!r}.")
    if text.startswith(("postgresql://", "postgres://")):
        from segmenter.operations.publishing.postgres import PostgresTarget

        return PostgresTarget(text, access)
    if text.startswith("ducklake:"):
        from segmenter.operations.publishing.lake import LakeTarget

        return LakeTarget(text, access)
    if is_url(text) or text == ":memory:":
        raise InputError(
            f"{text!r} cannot be published to. Name a DuckDB file, a folder with a slash at its "
            "end, a DuckLake, or a database of PostgreSQL: to = 'bi.duckdb', to = 'folder/', "
            "to = 'ducklake:catalog.ducklake', to = 'postgresql://user@host/database'."
        )
    if text.endswith(("/", os.sep)):
        from segmenter.operations.publishing.folder import FolderTarget

        return FolderTarget(text, access)
    return FileTarget(text, access)


def publish(
    opened: Opened,
    target: Target,
    *,
    home: Path | None = None,
    wait: float | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Publication:
    """Copy what people read of a database to where dashboards read it.

    Parameters
    ----------
    opened : callable
        Opens the database.
    target : Target
    home : Path, optional
        The file of the database.
    wait : float, optional
        Seconds to wait for another publisher.
    overwrite : bool, default False
        Replace what was published from a newer model.
    progress : Progress, optional

    Returns
    -------
    Publication

    Raises
    ------
    InputError
        The place is somebody else's, or its model is newer than those of the database.
    BusyError
        Another publisher, or who writes the database, is in the way.
    SegmenterError
        The place cannot be written. Whatever the error, what was published before stands.
    """
    listener = progress or Silent()
    target.standing(home)
    with target.turn(wait), target.drafts() as folder:
        standing = target.standing(home)
        draft = folder / "draft.duckdb"
        with (
            opened([f"{draft}{end}" for end in _BESIDE]) as con,
            listener.step("Copying what dashboards read") as done,
        ):
            if standing is not None and not overwrite:
                _refuse_newer(con, standing, target.name)
            publication = _written(con, draft, target.room)
            rows = counted(sum(publication.rows.values()), "row")
            done(f"{rows} of {counted(len(publication.rows), 'object')}")
        if "engine" in publication.model.source:
            listener.warn(
                "the copy has the model and no customers: they are where it was fitted, and "
                "dashboards read segments.customer_segments there.",
                "no_customers",
            )
        with listener.step(f"Publishing to {target.name}") as done:
            done(f"model {publication.model_id}, {target.put(draft, publication)}")
    return publication


def _written(con: duckdb.DuckDBPyConnection, draft: Path, path: Path) -> Publication:
    try:
        return write_draft(con, draft, path)
    except duckdb.Error as error:
        if shortage(error) == "the disk" or str(draft.parent) in str(error):
            words = str(error).replace(str(draft.parent), "its draft").splitlines()[0]
            raise cannot_write(path, words) from None
        raise


def _refuse_newer(con: duckdb.DuckDBPyConnection, standing: Standing, name: str) -> None:
    """Refuse to put an older state over a newer one, which a copy of the database may have."""
    if standing.layout_version > LAYOUT_VERSION:
        raise SegmenterError(
            f"{name} was published by segmenter {standing.segmenter_version}, which is newer than "
            "this one. Publish with that, or replace it with overwrite = True."
        )
    (newest,) = first_row(con, f"select max(fitted_at) from {INTERNAL}.models")
    if standing.fitted_at > newest:
        raise SegmenterError(
            f"{name} has model {standing.model_id}, fitted at {standing.fitted_at} UTC, after all "
            f"models of this database (the newest at {newest} UTC). Is the database an older copy? "
            "Name the newer one, or replace what is published with overwrite = True."
        )
