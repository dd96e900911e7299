"""Versions of the model: list them, compare two, delete old ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.errors import InputError, NoModelError, SegmenterError
from segmenter.operations.table import Query, Table
from segmenter.schema.files import read
from segmenter.schema.names import require_model

if TYPE_CHECKING:
    import duckdb

    from segmenter.workplace.place import Place

__all__ = ["check_versions", "models", "prune", "pruned"]


def models(con: duckdb.DuckDBPyConnection) -> Table:
    """Return the versions of the model, the oldest first.

    Parameters
    ----------
    con : DuckDBPyConnection
        With a model.

    Raises
    ------
    SegmenterError
        What a version keeps as JSON is none any more.
    """
    try:
        return Query(con, read("queries/model_versions")).short_table()
    except SegmenterError as error:
        if "Malformed JSON" not in str(error):
            raise
        raise SegmenterError(
            "the model is damaged: a source or settings in segments_internal.models are no JSON. "
            "Take the database from a backup, or fit into a new file."
        ) from None


def check_versions(con: duckdb.DuckDBPyConnection, *wanted: int) -> None:
    """Refuse versions that the database does not have, and one that is named twice.

    Raises
    ------
    NoModelError
        There is no such version.
    InputError
        The same one twice.
    """
    known = sorted(row["model_id"] for row in models(con).records())
    for model_id in wanted:
        if model_id not in known:
            raise NoModelError(
                f"this database has no model {model_id} ({', '.join(map(str, known))})."
            )
    if len(set(wanted)) < len(wanted):
        raise InputError(f"{wanted[0]} and {wanted[1]} are the same version. Name two.")


def prune(place: Place, keep: int) -> tuple[int, ...]:
    """Delete old versions of the model, all but the newest ones and the current one.

    Parameters
    ----------
    place : Place
        The database with the models.
    keep : int
        How many of the newest stay; the current one does in any case.

    Returns
    -------
    tuple of int
        The versions that are gone: they cannot be made current again.

    Raises
    ------
    InputError
        `keep` is not at least 1.
    """
    gone = pruned(place.con, keep)
    if gone:
        from segmenter.storage.publish import delete

        with place.writing(f"of the models {', '.join(map(str, gone))} nothing is left"):
            delete(place.con, gone)
    return gone


def pruned(con: duckdb.DuckDBPyConnection, keep: int) -> tuple[int, ...]:
    """Return the versions that `prune` would delete."""
    if not isinstance(keep, int) or isinstance(keep, bool) or keep < 1:
        raise InputError(f"keep must be a whole number, at least 1, not {keep!r}.")
    require_model(con)
    found = models(con).records()
    newest = sorted((row["model_id"] for row in found), reverse=True)
    kept = set(newest[:keep]) | {row["model_id"] for row in found if row["is_current"]}
    return tuple(sorted(set(newest) - kept))
