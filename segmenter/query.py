"""Asking a connection: whole results, so that no half-read one blocks the next statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

__all__ = ["first_row", "records"]

Parameters = Sequence[Any] | Mapping[str, Any] | None


def records(
    con: duckdb.DuckDBPyConnection, query: str, parameters: Parameters = None
) -> list[dict[str, Any]]:
    """Return all rows of a query as mappings from column to value."""
    found = con.execute(query, parameters)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def first_row(
    con: duckdb.DuckDBPyConnection, query: str, parameters: Parameters = None
) -> tuple[Any, ...]:
    """Return the first row of a query, an empty tuple when there is none."""
    rows: list[tuple[Any, ...]] = con.execute(query, parameters).fetchall()
    return rows[0] if rows else ()
