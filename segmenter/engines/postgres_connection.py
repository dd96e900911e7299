"""Connecting to PostgreSQL, or saying why that fails and what to change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segmenter.errors import SegmenterError, first_line

if TYPE_CHECKING:
    import psycopg

__all__ = ["connect_postgres"]


def connect_postgres(dsn: str) -> psycopg.Connection[Any]:
    """Connect to PostgreSQL.

    Parameters
    ----------
    dsn : str
        ``postgresql://user@host/database`` or ``host=... dbname=...``. What it leaves out is taken
        from the usual PG* variables and ``~/.pgpass``.

    Raises
    ------
    SegmenterError
        The driver is missing, or the database cannot be reached.
    """
    try:
        import psycopg
    except ImportError:
        raise SegmenterError(
            "the driver of PostgreSQL is not installed. Install it: "
            "pip install 'duckdb-segmenter[postgres]'"
        ) from None
    try:
        return psycopg.connect(dsn)
    except psycopg.Error as error:
        said = first_line(error)
        raise SegmenterError(f"the database cannot be reached: {said} {_way_out(said)}") from None


def _way_out(said: str) -> str:
    """Return what to change in a dsn that leads nowhere."""
    if "certificate" in said:
        return (
            "Name the host as its certificate does, and the file of the authority that signed it "
            "in the dsn, sslrootcert=FILE, or sslrootcert=system for those of this machine."
        )
    if "no encryption" in said:
        return "The server may ask for TLS: give sslmode=verify-full in the dsn."
    return "Check host, port, name and password in the dsn."
