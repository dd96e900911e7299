"""Excel workbooks, and those of LibreOffice: a sheet as a table, read whole."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from segmenter.errors import InputError, did_you_mean
from segmenter.sources.files import no_such_file

__all__ = ["ALL_SHEETS", "read_sheet"]

ALL_SHEETS = "*"
_LINES_ABOVE, _HEAD = 50, 64


def read_sheet(path: str, sheet: str | None) -> pa.Table:
    """Return a sheet of a workbook as a table: the first row has the names of the columns.

    Lines above them that fill less than half as many cells, such as a title, are left out.

    A column whose cells are of one type has that type; numbers are DOUBLE, whole ones BIGINT. A
    column of several types is text.

    Parameters
    ----------
    path : str
    sheet : str, optional
        A sheet's name, or ``*`` for all sheets, which must have the same columns. When absent, the
        only one that is not empty.

    Raises
    ------
    InputError
        The package that reads workbooks is not installed, the file is none, it has no such sheet,
        or several and none is named.
    """
    if not os.path.isfile(path):
        raise no_such_file(path, path)
    try:
        import python_calamine
    except ImportError:
        raise InputError(
            f"{path} is a workbook, and the package that reads them is missing: pip install "
            "'duckdb-segmenter[excel]' brings it."
        ) from None
    if _is_text(path):
        raise InputError(
            f"{path} cannot be read as a workbook: it is a text, which some programs call a table. "
            "Save it as a workbook, or name it as a CSV file where it has a line for each row."
        )
    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
    except Exception as error:  # the package has one for each format
        raise InputError(f"{path} cannot be read as a workbook: {error}.") from None
    names = book.sheet_names
    if sheet is not None and sheet != ALL_SHEETS and sheet not in names:
        raise InputError(
            f"{path} has no sheet {sheet!r} ({', '.join(names)}).{did_you_mean(sheet, names)}"
        )
    read = names if sheet in (None, ALL_SHEETS) else [str(sheet)]
    pages = {name: _page(book.get_sheet_by_name(name).to_python()) for name in read}
    filled = {name: page for name, page in pages.items() if page}
    if not filled:
        raise InputError(f"the sheet {read[0]!r} of {path} has no title line.")
    if sheet is None and len(filled) > 1:
        raise _several(path, filled)
    first, (header, rows) = next(iter(filled.items()))
    for name, (titles, more) in list(filled.items())[1:]:
        if titles != header:
            raise InputError(
                f"the sheets {first!r} and {name!r} of {path} have different columns "
                f"({', '.join(filter(None, header))}; {', '.join(filter(None, titles))}). Read one "
                f"of them: sheet = {first!r}."
            )
        rows = [*rows, *more]
    named = [i for i, name in enumerate(header) if name]
    columns = [_column([row[i] for row in rows]) for i in named]
    return pa.table(columns, names=[header[i] for i in named])


def _page(rows: list[list[Any]]) -> tuple[list[str], list[list[Any]]] | None:
    """Return the names of a sheet's columns and its rows, None where it is empty.

    Lines above the names, such as a report's title, fill less than half as many cells.
    """
    most = max((_filled(row) for row in rows[:_LINES_ABOVE]), default=0)
    start = next((i for i, row in enumerate(rows) if 2 * _filled(row) >= most), 0)
    if not most:
        return None
    return [str(name).strip() for name in rows[start]], rows[start + 1 :]


def _filled(row: list[Any]) -> int:
    return sum(cell != "" for cell in row)


def _several(path: str, pages: Mapping[str, tuple[list[str], Any]]) -> InputError:
    """Return the refusal to choose one of several sheets."""
    names = list(pages)
    shown = ", ".join(repr(name) for name in names)
    alike = len({tuple(header) for header, _ in pages.values()}) == 1
    every = (
        f"Read all, whose columns are the same: sheet = {ALL_SHEETS!r}. Or name one"
        if alike
        else ""
    )
    return InputError(
        f"{path} has {len(names)} sheets ({shown}). {every or 'Name one'}: sheet = {names[0]!r}."
    )


def _is_text(path: str) -> bool:
    """Whether a file begins as a text and not as one of the formats of workbooks."""
    with open(path, "rb") as file:
        head = file.read(_HEAD)
    return bool(head) and all(byte >= 32 or byte in b"\t\n\r" for byte in head)


def _column(cells: list[Any]) -> pa.Array:
    values = [None if cell == "" else cell for cell in cells]
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float}:
        whole = all(value is None or float(value).is_integer() for value in values)
        return pa.array(values, pa.int64() if whole and kinds else pa.float64())
    if kinds <= {dt.date, dt.datetime}:
        return pa.array([_moment(value) for value in values], pa.timestamp("us"))
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _moment(value: dt.date | None) -> dt.datetime | None:
    if value is None or isinstance(value, dt.datetime):
        return value
    return dt.datetime.combine(value, dt.time())


def _text(value: Any) -> str:
    """Return a cell as it is seen: a whole number has no point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
