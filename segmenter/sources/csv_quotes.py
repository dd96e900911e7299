"""Quotes that come late in a CSV file: ``"K5"`` is K5 from the first line on that has it so.

DuckDB decides by a file's first lines whether values are quoted. Where none of them is, it reads
the quotes of later lines as part of the values.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from sqlglot import exp

from segmenter.schema.files import bind
from segmenter.sources.csv_options import value_literal
from segmenter.sources.file_formats import reader
from segmenter.sources.packing import opened

__all__ = ["Quotes", "late_quotes"]

_BLOCK = 1 << 24

_NO_QUOTE = "(empty)"
"""What DuckDB calls it where nothing quotes values."""


@dataclass(frozen=True)
class Quotes:
    """What the later lines of files say of quotes that the first lines do not have.

    Attributes
    ----------
    are_double : bool
        Whether values are in double quotes: each that begins with one ends with one, too.
    mixed : str or None
        A file in which some do and others do not, so that nothing is known.
    """

    are_double: bool = False
    mixed: str | None = None


def late_quotes(readers: Mapping[str, exp.Table]) -> Quotes:
    """Look for double quotes behind the first lines of files.

    Parameters
    ----------
    readers : mapping of str to Table
        Local files, and how each is read, with what is known of its lines.
    """
    found: dict[str, str] = {}
    for file, table in readers.items():
        try:
            status = os.stat(file)
        except OSError:
            continue  # whoever reads it says why it cannot be read
        found[file] = _look(file, table, status.st_mtime_ns, status.st_size)
    late = [file for file, kind in found.items() if kind == "quoted"]
    mixed = [file for file, kind in found.items() if kind == "mixed"]
    if late and not mixed:  # one option is for all files
        mixed = [f for f in found if f not in late and _dialect(readers[f])[1] == "'"]
    return Quotes(bool(late and not mixed), mixed[0] if mixed else None)


@lru_cache(maxsize=4096)
def _look(
    file: str, table: exp.Table, changed: int, size: int
) -> Literal["none", "quoted", "mixed"]:
    """Return what the values are like that begin with a double quote."""
    del changed, size
    if not _has_double_quote(file):
        return "none"
    delimiter, quote = _dialect(table)
    if delimiter is None or quote:
        return "none"
    quoted, others = _count(file, table, delimiter)
    if quoted == 0:
        return "none"
    return "mixed" if others else "quoted"


def _has_double_quote(file: str) -> bool:
    try:
        stream = opened(file)
        if stream is None:
            return True
        with stream:
            return any(b'"' in block for block in iter(lambda: stream.read(_BLOCK), b""))
    except (OSError, EOFError):
        return False


def _dialect(table: exp.Table) -> tuple[str | None, str]:
    """Return what separates columns, None where DuckDB finds nothing, and what quotes values."""
    import duckdb

    sniffing = table.copy()
    sniffing.this.set("this", "sniff_csv")
    query = exp.select("Delimiter", "Quote").from_(sniffing).sql(dialect="duckdb")
    try:
        with duckdb.connect() as con:
            (found,) = con.execute(query).fetchall()
    except duckdb.Error:
        return None, ""
    return found[0], found[1].removeprefix(_NO_QUOTE)


def _count(file: str, table: exp.Table, delimiter: str) -> tuple[int, int]:
    """Return how many lines have values in quotes, and how many a quote that ends no value."""
    import duckdb

    known = {word.this.name: word.expression for word in table.this.expressions[1:]}
    options = {name: known[name] for name in ("encoding", "compression") if name in known}
    text = {"delim": "\x01", "quote": "", "escape": ""}
    options |= {name: exp.Literal.string(value) for name, value in text.items()}
    options |= dict.fromkeys(("auto_detect", "header", "strict_mode"), exp.false())
    options |= {"null_padding": exp.true(), "columns": value_literal({"whole_line": "VARCHAR"})}
    begins = f'(^|{re.escape(delimiter)}) *"'
    values = {
        "reader": reader(file, options, ".csv"),
        "delimiter": exp.Literal.string(delimiter),
        "opening": exp.Literal.string(begins),
        "quoted": exp.Literal.string(f'{begins}([^"]|"")*" *({re.escape(delimiter)}|$)'),
    }
    try:
        with duckdb.connect() as con:
            (found,) = con.execute(bind("queries/late_quotes", values).sql("duckdb")).fetchall()
    except duckdb.Error:
        return 0, 0
    return found
