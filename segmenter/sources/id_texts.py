"""Ids of a CSV file that a number would change: 007 and 7, 5.4 and 5, two of seventeen digits.

DuckDB guesses the type of a column from its first rows, and reads later ones as that type. A column
with 007 among the first rows is text; where it comes later, 007 would be the customer 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import duckdb
from sqlglot import exp

from segmenter.progress import Note
from segmenter.schema.connection import first_row
from segmenter.sources.expressions import quoted
from segmenter.sources.file_columns import WHOLE, own_columns
from segmenter.sources.files import InputFile

__all__ = ["IdColumns", "look_at_ids"]

_WHOLE = (*WHOLE, "HUGEINT")


@dataclass(frozen=True)
class IdColumns:
    """Columns of ids that are read as another type than the one that their first rows have.

    Attributes
    ----------
    texts : list of str
        Columns with a number that is another one in their type.
    doubles : list of str
        Columns of whole numbers in which some are written as 5.0 or 5.4.
    notes : list of Note
        What the user should know.
    """

    texts: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def look_at_ids(
    con: duckdb.DuckDBPyConnection,
    given: InputFile,
    types: Mapping[str, str],
    names: Iterable[str],
) -> IdColumns:
    """Find the columns of ids that their guessed type would change.

    Parameters
    ----------
    con : DuckDBPyConnection
    given : InputFile
        Of files with types nothing is changed, nor where options say which types are meant.
    types : mapping of str to str
        Its columns and their types.
    names : iterable of str
        Columns of ids.
    """
    found = IdColumns()
    numbers = (name for name in names if types[name] in (*_WHOLE, "DOUBLE"))
    wanted = [name for name in own_columns(given, numbers) if given.guesses(name)]
    if not wanted:
        return found
    changed = _changed(con, given, {name: types[name] for name in wanted})
    if points := [name for name in changed if types[name] != "DOUBLE"]:
        no_numbers = _changed(con, given, dict.fromkeys(points, "DOUBLE"))
        found.doubles.extend(name for name in points if name not in no_numbers)
    for name in changed:
        if name not in found.doubles:
            found.texts.append(name)
            said = (
                f"{quoted(name)} of {given.name} is read as text: {types[name]}, as its first rows "
                f"are, would not keep {changed[name]!r}. If it may become another value, give "
                f"{given.typed({name: types[name]})}."
            )
            found.notes.append(Note("ids_as_text", said))
    return found


def _changed(
    con: duckdb.DuckDBPyConnection, given: InputFile, types: Mapping[str, str]
) -> dict[str, str]:
    """Return the columns with a number that a type would change, and the least text of each.

    As a DOUBLE 5 and 5.0 are one, which is what tools write of the same whole number.
    """
    query = exp.select(*(_least_changed(name, types[name]) for name in types))
    least = first_row(con, query.from_(given.table(texts=list(types))).sql(dialect="duckdb"))
    return {name: text for name, text in zip(types, least, strict=True) if text is not None}


def _least_changed(name: str, kind: str) -> exp.Expr:
    text = exp.func("trim", exp.column(name, quoted=True))
    number = exp.TryCast(this=text.copy(), to=exp.DataType.build(kind))
    forms: list[exp.Expr] = [text.copy()]
    if kind == "DOUBLE":
        forms.append(exp.DPipe(this=text.copy(), expression=exp.Literal.string(".0")))
    # what is no number at all is a fault of its line, which the reader tells
    is_changed = exp.cast(number, "varchar").isin(*forms).not_()
    return exp.Min(this=exp.Case().when(is_changed, text.copy()))
