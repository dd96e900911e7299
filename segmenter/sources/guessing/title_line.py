"""A CSV file whose titles of columns stand below other lines, such as those of a report."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress

from segmenter.errors import InputError
from segmenter.sources.files import InputFile
from segmenter.sources.guessing.dictionary import called
from segmenter.sources.packing import opened
from segmenter.sources.rejected_lines import DELIMITING

__all__ = ["refuse_lines_above"]

_HEAD = 1 << 16
_LINE_END = re.compile(r"\r\n|\n|\r")
_MOST_LINES = 100
_SAID = {"skip", "header", "names", "columns"}
"""Options of the CSV reader with which the user has said where the columns' names are."""


def refuse_lines_above(given: InputFile | None, columns: Iterable[str]) -> None:
    """Refuse a file whose columns are called like values, where a later line has their names.

    Parameters
    ----------
    given : InputFile or None
    columns : iterable of str
        What the reader takes for the names of the columns.

    Raises
    ------
    InputError
        With the option that leaves the lines above out.
    """
    if given is None or not given.is_csv or _SAID & set(given.csv):
        return
    if len(_roles(list(columns))) > 1:
        return
    lines = _first_lines(given)
    titles = (at for at, line in enumerate(lines) if any(map(_is_title, _divided(line))))
    number = next(titles, 0)
    if number:
        raise InputError(
            f"the names of the columns of {given.name} stand on line {number + 1}, below others. "
            f"Leave these out: csv = { ({**given.csv, 'skip': number})!r}."
        )


def _first_lines(given: InputFile) -> list[str]:
    with suppress(OSError, EOFError, IndexError):
        stream = opened(given.files[0])
        if stream is not None:
            with stream:
                head = stream.read(_HEAD)
            text = head.decode(given.encoding or "utf-8", errors="replace")
            return _LINE_END.split(text)[:_MOST_LINES]
    return []


def _divided(line: str) -> Iterable[list[str]]:
    for delimiter in DELIMITING:
        if delimiter in line:
            with suppress(csv.Error):
                yield next(csv.reader([line], delimiter=delimiter))


def _is_title(cells: Sequence[str]) -> bool:
    return {"customer", "amount"} <= _roles(cells)


def _roles(cells: Sequence[str]) -> set[str]:
    """Return the roles that some cell is called like."""
    return {role for role in ("customer", "order", "date", "amount") if called(cells, role)}
