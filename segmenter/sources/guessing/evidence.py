"""What the rows of a table say of its columns: a sample is looked at, and all rows are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from segmenter.errors import InputError, reason
from segmenter.sources.engine import Engine
from segmenter.sources.expressions import SOURCE_ALIAS, quoted
from segmenter.sources.files import InputFile
from segmenter.sources.guessing.dictionary import hinted, named
from segmenter.sources.guessing.facts import Facts, column, facts_of
from segmenter.sources.number_format import NumberFormat
from segmenter.sources.recognition import recognised_date, recognised_number
from segmenter.sources.rejected_lines import csv_advice, misread_column
from segmenter.sources.unreadable import server_advice

__all__ = ["Evidence", "gather"]

SAMPLE = 100_000
"""Rows that are looked at column by column."""

MOST_ROWS = 2_000_000
"""Of a larger table only some orders, each with all its rows, are added up."""

_FEW_VALUES = 40
_SAMPLE_TABLE = "guess_sample"


@dataclass
class Evidence:
    """A table, with answers to questions about it."""

    engine: Engine
    table: exp.Table
    relation: str
    columns: Mapping[str, str]
    sample: exp.Table
    rows: int
    facts: Mapping[str, Facts]
    condition: exp.Expr | None = None
    number_format: str | None = None
    file: InputFile | None = None
    _formats: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _date_formats: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def filled(self) -> list[str]:
        """The columns that have a value."""
        return [name for name, facts in self.facts.items() if facts.filled]

    def named(self, role: str, kind: str) -> list[str]:
        """Return the columns with a value and a name of this meaning, better names first."""
        return named(self.filled, role, kind)

    def anywhere(self, role: str, kind: str) -> list[str]:
        """Return the columns with such a name, also those that are empty as far as is seen."""
        return named(list(self.facts), role, kind)

    def hinted(self, role: str, kind: str) -> list[str]:
        """Return the columns with a value, and such a name within their own."""
        return hinted(self.filled, role, kind)

    def anywhere_hinted(self, role: str, kind: str) -> list[str]:
        """Return the columns with such a name within their own, also those that seem empty."""
        return hinted(list(self.facts), role, kind)

    @cached_property
    def few_values(self) -> dict[str, list[str]]:
        """The different values of the sample, in small letters, of each text with a few of them."""
        found = {}
        for name, facts in self.facts.items():
            if facts.is_text and 0 < facts.distinct <= min(_FEW_VALUES, facts.filled // 3):
                value = exp.func("lower", exp.func("trim", column(name)))
                query = exp.select(value.as_("value")).distinct().from_(self.sample.copy())
                seen = {row["value"] for row in self.records(query)} - {None, ""}
                found[name] = sorted(seen)
        return found

    def amounts(self, kind: str) -> list[str]:
        """Return the columns of numbers, or of texts that are numbers, with such a name."""
        return [name for name in self.named("amount", kind) if self.number(name)]

    def number(self, name: str) -> str | None:
        """Return a column as it stands in SQL, where it holds numbers, or texts that are some."""
        is_read = self.facts[name].is_number or self.number_formats(name)
        return quoted(name) if is_read else None

    def number_formats(self, name: str) -> tuple[str, ...]:
        """Return the formats that can read the texts of a column: two where nothing tells."""
        if not self.facts[name].is_text:
            return ()
        if name not in self._formats:
            values = exp.select(column(name).as_("value")).from_(self.source)
            if self.number_format is not None:
                self._formats[name] = (self.number_format,)
            else:
                found = recognised_number(self.engine, values)
                fits = found is not None and found.fitting == found.rows
                self._formats[name] = found.formats if found is not None and fits else ()
        return self._formats[name]

    def date_formats(self, name: str) -> tuple[str, ...]:
        """Return the formats that read nearly all texts of a column; a fit counts the rest."""
        if self.facts[name].is_time:
            return ()
        if name not in self._date_formats:
            values = exp.select(column(name).as_("value")).from_(self.source)
            found = recognised_date(self.engine, values)
            is_read = found is not None and found.fitting >= 0.95 * found.rows
            self._date_formats[name] = found.formats if found and is_read else ()
        return self._date_formats[name]

    def read(self, tree: exp.Expr) -> exp.Expr:
        """Return an expression with its texts read as numbers."""
        return tree.copy().transform(self._reading)

    def _reading(self, node: exp.Expr) -> exp.Expr:
        name = self.spelled(node.name) if isinstance(node, exp.Column) else None
        if name is None or not self.facts[name].is_text:
            return node
        formats = self.number_formats(name)
        if not formats:  # what can be read is looked at; whoever binds it says what is wrong
            return exp.TryCast(this=node.copy(), to=exp.DataType.build("double"))
        return NumberFormat.parse(formats[0]).reading(node.copy())

    def spelled(self, name: str) -> str | None:
        """Return a column as the table spells it."""
        return next((each for each in self.facts if each.casefold() == name.casefold()), None)

    @property
    def source(self) -> exp.Table:
        """The table, to be read from."""
        table = self.table.copy()
        table.set("alias", exp.TableAlias(this=exp.to_identifier(SOURCE_ALIAS)))
        return table

    def looked_at(self, **asked: exp.Expr | str) -> dict[str, Any]:
        """Return what expressions are over the sample."""
        return self._one(exp.select(*_aliased(asked)).from_(self.sample.copy()))

    def counted(self, **asked: exp.Expr | str) -> dict[str, Any]:
        """Return what expressions are over all rows that meet the condition."""
        return self._one(self.restricted(exp.select(*_aliased(asked)).from_(self.source)))

    def restricted(self, query: exp.Select) -> exp.Select:
        """Return a query of the rows that meet the condition."""
        return query if self.condition is None else query.where(self.condition.copy())

    def records(self, query: exp.Expr) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        try:
            return self.engine.rows(query)
        except duckdb.Error as error:
            raise _unreadable(self.relation, error, self.file) from None

    def _one(self, query: exp.Expr) -> dict[str, Any]:
        return self.records(query)[0]

    def equal(self, one: str, other: str) -> bool:
        """Whether two amounts are the same number, to the cent, in nearly all rows."""
        left, right = self.as_double(one), self.as_double(other)
        known = exp.or_(left.is_(exp.null()).not_(), right.is_(exp.null()).not_())
        difference = exp.func("abs", exp.Sub(this=left.copy(), expression=right.copy()))
        asked = {
            "rows": exp.func("count_if", known),
            "same": exp.func("count_if", difference < 0.011),  # NULL where none has both
        }
        return self._holds(lambda found: (found["same"] or 0) >= 0.995 * found["rows"] > 0, asked)

    def _holds(
        self, holds: Callable[[dict[str, Any]], bool], asked: Mapping[str, exp.Expr | str]
    ) -> bool:
        """Whether something holds in the sample, and then in all rows."""
        if not holds(self.looked_at(**asked)):
            return False
        return self.rows <= SAMPLE or self.rows > MOST_ROWS or holds(self.counted(**asked))

    def as_double(self, text: str) -> exp.Expr:
        """Return an amount as a number, its texts read."""
        tree = sqlglot.parse_one(text, dialect="duckdb")
        assert isinstance(tree, exp.Expr)
        return exp.cast(exp.paren(self.read(tree)), "double")

    def one_each(self, one: str, other: str) -> bool:
        """Whether each value of the other column belongs to one of the first, which is there."""
        first, second = column(one).sql("duckdb"), column(other).sql("duckdb")
        both = f"filter (where {first} is not null and {second} is not null)"
        asked = {
            "others": f"count(distinct {second}) {both}",
            "pairs": f"count(distinct ({first}, {second})) {both}",
            "without": f"count(*) filter (where {first} is null and {second} is not null)",
        }

        def holds(found: dict[str, Any]) -> bool:
            return not found["without"] and 100 * found["others"] >= 99 * found["pairs"]

        return self._holds(holds, asked)

    def one_to_one(self, one: str, other: str) -> bool:
        """Whether two columns stand for the same things."""
        return self.one_each(one, other) and self.one_each(other, one)


@contextmanager
def gather(
    engine: Engine,
    table: exp.Table,
    relation: str,
    columns: Mapping[str, str],
    file: InputFile | None = None,
) -> Iterator[Evidence]:
    """Look at a table; what is kept of it goes with the block."""
    try:
        table, columns = _sampled(engine, table, columns, file)
        sample = exp.to_table(engine.staged(_SAMPLE_TABLE), dialect="duckdb")
        rows = engine.rows(exp.select(exp.alias_("count(*)", "rows")).from_(table.copy()))
    except duckdb.Error as error:
        raise _unreadable(relation, error, file) from None
    try:
        facts = facts_of(engine, sample, columns)
        yield Evidence(engine, table, relation, columns, sample, rows[0]["rows"], facts, file=file)
    finally:
        engine.drop(_SAMPLE_TABLE, "table")


def _sampled(
    engine: Engine, table: exp.Table, columns: Mapping[str, str], file: InputFile | None
) -> tuple[exp.Table, Mapping[str, str]]:
    """Keep the first rows; columns of a CSV file whose types are guessed wrongly are texts."""
    texts: list[str] = []
    while True:
        kept = exp.select("*").from_(table.copy()).limit(SAMPLE)
        try:
            engine.create(_SAMPLE_TABLE, kept, "table")
            return table, columns
        except duckdb.Error as error:
            name = misread_column(error)
            if file is None or not file.is_csv or name is None or name in texts:
                raise
            texts.append(name)
            table, columns = file.table(texts=texts), {**columns, name: "VARCHAR"}


def _unreadable(relation: str, error: duckdb.Error, file: InputFile | None) -> InputError:
    said = reason(error)
    way_out = csv_advice(said, file) or server_advice(said)
    return InputError(f"{relation} cannot be read: {said}{way_out}")


def _aliased(asked: Mapping[str, exp.Expr | str]) -> list[exp.Expr]:
    """Return expressions with their names."""
    trees = {
        name: sqlglot.parse_one(one, dialect="duckdb") if isinstance(one, str) else one
        for name, one in asked.items()
    }
    return [exp.alias_(tree, name, quoted=True) for name, tree in trees.items()]
