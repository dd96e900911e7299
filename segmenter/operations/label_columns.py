"""The columns of a file to label: what they hold, and which value is not what it should be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb
from sqlglot import exp

from segmenter.engines.duckdb import Embedded
from segmenter.errors import InputError, SegmenterError, did_you_mean, reason
from segmenter.schema.connection import first_row
from segmenter.schema.files import bind
from segmenter.sources.expressions import SOURCE_ALIAS, quoted, resolve
from segmenter.sources.files import InputFile
from segmenter.sources.rejected_lines import csv_advice, refuse_single_column
from segmenter.sources.text_advice import number_readings

__all__ = ["ADDED", "Columns"]

ADDED = ("segment", "segment_rank")
"""The columns that come after those of the input."""

_RESERVED = "segmenter_"
_NUMERIC = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
_SUMS = (exp.Add, exp.Sub, exp.Mul, exp.Div)


class Columns:
    """The columns of a file, and which of them should hold numbers.

    Parameters
    ----------
    con : DuckDBPyConnection
    given : InputFile
    as_text : bool
        Whether a CSV is read without guessing types, so that each value stays as it stands.
    is_sampled : bool
        Whether the types are guessed from its first rows, where a later 2.75 would become a 3.
    """

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        given: InputFile,
        *,
        as_text: bool,
        is_sampled: bool = True,
    ) -> None:
        self.con = con
        self.given = given
        self.as_text = as_text and given.is_csv
        self.is_sampled = is_sampled
        self.columns = self._describe(
            exp.select("*").from_(given.table(is_sampled=is_sampled or self.as_text))
        )
        refuse_single_column(con, given, self.columns)
        self.dropped: list[str] = []
        self.numbers: dict[str, str] = {}

    def make_room(self, *, overwrite: bool) -> None:
        """Refuse columns that would come twice, or leave them out."""
        if overwrite:
            self.dropped = [name for name in self.columns if name.casefold() in ADDED]
        for name in self.columns:
            if name in self.dropped:
                continue
            if name.casefold() in ADDED:
                raise InputError(
                    f"{self.given.name} has a column {name!r} already. Replace it with "
                    "overwrite_column = True, or rename it in the input."
                )
            if name.casefold().startswith(_RESERVED):
                raise InputError(
                    f"{self.given.name} has a column {name!r}, and names that begin with "
                    f"{_RESERVED} are needed here. Rename it in the input."
                )

    def source(self) -> exp.Expr:
        """Return the file as a relation without the columns that were dropped."""
        table = self._table()
        if not self.dropped:
            return table
        left_out = [exp.to_identifier(name, quoted=True) for name in self.dropped]
        return exp.select(exp.Star(except_=left_out)).from_(table).subquery()

    def _table(self) -> exp.Table:
        """Return the file; a CSV that is copied with types is looked at as a whole for them."""
        return self.given.table(as_text=self.as_text, is_sampled=self.is_sampled)

    def number(self, name: str, text: str) -> exp.Expr:
        """Return a column or expression that can be read as a number."""
        columns = [column for column in self.columns if column not in self.dropped]
        if text.isidentifier() and text.casefold() not in map(str.casefold, columns):
            shown = ", ".join(columns[:12]) + (", ..." if len(columns) > 12 else "")
            hint = did_you_mean(text, columns)
            raise InputError(
                f"column {text!r} is not in {self.given.name} ({shown}).{hint} Name it with "
                f"{name} = 'COLUMN'; raw transactions need customer and amount instead."
            )
        tree = self._typed(self.expect_number(name, text))
        query = _select(self._table(), tree)
        try:
            (kind,) = self._describe(query).values()
        except SegmenterError as error:
            raise InputError(f"{name} = {text!r} does not work: {error}") from None
        if kind != "VARCHAR" and not _is_number(kind):
            raise InputError(
                f"{name} = {text!r} of {self.given.name} is {kind}, not a number. Name a column "
                f"of numbers with {name} = 'COLUMN', or an expression that makes it one."
            )
        return tree

    def expect_number(self, name: str, text: str) -> exp.Expr:
        """Parse an expression and remember which columns it takes for numbers.

        Raises
        ------
        InputError
            A column of text among them has a value that is no number.
        """
        columns = {key: kind for key, kind in self.columns.items() if key not in self.dropped}
        tree = resolve(self.con, name, text, columns, self.given.name)
        has_text = False
        for column in tree.find_all(exp.Column):
            kind = self.columns.get(column.name, "")
            is_text = kind == "VARCHAR" and (column is tree or isinstance(column.parent, _SUMS))
            if is_text or _is_number(kind):
                self.numbers[column.name] = "DOUBLE"
            has_text |= is_text
        if has_text and (message := self._first_misread(self.numbers)):
            raise InputError(message)
        return tree

    @contextmanager
    def misread_named(self) -> Iterator[None]:
        """Name the row and the value where the engine stumbles over text."""
        try:
            yield
        except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
            said = self.misread()
            if said is None:
                why = reason(error)
                advice = csv_advice(why, self.given)
                said = f"{self.given.name} cannot be read as asked: {why}{advice}"
            raise InputError(said) from None

    def misread(self) -> str | None:
        """Return a sentence on the first value that is not what its column should hold."""
        message = self._first_misread(self.numbers)
        if message or not self.given.is_csv or self.as_text:
            return message
        return self._first_misread(
            {name: kind for name, kind in self.columns.items() if kind != "VARCHAR"}
        )

    def _first_misread(self, wanted: Mapping[str, str]) -> str | None:
        for file in self.given.files:
            table = self.given.table(as_text=True, file=file)
            found = []
            for name, kind in wanted.items():
                value = exp.column(name, table=SOURCE_ALIAS, quoted=True)
                read = exp.TryCast(this=value.copy(), to=exp.DataType.build(kind, "duckdb"))
                is_misread = value.is_(exp.null()).not_().and_(read.is_(exp.null()))
                values = {"source": table, "value": value, "is_misread": is_misread}
                query = bind("queries/first_misread", values).sql(dialect="duckdb")
                try:
                    row = first_row(self.con, query)
                except duckdb.Error:
                    continue  # this file does not have the column
                if row:
                    found.append((row[0], name, row[1]))
            if found:
                shown = file if len(self.given.files) > 1 else self.given.name
                row_number, name, value = min(found)
                if wanted[name] != "DOUBLE":
                    return _of_other_type(shown, row_number, name, value, wanted[name])
                return self._no_number(shown, row_number, name, value)
        return None

    def _no_number(self, file: str, row: int, name: str, value: object) -> str:
        """Say which value is no number, and how the column can be read in every row."""
        column = exp.column(name, table=SOURCE_ALIAS, quoted=True)
        rows = _select(self.given.table(as_text=True), column)
        found = number_readings(Embedded(self.con), rows, quoted(name))
        read = " or, where it separates thousands differently, ".join(f'"{text}"' for text in found)
        way_out = (
            f"Read the column with the expression {read} in its place."
            if found
            else f'Mend it, or count such values as missing with "try_cast({quoted(name)} as '
            'double)" in the place of the column.'
        )
        return f"row {row:,} of {file} has {value!r} in {name}, which is not a number. {way_out}"

    def _typed(self, tree: exp.Expr) -> exp.Expr:
        """Let columns that are read as text count as the numbers that they hold."""
        if not self.as_text:
            return tree

        def typed(node: exp.Expr) -> exp.Expr:
            is_cast = isinstance(node.parent, exp.Cast | exp.TryCast)
            if isinstance(node, exp.Column) and not is_cast:
                is_number = _is_number(self.columns.get(node.name, ""))
                return exp.cast(node, "double") if is_number else node
            return node

        return tree.transform(typed)

    def _describe(self, query: exp.Expr) -> dict[str, str]:
        try:
            found = self.con.execute(f"describe {query.sql(dialect='duckdb')}").fetchall()
        except duckdb.Error as error:
            said = reason(error)
            advice = csv_advice(said, self.given)
            raise InputError(f"{self.given.name} cannot be read: {said}{advice}") from None
        return {row[0]: row[1] for row in found}


def _of_other_type(file: str, row: int, name: str, value: object, kind: str) -> str:
    return (
        f"row {row:,} of {file} has {value!r} in {name}, which the rows before make "
        f"{kind}. Mend it, or write CSV instead of Parquet, which keeps it as it stands."
    )


def _select(table: exp.Table, tree: exp.Expr) -> exp.Select:
    table.set("alias", exp.TableAlias(this=exp.to_identifier(SOURCE_ALIAS)))
    return exp.select(exp.alias_(tree.copy(), "value")).from_(table)


def _is_number(kind: str) -> bool:
    return kind.removeprefix("U").startswith(_NUMERIC) and not kind.endswith("]")
