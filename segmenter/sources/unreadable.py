"""Files, servers and lakes that do not answer, or not any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segmenter.errors import InputError, reason, shortage

if TYPE_CHECKING:
    from segmenter.sources.source import Source

__all__ = ["server_advice", "unreadable"]


def unreadable(source: Source, relation: str, error: Exception) -> InputError | None:
    """Return the error of a source that the engine could not read.

    Parameters
    ----------
    source : Source
    relation : str
        Its name in messages.
    error : Exception
        An input or output error of the engine.

    Returns
    -------
    InputError or None
        None where the error is about this machine or the database itself.
    """
    if shortage(error) or not (source.attach or source.is_file):
        return None
    said = reason(error)
    return InputError(f"{relation} cannot be read: {said}{server_advice(said)}")


def server_advice(said: str) -> str:
    """Return what to look at where a server does not answer or lets nobody in."""
    if "connect" not in said:
        return ""
    return " See that its server is up, and that its address, the user and the password are right."
