"""Excel workbooks, and those of LibreOffice: a sheet as a table, read whole."""

from __future__ import annotations

import datetime as dt
import os
from typing import Any

import pyarrow as pa

from segmenter.errors import InputError, did_you_mean
from segmenter.sources.files import no_such_file

__all__ = ["read_sheet"]


def read_sheet(path: str, sheet: str | None) -> pa.Table:
    """Return a sheet of a workbook as a table: its first row has the names of the columns.

    A column whose cells are of one type has that type; numbers are DOUBLE, whole ones BIGINT. A
    column of several types is text.

    Parameters
    ----------
    path : str
    sheet : str, optional
        The first sheet when absent.

    Raises
    ------
    InputError
        The package that reads workbooks is not installed, the file is none, or it has no such
        sheet.
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
    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
    except Exception as error:  # the package has one for each format
        raise InputError(f"{path} cannot be read as a workbook: {error}.") from None
    names = book.sheet_names
    if sheet is not None and sheet not in names:
        raise InputError(
            f"{path} has no sheet {sheet!r} ({', '.join(names)}).{did_you_mean(sheet, names)}"
        )
    title, *rows = book.get_sheet_by_name(sheet or names[0]).to_python() or [[]]
    header = [str(name).strip() for name in title]
    named = [i for i, name in enumerate(header) if name]
    if not named:
        raise InputError(f"the sheet {sheet or names[0]!r} of {path} has no title line.")
    columns = [_column([row[i] for row in rows]) for i in named]
    return pa.table(columns, names=[header[i] for i in named])


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
