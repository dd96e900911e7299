"""CSV files that a view of the user's reads, and types that only their first rows are of.

DuckDB takes a column whose first rows are whole numbers for whole numbers, and reads a later 2.75
as 3. Of a file that is the source itself such columns are read as DOUBLE; what a view says is the
user's, who is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import duckdb
from sqlglot import exp

from segmenter.progress import Note
from segmenter.sources.expressions import quoted
from segmenter.sources.file_columns import WHOLE
from segmenter.sources.file_formats import text_literal
from segmenter.sources.file_names import DELIMITERS, is_url, kind_of
from segmenter.sources.visibility import definitions, tables_of

__all__ = ["rounding_notes"]

_READERS = ("read_csv", "read_csv_auto")
_ALL = exp.Literal.number(-1)


def rounding_notes(con: duckdb.DuckDBPyConnection, view: str, relation: str) -> list[Note]:
    """Return what the user should know about numbers that a view rounds.

    Parameters
    ----------
    con : DuckDBPyConnection
    view : str
        A view of the connection's database.
    relation : str
        Its name in messages.
    """
    notes = []
    for reading in {call.sql(dialect="duckdb"): call for call in _readings(con, view)}.values():
        whole = reading.copy()
        whole.append("expressions", exp.EQ(this=exp.column("sample_size"), expression=_ALL.copy()))
        with suppress(duckdb.Error):  # who reads the view says what is wrong
            guessed, found = _types(con, reading), _types(con, whole)
            rounded = [
                name
                for name, kind in guessed.items()
                if kind in WHOLE and found.get(name) not in (kind, "VARCHAR")
            ]
            if rounded:
                names = ", ".join(map(quoted, rounded))
                said = (
                    f"{relation} reads whole numbers from {names} of a CSV file, because its first "
                    "rows have such, and rounds later ones with decimals: 2.75 is added up as 3. "
                    f"Let the view look at all rows: {whole.sql(dialect='duckdb')}."
                )
                notes.append(Note("whole_numbers", said))
    return notes


def _readings(con: duckdb.DuckDBPyConnection, view: str) -> Iterator[exp.Anonymous]:
    """Yield the calls of the CSV reader that guess types from the first rows of local files."""
    for sql in definitions(con, view):
        for table in tables_of(sql):
            call = table.this
            if isinstance(call, exp.Identifier) and kind_of(call.name)[0] in DELIMITERS:
                path, options = text_literal(call.name), []
            elif isinstance(call, exp.ReadCSV):
                path, options = call.this, call.expressions
            elif isinstance(call, exp.Anonymous) and call.name.lower() in _READERS:
                path, *options = call.expressions
            else:
                continue
            options = [option.unnest() for option in options]
            names = {option.this.name.lower() for option in options if isinstance(option, exp.EQ)}
            if not is_url(path.name) and "sample_size" not in names:
                words = [part.copy() for part in (path, *options)]
                yield exp.Anonymous(this="read_csv", expressions=words)


def _types(con: duckdb.DuckDBPyConnection, call: exp.Anonymous) -> dict[str, str]:
    rows = con.execute(f"describe from {call.sql(dialect='duckdb')}").fetchall()
    return {row[0]: str(row[1]) for row in rows}
