"""What a place that is published to can do, and what the places share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import duckdb

from segmenter.errors import InputError, SegmenterError, first_line
from segmenter.schema.names import PUBLICATION, SCHEMA
from segmenter.sources.drafts import private_folder
from segmenter.workplace.placing import cannot_write

if TYPE_CHECKING:
    from segmenter.operations.publishing.publication import Publication

__all__ = [
    "Standing",
    "Target",
    "check_parent",
    "resolved",
    "temporary_drafts",
    "unknown_end",
]


@dataclass(frozen=True)
class Standing:
    """What was published in a place before.

    Attributes
    ----------
    model_id : int
    fitted_at : datetime
    layout_version : int
    segmenter_version : str
    """

    model_id: int
    fitted_at: datetime
    layout_version: int
    segmenter_version: str


class Target(Protocol):
    """A place that is published to.

    Attributes
    ----------
    name : str
        As the user calls it.
    room : Path
        Where the draft takes up room, for messages.
    """

    name: str
    room: Path

    def standing(self, home: Path | None) -> Standing | None:
        """Return what was published here before; refuse what is not a place for it."""
        ...

    def turn(self, wait: float | None) -> AbstractContextManager[None]:
        """Keep other publishers out meanwhile."""
        ...

    def drafts(self) -> AbstractContextManager[Path]:
        """Give a folder for the draft."""
        ...

    def put(self, draft: Path, publication: Publication) -> str:
        """Put what the draft holds in its place, in one step; return what to say of it."""
        ...


@contextmanager
def temporary_drafts(room: Path, folder: Path | None = None) -> Iterator[Path]:
    """Give a folder for the draft of a place that is no file, in one for temporary files.

    Parameters
    ----------
    room : Path
        That for temporary files.
    folder : Path, optional
        Within it, the one to make it in.

    Raises
    ------
    SegmenterError
        It is full, say.
    """
    try:
        with private_folder(folder or room) as made:
            yield made
    except OSError as error:
        raise cannot_write(room, error.strerror) from None
    except duckdb.IOException as error:
        if str(room) not in str(error):
            raise
        raise cannot_write(room, first_line(error)) from None


def resolved(text: str, instead: str) -> Path:
    """Return a place on the disk as an absolute path, of a link that of what it leads to.

    Raises
    ------
    InputError
        Nothing can be called so, or it cannot be looked at.
    """
    path = Path(text).expanduser()
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{text!r} cannot be published to: {reason}. {instead}") from None
    return path.resolve()


def check_parent(path: Path) -> None:
    """Refuse a place in a folder that is not there.

    Raises
    ------
    InputError
    """
    folder = path.parent
    if folder.is_dir():
        return
    if os.path.lexists(folder):
        raise InputError(f"{folder} is a file, so {path.name} cannot be in it. Name a folder.")
    raise InputError(f"there is no folder {folder} for {path.name}. Make it first.")


def unknown_end(place: str, error: Exception) -> SegmenterError:
    """Return what to say where a place went away while it stored the publication."""
    return SegmenterError(
        f"{place} went away while it stored the publication ({first_line(error)}) So it may be "
        f"there or not: look with select model_id from {SCHEMA}.{PUBLICATION}, or publish again, "
        "which does no harm."
    )
