"""Dots before three digits in a CSV file: 2.110 is read as 2.11, and may mean 2,110."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import sqlglot
from sqlglot import exp

from segmenter.schema.connection import first_row
from segmenter.sources.expressions import quoted
from segmenter.sources.files import InputFile

__all__ = ["thousands_notes"]

_GROUPED = r"[+-]?[1-9][0-9]{0,2}(\.[0-9]{3})?"
"""A whole number below 1,000, or one with a dot before its last three digits."""

_SAID = {"decimal_separator", "thousands", "columns"}
"""Options of the CSV reader with which the user has said how numbers are written."""


def thousands_notes(
    con: duckdb.DuckDBPyConnection,
    given: InputFile,
    types: Mapping[str, str],
    tree: exp.Expr,
    amount: str,
) -> list[str]:
    """Say of each column whose dots may all separate thousands how it is read then.

    Parameters
    ----------
    con : DuckDBPyConnection
    given : InputFile
        Of Parquet files there is nothing to say, nor where the user says what separates decimals.
    types : mapping of str to str
        Its columns and their types.
    tree : Expr
        The amount.
    amount : str
        The same as the user has written it.
    """
    if given.is_parquet or _SAID & set(given.csv):
        return []
    read = {column.name for column in tree.find_all(exp.Column)}
    doubles = [name for name, kind in types.items() if name in read and kind == "DOUBLE"]
    return [note for name in doubles if (note := _note(con, given, name, amount))]


def _note(con: duckdb.DuckDBPyConnection, given: InputFile, name: str, amount: str) -> str | None:
    value = exp.func("trim", exp.column(name, quoted=True))
    rows = exp.select(value.as_("value")).from_(given.table(texts=[name])).subquery("texts")
    fits = exp.func("regexp_full_match", exp.column("value"), exp.Literal.string(_GROUPED))
    # nearly every file has such a value among its first rows
    other = exp.select("1").from_(rows).where(exp.not_(fits)).limit(1)
    if first_row(con, other.sql(dialect="duckdb")):
        return None
    has_dot = exp.func("contains", exp.column("value"), exp.Literal.string("."))
    counts = exp.select(
        exp.func("max", exp.Case().when(has_dot, exp.column("value"))),
        exp.func("bool_or", exp.not_(has_dot.copy())),
        exp.func("bool_or", exp.func("ends_with", exp.column("value"), exp.Literal.string(".000"))),
    ).from_(rows.copy())
    example, has_whole, has_thousands = first_row(con, counts.sql(dialect="duckdb"))
    if example is None:
        return None
    column = quoted(name)
    said = (
        f"every dot in {column} of {given.name} stands before three digits, as in {example!r}, and "
        f"is read as the point before decimals. If it separates thousands, "
    )
    if has_whole and has_thousands:
        path = exp.Literal.string(given.path).sql(dialect="duckdb")
        whole = f"cast(replace({column}, '.', '') as double)"
        return (
            f"{said}read the column as text in a view (create view my_sales as from "
            f"read_csv({path}, types = {{{name!r}: 'VARCHAR'}})), and fit that with amount = "
            f"{_in_place(amount, name, whole)!r}."
        )
    read = f"{column} * 1000"
    if has_whole:
        read = f"case when {column} = floor({column}) then {column} else {read} end"
    return f"{said}give amount = {_in_place(amount, name, read)!r}."


def _in_place(amount: str, name: str, read: str) -> str:
    """Return the amount with another expression in the place of a column."""
    tree = sqlglot.parse_one(amount, dialect="duckdb")
    if isinstance(tree, exp.Column):
        return read
    for column in list(tree.find_all(exp.Column)):
        if column.name.casefold() == name.casefold():
            column.replace(exp.paren(sqlglot.parse_one(read, dialect="duckdb")))
    return tree.sql(dialect="duckdb")
