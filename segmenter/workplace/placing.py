"""Putting a new database in its place."""

from __future__ import annotations

import os
from pathlib import Path
from shlex import quote
from tempfile import gettempdir

from segmenter import stopping
from segmenter.errors import BusyError, SegmenterError
from segmenter.schema.names import INTERNAL
from segmenter.sources.drafts import move

__all__ = ["cannot_write", "check_folder", "check_free", "log_of", "place"]


def cannot_write(path: Path, reason: str | None) -> SegmenterError:
    """Return the error of a new database that does not get into its place."""
    instead = "a file in another folder"
    if path == Path(gettempdir()):
        instead = "another folder for temporary files in TMPDIR"
    return SegmenterError(
        f"{path} cannot be written: {(reason or 'unknown').rstrip('.')}. Nothing was written; make "
        f"room there, or name {instead}."
    )


def check_folder(path: Path) -> None:
    """Find out early whether there is a folder for a file, and whether it can be written.

    Raises
    ------
    SegmenterError
    """
    folder = path.absolute().parent
    if not folder.is_dir():
        raise SegmenterError(f"there is no folder {folder} for {path.name}. Make it first.")
    if not os.access(folder, os.W_OK):
        raise SegmenterError(
            f"the folder {folder} cannot be written, and DuckDB keeps files beside {path.name} "
            "while it writes. Give yourself the permission, or copy the database elsewhere."
        )


def log_of(path: Path) -> Path | None:
    """Return a log of DuckDB's that belongs to a file of this name, if there is one."""
    logs = [Path(f"{path}{suffix}") for suffix in (".wal", ".wal.checkpoint", ".wal.recovery")]
    return next((log for log in logs if os.path.lexists(log)), None)


def check_free(path: Path) -> None:
    """Refuse a name for a new database beside which files of another one are left.

    Raises
    ------
    SegmenterError
        DuckDB would take them for a part of the new one.
    """
    if path.is_symlink() and not path.exists():
        raise SegmenterError(
            f"{path} is a link to {os.readlink(path)}, which does not exist. Name that file, or "
            "remove the link."
        )
    log = log_of(path)
    if log is not None:
        raise SegmenterError(
            f"there is no database {path}, but {log} is left of one, with its last changes; DuckDB "
            "would take it for a part of the new one. Put its database back, or move it away: "
            f"mv {quote(str(log))} {quote(f'{log}.old')}"
        )
    temporary = Path(f"{path}.tmp")
    if os.path.lexists(temporary):
        raise SegmenterError(
            f"there is no database {path}, but {temporary} holds temporary files of a program that "
            "works with one of this name. When none runs any more, remove it: rm -r "
            f"{quote(str(temporary))}"
        )


def place(draft: Path, path: Path, *, overwrite: bool, words: str | None = None) -> None:
    """Move a whole database into place; from then on it counts as stored.

    Parameters
    ----------
    draft, path : Path
    overwrite : bool
        Replace the file that is there.
    words : str, optional
        What is stored then.

    Raises
    ------
    BusyError
        Somebody else made a file of this name meanwhile.
    SegmenterError
        The disk is full, say; nothing was written.
    """
    log = log_of(draft)
    if log is not None and log.stat().st_size:
        raise cannot_write(path, "its last changes did not get out of the log")
    with stopping.held():
        stopping.check()
        if not overwrite and not path.exists():
            check_free(path)
        try:
            move(draft, path, overwrite=overwrite)
        except FileExistsError:
            raise BusyError(
                f"{path} was made by somebody else meanwhile: {_what_is_in(path)}. Nothing was "
                "written. Run the command again to work with that file, or name another one."
            ) from None
        except OSError as error:
            raise cannot_write(path, error.strerror) from None
        stopping.note_stored(words or f"{path} is made, with its model")


def _what_is_in(path: Path) -> str:
    """Say which model a file has."""
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as con:
            query = f"select model_id, fitted_at from {INTERNAL}.models where is_current"
            model_id, fitted_at = con.execute(query).fetchall()[0]
    except (duckdb.Error, IndexError):
        return "it has no model that can be read now"
    return f"it has model {model_id}, fitted at {fitted_at} UTC"
