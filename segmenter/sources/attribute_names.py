"""The names of attributes, as they are given: columns of the user's table, none of them twice."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Any

from segmenter.errors import InputError

__all__ = ["checked_attributes", "parsed_attributes"]


def checked_attributes(given: Any) -> tuple[str, ...]:
    """Return the names of attributes as they were given, none of them empty or there twice.

    Raises
    ------
    InputError
    """
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, Sequence) or not all(isinstance(name, str) for name in names):
        raise InputError(
            "attributes must be a list of columns, for example attributes = ['country'], not "
            f"{given!r}."
        )
    if not names or not all(name.strip() for name in names):
        raise InputError(
            f"attributes must be columns, and {given!r} has one without a name. Leave it out where "
            "there is none."
        )
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise InputError(f"attributes has {name!r} twice. Name each column once.")
        seen.add(name.casefold())
    return tuple(names)


def parsed_attributes(text: str | None) -> list[str] | None:
    """Return the columns of a text such as ``country,channel``; quotes hold a name with a comma."""
    if text is None:
        return None
    (names,) = csv.reader([text], skipinitialspace=True) if text.strip() else ([""],)
    return [name.strip() for name in names]
