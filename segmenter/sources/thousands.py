"""Dots before three digits in a CSV file: 2.110 is read as 2.11, and may mean 2,110."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
from sqlglot import exp

from segmenter.schema.connection import first_row
from segmenter.sources.expressions import quoted
from segmenter.sources.files import InputFile

__all__ = ["unsure_thousands"]

_GROUPED = r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})?"
"""A whole number below 1,000, or one with a dot before its last three digits."""

_SAID = {"decimal_separator", "thousands", "columns"}
"""Options of the CSV reader with which the user has said how numbers are written."""


def unsure_thousands(
    con: duckdb.DuckDBPyConnection,
    given: InputFile,
    types: Mapping[str, str],
    tree: exp.Expr,
) -> list[str]:
    """Ask of each column whose dots may all separate thousands what they do.

    Parameters
    ----------
    con : DuckDBPyConnection
    given : InputFile
        Of files with types there is nothing to ask, nor where options say how numbers are.
    types : mapping of str to str
        Its columns and their types.
    tree : Expr
        The amount.
    """
    if not given.is_csv or _SAID & set(given.csv):
        return []
    read = {column.name for column in tree.find_all(exp.Column)}
    doubles = [name for name, kind in types.items() if name in read and kind == "DOUBLE"]
    return [asked for name in doubles if (asked := _question(con, given, name))]


def _question(con: duckdb.DuckDBPyConnection, given: InputFile, name: str) -> str | None:
    value = exp.func("trim", exp.column(name, quoted=True))
    rows = exp.select(value.as_("value")).from_(given.table(texts=[name])).subquery("texts")
    fits = exp.func("regexp_full_match", exp.column("value"), exp.Literal.string(_GROUPED))
    # nearly every file has such a value among its first rows
    other = exp.select("1").from_(rows).where(exp.not_(fits)).limit(1)
    if first_row(con, other.sql(dialect="duckdb")):
        return None
    has_dot = exp.func("contains", exp.column("value"), exp.Literal.string("."))
    dotted = exp.select(exp.Max(this=exp.column("value"))).from_(rows.copy()).where(has_dot)
    (example,) = first_row(con, dotted.sql(dialect="duckdb"))
    if example is None:
        return None
    return (
        f"every dot in {quoted(name)} of {given.name} stands before three digits, as in "
        f"{example!r}, and no value tells what it separates. If thousands, give number_format = "
        "'1.234,56'; if decimals, number_format = '1234.56'."
    )
