"""Results on standard output: a table to read, CSV or JSON to go on with."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Literal, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from segmenter.cli.options import Format
from segmenter.text import percent

__all__ = ["Column", "results", "write"]

results = Console(highlight=False, width=None if sys.stdout.isatty() else 140)


class Column(NamedTuple):
    """A column of a result: its name in CSV and JSON, and its title and kind in a table.

    A column without a title is left out of tables, where room is scarce.
    """

    name: str
    title: str
    kind: str = "text"


def write(columns: Sequence[Column], rows: Iterable[Sequence[Any]], form: Format) -> None:
    """Write rows in the wanted format; each row has a value for each column."""
    if form is Format.CSV:
        _write_csv(columns, rows)
    elif form is Format.JSON:
        names = [column.name for column in columns]
        objects = [dict(zip(names, map(_plain, row), strict=True)) for row in rows]
        print(json.dumps(objects, ensure_ascii=False, indent=2))
    else:
        _write_table(columns, rows)


def _write_csv(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    writer.writerows([["" if value is None else value for value in row] for row in rows])


def _write_table(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
    shown = [place for place, column in enumerate(columns) if column.title]
    for place in shown:
        column = columns[place]
        justify: Literal["left", "right"] = "left" if column.kind == "text" else "right"
        table.add_column(column.title, justify=justify, no_wrap=column.kind != "text" or place == 0)
    for row in rows:
        table.add_row(*(_readable(row[place], columns[place].kind) for place in shown))
    results.print(table)


def _plain(value: Any) -> Any:
    """Return a value that JSON has."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | None) else str(value)


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
