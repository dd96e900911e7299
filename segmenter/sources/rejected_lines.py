"""Lines of a CSV file that cannot be read: counted where they are left out, and the way out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import duckdb
from sqlglot import exp

from segmenter.errors import InputError
from segmenter.formatting import counted, percent, verb
from segmenter.schema.connection import first_row, records
from segmenter.sources.files import InputFile

__all__ = [
    "DELIMITING",
    "RejectedLines",
    "count_rejected_lines",
    "csv_advice",
    "misread_column",
    "refuse_single_column",
]

_ERRORS, _SCANS = "segmenter_reject_errors", "segmenter_reject_scans"

DELIMITING = ",;\t|~^:"
"""What may separate the columns of a file that is read as one column, the likeliest first."""

_COLUMNS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
_CONVERSION = re.compile(
    r'Error when converting column "(?P<column>.*?)"\. Could not convert string "(?P<value>.*)" to '
)
_LATE_QUOTE = re.compile(r'string ""[^ ]|[,;|\t]"')
_ENCODING = re.compile(r'does not support the encoding: "(.*?)"')
_LINE_SIZE = re.compile(r"[Mm]aximum line size of (\d+) bytes")


@dataclass(frozen=True)
class RejectedLines:
    """Lines that `ignore_errors` leaves out.

    Attributes
    ----------
    relation : str
    lines : int
        Those that are left out.
    all_lines : int
        With those that are read.
    example : str
        Number and fault of the first one.
    """

    relation: str
    lines: int
    all_lines: int
    example: str

    @property
    def share(self) -> float:
        """Share of the lines that is left out."""
        return self.lines / max(self.all_lines, 1)

    def words(self, are: str = "") -> str:
        """Say how many lines are lost, and why the first of them."""
        are = are or verb(self.lines, "is", "are")
        return (
            f"{counted(self.lines, 'line')} of {self.relation} ({percent(self.share, 2)} of "
            f"{self.all_lines:,}) cannot be read and {are} left out, as {self.example}."
        )


def count_rejected_lines(
    con: duckdb.DuckDBPyConnection, given: InputFile, table: exp.Table, columns: Iterable[str]
) -> RejectedLines | None:
    """Count the lines that are left out, None where none can be.

    Parameters
    ----------
    con : DuckDBPyConnection
    given : InputFile
    table : Table
        The file as it is read.
    columns : iterable of str
        Those that are read: values of others are not converted, and lose no line.
    """
    if not (given.loses_lines or given.is_lax):
        return None
    counts = [exp.func("count", exp.column(name, quoted=True)) for name in columns]
    found = _rejects(con, exp.select("count(*)", *counts).from_(_storing(table)))
    if found["unclosed"] is not None:
        raise InputError(
            f"a quote that opens on line {found['unclosed']:,} of {given.name} is never closed, so "
            "that all lines after it would be lost. Mend the line, or read quotes as they stand: "
            f"{_changed(given, 'ignore_errors', 'strict_mode', quote='')}."
        )
    if not found["lines"] or not given.loses_lines:
        return None
    return RejectedLines(
        given.name, found["lines"], found["rows"] + found["lines"], _example(given, found)
    )


def _storing(table: exp.Table, **options: exp.Expr) -> exp.Table:
    """Return a reader's call that keeps what is wrong with the lines that it leaves out."""
    return _set(
        table,
        strict_mode=exp.true(),
        store_rejects=exp.true(),
        rejects_table=exp.Literal.string(_ERRORS),
        rejects_scan=exp.Literal.string(_SCANS),
        **options,
    )


def _rejects(con: duckdb.DuckDBPyConnection, counting: exp.Select) -> dict[str, Any]:
    """Return how many rows are read and lines left out, and the first of these."""
    try:
        (rows, *_) = first_row(con, counting.sql(dialect="duckdb"))
        (found,) = records(
            con,
            f"""
            select
                count(distinct (scan_id, file_id, line)) as lines,
                min(line) as number,
                arg_min(file_path, line) as file,
                arg_min(error_message, line) as message,
                arg_min(csv_line, line) as text,
                min(line) filter (error_message like '%unterminated quote%') as unclosed
            from {_ERRORS}
            left join {_SCANS} using (scan_id, file_id)
            """,
        )
    finally:
        con.execute(f"drop table if exists {_ERRORS}; drop table if exists {_SCANS}")
    return {"rows": rows, **found}


def _example(given: InputFile, found: dict[str, Any]) -> str:
    shown = "" if len(given.files) == 1 else f" of {found['file']}"
    return f"line {found['number']:,}{shown}: {str(found['message']).rstrip('.')}"


