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
    return next((advice for words, advice in _ADVICE if any(one in said for one in words)), "")


_ADVICE = (
    (
        ("peer certificate",),
        " Its certificate is for another name, or of an authority that is not known here: name the "
        "authority's file as SSL_CERT_FILE in the environment.",
    ),
    (
        ("(HTTP 401", "(HTTP 403"),
        " Give DuckDB the key in a secret that stays: create persistent secret (type s3, key_id "
        "'...', secret '...').",
    ),
    (("(HTTP 404",), " Look at the address: there is nothing under it."),
    (
        ("onnect to", "t resolve host"),
        " See that its server is up, and that its address, the user and the password are right.",
    ),
)
"""What an engine says of a server, and what to do."""
