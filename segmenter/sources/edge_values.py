"""Values at which expressions tend to differ, for each type that columns have."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["edge_rows"]

_NUMBERS = ("0", "0.5", "1.5", "2.5", "-0.5", "-2.5", "1.005", "-7", "0.125", "26.675", None)

_TEXTS = ("", " ", "A-1", "a-1", "007", "2.5", "-3", "1e3", "x_%'", "É-12", None)

_EDGES: dict[str, tuple[str | None, ...]] = {
    "BOOLEAN": ("true", "false", None) * 3 + ("true", "false"),
    "INTEGER": ("0", "1", "2", "3", "4", "7", "10", "-1", "-2", "-7", None),
    "DECIMAL": _NUMBERS,
    "FLOAT": ("nan", *_NUMBERS[1:]),
    "DOUBLE": ("nan", *_NUMBERS[1:]),
    "VARCHAR": _TEXTS,
    "DATE": (
        *("1969-12-31", "1970-01-01", "2000-02-29", "2023-12-31", "2024-01-01", "2024-02-29"),
        *("2024-03-10", "2024-03-31", "2024-12-30", "2025-01-04", None),
    ),
    "TIMESTAMP": (
        *("1969-12-31 23:59:59.5", "1970-01-01 00:00:00", "2023-12-31 12:00:00"),
        *("2024-01-01 00:00:00", "2024-02-29 23:59:59.999999", "2024-03-10 02:30:00"),
        *("2024-03-31 01:30:00", "2024-11-03 01:30:00", "2024-12-30 08:00:00.123"),
        *("2025-01-04 23:30:00", None),
    ),
}
"""Eleven of each, a prime, so that the values of any two columns meet."""

_WHOLE = re.compile("U?(TINY|SMALL|BIG|HUGE)INT$|UINTEGER$")


def edge_rows(columns: Mapping[str, str]) -> list[tuple[str | None, ...]]:
    """Return rows in which each edge value of a column meets each of any other column.

    Parameters
    ----------
    columns : mapping of str to str
        Columns and their types.

    Returns
    -------
    list of tuple of str or None
        121 rows of texts, or 11 of a single column; none where a type has no edge values.
    """
    values = [_values(kind) for kind in columns.values()]
    if not all(values):
        return []
    n = len(_TEXTS)
    return [
        tuple(known[(row + place * (row // n)) % n] for place, known in enumerate(values))
        for row in range(n * (n if len(values) > 1 else 1))
    ]


def _values(kind: str) -> tuple[str | None, ...]:
    """Return the edge values that a type can hold."""
    name, _, sizes = kind.partition("(")
    name = name.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMP")
    known = _EDGES.get("INTEGER" if _WHOLE.match(name) else name, ())
    if kind.startswith("U"):
        return tuple(value and value.lstrip("-") for value in known)
    if name == "DECIMAL" and sizes:
        width, scale = (int(size) for size in sizes.rstrip(")").split(","))
        return tuple(
            value
            if value is None or len(value.partition(".")[0].lstrip("-")) <= width - scale
            else None
            for value in known
        )
    return known