def misread_column(error: duckdb.Error) -> str | None:
    """Return the column of a CSV file that an engine took for another type than it has."""
    found = _CONVERSION.search(str(error))
    return found["column"] if found else None


def refuse_single_column(
    con: duckdb.DuckDBPyConnection, given: InputFile | None, columns: Iterable[str]
) -> None:
    """Refuse a CSV file whose lines were taken for one value each, since some are too short.

    Raises
    ------
    InputError
        With the line that is at fault.
    """
    names = list(columns)
    if given is None or not given.is_csv or len(names) != 1:
        return
    delimiter = next((char for char in DELIMITING if char in names[0]), None)
    if delimiter is None or any(name in given.csv for name in ("delim", "sep")):
        return
    shown = delimiter.replace("\t", "\\t")
    separated = _changed(given, delim=shown)
    delimited = _storing(given.table(), delim=exp.Literal.string(shown))
    try:
        found = _rejects(con, exp.select("count(*)").from_(delimited))
    except duckdb.Error:
        found = {"lines": 0}
    if found["lines"] and found["lines"] < found["rows"]:
        said = f"{_example(given, found)} (the line is {found['text'].strip()!r})."
        raise InputError(f"{given.name} cannot be read: {said}{csv_advice(said, given)}")
    raise InputError(
        f"{given.name} is read as one column ({names[0]!r}). Say what separates its columns: "
        f"{separated}."
    )


def _set(table: exp.Table, **options: exp.Expr) -> exp.Table:
    """Return a reader's call with options in the place of those that it has."""
    changed = table.copy()
    kept = [
        word
        for word in changed.this.expressions
        if not (isinstance(word, exp.EQ) and word.this.name in options)
    ]
    words = [exp.EQ(this=exp.column(name), expression=options[name]) for name in options]
    changed.this.set("expressions", [*kept, *words])
    return changed


def _changed(given: InputFile, *dropped: str, **options: Any) -> str:
    """Return the parameter with some options as they are, without some, and with others."""
    kept = {name: value for name, value in given.csv.items() if name not in dropped}
    return f"csv = { ({**kept, **options})!r}"


def csv_advice(said: str, given: InputFile | None) -> str:
    """Return which option of the reader mends what is said of a CSV file, as sentences.

    Parameters
    ----------
    said : str
        What `segmenter.errors.reason` makes of the engine's words.
    given : InputFile or None
    """
    if given is None or not given.is_csv:
        return ""

    def csv(**options: Any) -> str:
        return _changed(given, **options)

    left_out = f"to leave such lines out and count them, {csv(ignore_errors=True)}"
    counts = _COLUMNS.search(said)
    is_short = counts is not None and int(counts[1]) > int(counts[2])
    is_of_line = counts is not None or _CONVERSION.search(said)
    if is_of_line and not is_short and "quote" not in given.csv and _LATE_QUOTE.search(said):
        quote = csv(quote='"')
        return (
            f" The first lines have no quotes, so that these are read as they stand. Give {quote}."
        )
    if counts is not None:
        if is_short:
            return (
                " To read what is missing in a short line as empty, give "
                f"{csv(null_padding=True)}; {left_out}."
            )
        return f" Mend the line, or, {left_out}."
    if found := _CONVERSION.search(said):
        return _of_value(found["column"], found["value"], csv, left_out)
    if found := _LINE_SIZE.search(said):
        return f" Give {csv(max_line_size=10 * int(found[1]))}, or mend the quotes of the line."
    if "unterminated quote" in said:
        return f" Mend the quotes, or read them as they stand: {csv(quote='')}."
    if "Invalid unicode" in said:
        return f" If it is in a Western encoding, give {csv(encoding='latin-1')}."
    if found := _ENCODING.search(said):
        return (
            " It reads utf-8, utf-16 and latin-1. Convert the file to UTF-8, for example: iconv -f "
            f"{found[1]} -t utf-8 {given.files[0]} > converted.csv"
        )
    return ""


def _of_value(column: str, value: str, csv: Any, left_out: str) -> str:
    """Return how a value that is not of its column's type can be read."""
    if value.strip().casefold() == column.casefold():
        return f" This is the column's title once more: {left_out}."
    if any(char.isdigit() for char in value):
        return f" To read the column as text, give {csv(types={column: 'VARCHAR'})}; {left_out}."
    return f" If it stands for no value, give {csv(nullstr=['', value])}; {left_out}."
