"""Results on standard output: a table to read, CSV or JSON to go on with."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from segmenter.cli.options import Format
from segmenter.cli.reply import reply
from segmenter.cli.terminal import Stream, results
from segmenter.formatting import Column, escaped, no_formula, percent, plain

__all__ = ["Column", "write", "write_records"]


def write(
    columns: Sequence[Column],
    rows: Iterable[Sequence[Any]],
    form: Format,
    *,
    safe_csv: bool = False,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Write rows in the wanted format; each row has a value for each column.

    Parameters
    ----------
    columns : sequence of Column
    rows : iterable of sequence
    form : Format
    safe_csv : bool, default False
        Put ``'`` before texts that a spreadsheet would take for a formula; CSV only.
    more : mapping of str to object, optional
        What stands beside the rows; JSON only.
    """
    if form is Format.CSV:
        _write_csv(columns, rows, safe=safe_csv)
    elif form is Format.JSON:
        names = [column.name for column in columns]
        objects = [dict(zip(names, map(plain, row), strict=True)) for row in rows]
        written = json.dumps(reply.envelope(objects, **more or {}), ensure_ascii=False, indent=2)
        print(escaped(written), file=results.exact())
    else:
        _write_table(columns, rows)


def write_records(
    columns: Sequence[Column],
    rows: Iterable[Mapping[str, Any]],
    form: Format,
    *,
    safe_csv: bool = False,
) -> None:
    """Write rows that have their values by name; each has at least these columns."""
    names = [column.name for column in columns]
    write(columns, ([row[name] for name in names] for row in rows), form, safe_csv=safe_csv)


class _Lines:
    """Ends lines by a line feed; the writer quotes only what holds a part of its own line ends."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def write(self, line: str) -> int:
        return self._stream.write(line.removesuffix("\r\n") + "\n")


def _write_csv(
    columns: Sequence[Column], rows: Iterable[Sequence[Any]], *, safe: bool = False
) -> None:
    cell = _safe if safe else _exact
    writer = csv.writer(_Lines(results.exact()), lineterminator="\r\n")
    writer.writerow([column.name for column in columns])
    writer.writerows([[cell(value) for value in row] for row in rows])


def _exact(value: Any) -> Any:
    return "" if value is None else value


def _safe(value: Any) -> Any:
    return no_formula(value) if isinstance(value, str) else _exact(value)


def _write_table(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> None:
    shown = [place for place, column in enumerate(columns) if column.title]
    results.table(
        [
            (columns[place].title, "left" if columns[place].kind == "text" else "right")
            for place in shown
        ],
        [[_readable(row[place], columns[place].kind) for place in shown] for row in rows],
    )


def _readable(value: Any, kind: str) -> str:
    """Return a value as a person reads it."""
    if value is None:
        return "-"
    if kind == "share":
        return percent(value, 1)
    if kind == "count":
        return f"{value:,}"
    if kind == "revenue":
        return f"{value:,.0f}"
    if kind == "figure":
        return f"{value:,.3f}" if abs(value) < 1000 else f"{value:,.0f}"
    if kind in ("money", "mean"):
        return f"{value:,.2f}"
    return str(value)
