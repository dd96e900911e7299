"""Columns of files, whose types are guessed: what a guess, or a cast over it, must not change."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from segmenter.progress import Note
from segmenter.schema.connection import first_row
from segmenter.sources.expressions import quoted
from segmenter.sources.files import InputFile

__all__ = [
    "WHOLE",
    "Differing",
    "differing_types",
    "is_guessed",
    "own_columns",
    "reading_notes",
    "shielded",
    "summed_columns",
    "unshielded",
    "unsure_years",
]

WHOLE = ("BIGINT", "INTEGER", "SMALLINT", "TINYINT")

_SUMS = (
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Div,
    exp.Neg,
    exp.Paren,
    exp.Round,
    exp.Abs,
    exp.Coalesce,
)

_FORMATS = {"dateformat", "date_format", "timestampformat", "timestamp_format"}
"""Options of the CSV reader with which the user has said how dates are written."""

_MISSING = "missing"

_MOST_FILES = 1_000
"""Of more CSV files than these, the types are not compared one by one."""


@dataclass(frozen=True)
class Differing:
    """A column that has not one type in all files.

    Attributes
    ----------
    relation : str
    column : str
    types : dict of str to str
        Each type, or ``missing``, with the first file that has it.
    """

    relation: str
    column: str
    types: dict[str, str]

    @property
    def note(self) -> Note:
        """What the user should know."""
        shown = ", ".join(f"{kind} in {file}" for kind, file in self.types.items())
        said = (
            f"the files of {self.relation} differ in the column {quoted(self.column)}: {shown}. It "
            "is read as the widest of the types, and as NULL where it is missing."
        )
        return Note("types_differ", said)

    def question(self, name: str, tree: exp.Expr) -> str | None:
        """Ask about a file all of whose rows would be lost, since it has not the column.

        Parameters
        ----------
        name : str
            The parameter.
        tree : Expr
            Its expression, of which a part may say what to take instead.
        """
        alone = (
            column
            for column in unshielded(tree).find_all(exp.Column)
            if not column.find_ancestor(exp.Coalesce, exp.Case, exp.If)
        )
        if _MISSING not in self.types or self.column not in {column.name for column in alone}:
            return None
        return (
            f"the column {quoted(self.column)}, which {name} is read from, is missing in "
            f"{self.types[_MISSING]}, so that all rows of such files would be lost. Read what they "
            f"have instead, as coalesce({quoted(self.column)}, ...) does, leave the files out, or "
            "go on without their rows: allow_lost_rows = True."
        )


def is_guessed(con: duckdb.DuckDBPyConnection, table: exp.Table, file: InputFile | None) -> bool:
    """Whether a relation is a CSV file, or a view, which may read one."""
    if file is not None:
        return file.is_csv
    query = "select 1 from duckdb_views() where schema_name = $1 and view_name = $2"
    return bool(first_row(con, query, [table.db, table.name]))


def shielded(tree: exp.Expr) -> exp.Expr:
    """Keep casts of bare columns away from the reader of a CSV file, and from its optimizer.

    DuckDB 2 hands such a cast to the reader, which then parses the text as the new type and knows
    nothing of the format that it has detected: days like 13/12/2023 fail, 007 stays a text of
    three characters. ``coalesce`` with one value is the value, and nothing that it hands on.
    """
    for cast in list(tree.find_all(exp.Cast, exp.TryCast)):
        if isinstance(cast.this, exp.Column):
            cast.set("this", _kept(cast.this))
    return _kept(tree) if isinstance(tree, exp.Column) else tree


def _kept(column: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=column.copy(), expressions=[exp.null()])


def unshielded(tree: exp.Expr) -> exp.Expr:
    """Return a copy of an expression as it was before `shielded`."""

    def bare(node: exp.Expr) -> exp.Expr:
        is_shield = isinstance(node, exp.Coalesce) and [*map(type, node.expressions)] == [exp.Null]
        return node.this if is_shield else node

    return tree.copy().transform(bare)


def own_columns(given: InputFile, names: Iterable[str]) -> list[str]:
    """Return those columns that are in the file, and not in the names of its folders."""
    folders = os.path.dirname(given.files[0]).replace("\\", "/").split("/")
    partitions = {name.partition("=")[0] for name in folders if "=" in name}
    return [name for name in names if name not in partitions]


def reading_notes(con: duckdb.DuckDBPyConnection, given: InputFile, date: exp.Expr) -> list[Note]:
    """Return what the user should know about how files are read.

    Parameters
    ----------
    con : DuckDBPyConnection
    given : InputFile
    date : Expr
        The date's expression, NULL where there is none.
    """
    column = unshielded(date)
    is_plain = given.is_csv and isinstance(column, exp.Column)
    unsure = _unsure_dates(con, given, column.name) if is_plain else None
    return [
        *given.notes,
        *([Note("days_or_months", unsure)] if unsure else []),
    ]


def unsure_years(con: duckdb.DuckDBPyConnection, given: InputFile, date: exp.Expr) -> str | None:
    """Ask whether the day or the year comes first, where years have two digits.

    Parameters
    ----------
    con, given, date
        As of `reading_notes`.
    """
    column = unshielded(date)
    form = _detected(con, given) if isinstance(column, exp.Column) else None
    if form is None or not form.startswith("%y"):
        return None
    swapped = form.replace("%d", "%?").replace("%y", "%d").replace("%?", "%y")
    return (
        f"dates in {quoted(column.name)} of {given.name} have two digits for the year, and it may "
        f"come first or last: give date_format = {swapped!r} or date_format = {form!r}."
    )


def _detected(con: duckdb.DuckDBPyConnection, given: InputFile) -> str | None:
    """Return the format that DuckDB has found in a CSV file, where it could be another one."""
    if not given.is_csv or _FORMATS & set(given.csv):
        return None
    sniffed = given.table(file=given.files[0])
    sniffed.this.set("this", "sniff_csv")
    query = exp.select("DateFormat", "TimestampFormat").from_(sniffed)
    try:
        found = first_row(con, query.sql(dialect="duckdb"))
    except duckdb.Error:
        return None
    return next((text for text in found if text and text.startswith(("%d", "%m", "%y"))), None)


def _unsure_dates(con: duckdb.DuckDBPyConnection, given: InputFile, column: str) -> str | None:
    """Say that the order of days and months in a column was guessed."""
    form = _detected(con, given)
    if form is None or form.startswith("%y"):
        return None
    name = quoted(column)
    day = exp.func("day", exp.column(column, quoted=True))
    late = exp.select("1").from_(given.table()).where(day > 12).limit(1)
    if first_row(con, late.sql(dialect="duckdb")):
        return None
    swapped = form.replace("%d", "%?").replace("%m", "%d").replace("%?", "%m")
    return (
        f"no day in {name} of {given.name} is later than the 12th, so that nothing tells days from "
        f"months; they are read as {form}. If that is wrong, give date_format = {swapped!r}."
    )


def summed_columns(tree: exp.Expr, columns: Mapping[str, str]) -> list[str]:
    """Return columns of whole numbers that are added up as money.

    The type is guessed from the first rows of a file, and a later 2.75 would be read as 3.

    Parameters
    ----------
    tree : Expr
        The amount.
    columns : mapping of str to str
        The columns of the file and their types.
    """
    found = {
        column.name
        for column in tree.find_all(exp.Column)
        if columns.get(column.name) in WHOLE and _is_summed(column)
    }
    return [name for name in columns if name in found]


def _is_summed(column: exp.Column) -> bool:
    """Whether nothing but arithmetic stands above a column."""
    parent = column.parent
    while parent is not None:
        is_number = isinstance(parent, exp.Cast) and parent.to.is_type(*exp.DataType.NUMERIC_TYPES)
        if not (is_number or isinstance(parent, _SUMS)):
            return False
        parent = parent.parent
    return True


def differing_types(
    con: duckdb.DuckDBPyConnection, given: InputFile, used: Iterable[str]
) -> list[Differing]:
    """Return each used column that has not one type in all files, with its types.

    Parameters
    ----------
    con : DuckDBPyConnection
    given : InputFile
    used : iterable of str
        Columns.
    """
    wanted = list(used)
    by_file = _types(con, given) if len(given.files) > 1 else {}
    found = []
    for name in wanted:
        first: dict[str, str] = {}
        for file, types in by_file.items():
            here = {column.casefold(): kind for column, kind in types.items()}
            first.setdefault(here.get(name.casefold(), _MISSING), file)
        if len(first) > 1:
            found.append(Differing(given.name, name, first))
    return found


def _types(con: duckdb.DuckDBPyConnection, given: InputFile) -> dict[str, dict[str, str]]:
    """Return the type of each column of each file."""
    by_file: dict[str, dict[str, str]] = {}
    if given.is_parquet:
        path = exp.Literal.string(given.path).sql(dialect="duckdb")
        rows = con.execute(
            "select file_name, name, num_children, duckdb_type "
            f"from parquet_schema({path}) order by file_name, column_id"
        ).fetchall()
        return _top_level(rows)
    for file in given.files if len(given.files) <= _MOST_FILES else []:
        query = exp.select("*").from_(given.table(file=file)).sql(dialect="duckdb")
        described = con.execute(f"describe {query}").fetchall()
        by_file[file] = {row[0]: str(row[1]) for row in described}
    return by_file


def _top_level(rows: list[tuple[str, str, int | None, str | None]]) -> dict[str, dict[str, str]]:
    """Return the columns of Parquet files, without the fields within them."""
    by_file: dict[str, dict[str, str]] = {}
    open_nodes: list[int] = []
    for file, name, children, kind in rows:
        if file not in by_file:
            by_file[file], open_nodes = {}, []
        elif len(open_nodes) == 1 and kind is not None:
            by_file[file][name] = kind
        while open_nodes and open_nodes[-1] == 0:
            open_nodes.pop()
        if open_nodes:
            open_nodes[-1] -= 1
        if children:
            open_nodes.append(children)
        while open_nodes and open_nodes[-1] == 0:
            open_nodes.pop()
    return by_file
