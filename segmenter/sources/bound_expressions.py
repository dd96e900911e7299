"""Expressions of a source, each bound to the relation's columns and checked for its type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from segmenter.errors import InputError, SegmenterError
from segmenter.progress import Note
from segmenter.schema.files import literal
from segmenter.sources.engine import Engine
from segmenter.sources.expressions import SOURCE_ALIAS, resolve, unambiguous, written
from segmenter.sources.file_columns import shielded, summed_columns
from segmenter.sources.files import InputFile
from segmenter.sources.other_meaning import refuse_other_meaning
from segmenter.sources.rejected_lines import csv_advice
from segmenter.sources.relations import name_parts
from segmenter.sources.source import Source
from segmenter.sources.text_advice import date_advice, number_advice
from segmenter.sources.unreadable import server_advice

__all__ = [
    "Binding",
    "as_moment",
    "bind_customer",
    "bind_date",
    "bind_expression",
    "bind_number",
    "check_condition",
    "check_date",
    "check_number",
    "note_expression",
    "read_columns",
    "select_value",
    "with_readings",
]

_NUMERIC = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")

_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Is)
_ISO_DATE = re.compile(r"\d{4}-\d\d")


@dataclass(frozen=True)
class Binding:
    """The user's relation and expressions as syntax trees.

    Attributes
    ----------
    source : Source
    relation : str
        Its name in messages.
    is_live : bool
        Whether persisted views can read it: not so for frames and temporary tables.
    values : dict of str to Expression
        What stands for each ``$placeholder``.
    columns : dict of str to str
        The relation's columns and their types.
    types : dict of str to str
        Type of each mapped expression.
    file : InputFile or None
        The file or files that DuckDB reads, where it is none of its tables.
    is_guessed : bool
        Whether a CSV reader may guess the types of the columns.
    notes : list of Note
        What the user should know about how it is read.
    questions : list of str
        What a fit asks, because nothing tells it.
    doubles : list of str
        Columns of a CSV file that are read as DOUBLE.
    texts : list of str
        Columns of a CSV file that are read as they stand, for a format to read them.
    formats : dict of str to str
        Formats with what the rows have added to them: ``number_format`` with its currency.
    read_texts : dict of str to list of str
        Parameters that a format reads, with its columns; with none where it reads them as a whole.
    unread : dict of str to Expr
        Parameters that a format reads, and the first of their texts.
    readings : dict of str to Expr
        Columns that a format reads, and the expressions that do.
    losses : dict of str to Expr
        Parameters that a format reads, and the conditions that it loses a row.
    """

    source: Source
    relation: str
    is_live: bool
    values: dict[str, exp.Expr]
    columns: dict[str, str]
    types: dict[str, str] = field(default_factory=dict)
    file: InputFile | None = None
    is_guessed: bool = False
    notes: list[Note] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    formats: dict[str, str] = field(default_factory=dict)
    read_texts: dict[str, list[str]] = field(default_factory=dict)
    unread: dict[str, exp.Expr] = field(default_factory=dict)
    readings: dict[str, exp.Expr] = field(default_factory=dict)
    losses: dict[str, exp.Expr] = field(default_factory=dict)

    def used_columns(self) -> list[str]:
        """Return the columns that are read, as far as they are bound."""
        trees = (self.values[name] for name in self.types if name in self.values)
        names = {column.name for tree in trees for column in tree.find_all(exp.Column)}
        return [name for name in self.columns if name in names]

    def stored_source(self) -> dict[str, Any]:
        """Return the source as a model keeps it: no text of it needs the table to be understood.

        A column whose name could be read as an expression, and a table whose name could be read
        as one of a schema, are in quotes.
        """
        stored = self.source.as_dict()
        for name in ("customer", "amount", "order", "date", "currency", "where"):
            if name in stored:
                stored[name] = unambiguous(stored[name], self.columns)
        if "attributes" in stored:
            stored["attributes"] = [column.name for column in self.values["attributes"].expressions]
        stored |= self.formats
        if self.read_texts:
            stored["texts"] = self.read_texts
        kind = self.source.kind
        if not self.source.is_frame and not self.source.is_file:
            text, table = str(stored[kind]), self.values["source"].this
            if table.name.casefold() == text.casefold() and name_parts(text) != [text]:
                stored[kind] = table.sql(dialect="duckdb")
        return stored


def read_columns(
    engine: Engine, table: exp.Table, relation: str, file: InputFile | None = None
) -> dict[str, str]:
    """Return the columns of a relation and their types."""
    try:
        return engine.types(exp.select("*").from_(table.copy()))
    except SegmenterError as error:
        advice = csv_advice(str(error), file) or server_advice(str(error))
        raise InputError(f"{relation} cannot be read: {error}{advice}") from None


def bind_customer(engine: Engine, binding: Binding, text: str) -> exp.Expr:
    """Return the customer; NaN, which some tools write for a missing number, counts as NULL."""
    tree = bind_expression(engine, binding, "customer", text)
    if binding.types["customer"] in ("FLOAT", "DOUBLE"):
        return exp.func("nullif", tree, exp.cast(literal("nan"), "double"))
    return tree


def bind_number(engine: Engine, binding: Binding, name: str, text: str) -> exp.Expr:
    """Return a number; whole ones of a CSV as DOUBLE, so that a later 2.75 is no 3."""
    tree = bind_expression(engine, binding, name, text, check_number)
    whole = summed_columns(tree, binding.columns) if binding.file else []
    if whole and binding.is_guessed:
        assert binding.file is not None
        binding.doubles.extend(column for column in whole if column not in binding.doubles)
        table = binding.file.table(doubles=binding.doubles, texts=binding.texts)
        binding.values["source"] = table
        binding.columns.update(read_columns(engine, table, binding.relation, binding.file))
        tree = bind_expression(engine, binding, name, text, check_number)
    return _guarded(binding, tree, "DOUBLE", name)


def _guarded(binding: Binding, tree: exp.Expr, wanted: str, name: str) -> exp.Expr:
    """Return what SQL casts to a type, out of the reach of a CSV file where it is another one."""
    is_cast = binding.is_guessed and binding.types[name] != wanted
    return shielded(tree) if is_cast else tree


def bind_date(engine: Engine, binding: Binding, text: str) -> exp.Expr:
    """Return the date; a time with a zone counts in UTC, whatever the session's zone is."""
    tree = bind_expression(engine, binding, "date", text, check_date)
    if binding.types["date"] == "TIMESTAMP WITH TIME ZONE":
        return exp.AtTimeZone(this=tree, zone=literal("UTC"))
    return _guarded(binding, tree, "TIMESTAMP", "date")


def as_moment(binding: Binding) -> exp.Expr:
    """Return the date as something to compare with a time, bare where its type allows it."""
    date = binding.values["date"].copy()
    is_comparable = binding.types["date"] in ("DATE", "TIMESTAMP")
    return date if is_comparable else exp.cast(date, "timestamp")


_KEYS = ("customer", "order", "currency")
"""Roles in which the JSON 7 and "7" are one."""

_Check = Callable[[Engine, Binding, str, str, exp.Expr], None]


def bind_expression(
    engine: Engine,
    binding: Binding,
    name: str,
    text: str,
    check: _Check | None = None,
) -> exp.Expr:
    """Return a scalar expression over the relation, and note its type."""
    tree = resolve(engine.local, name, text, binding.columns, binding.relation)
    if name == "where":
        tree = with_readings(tree, binding.readings)
    if binding.is_guessed and not isinstance(tree, exp.Column):
        tree = shielded(tree)
    is_json = isinstance(tree, exp.Column) and binding.columns.get(tree.name) == "JSON"
    if is_json and name in _KEYS and engine.dialect == "duckdb":
        tree = exp.Anonymous(this="json_extract_string", expressions=[tree, literal("$")])
    return note_expression(engine, binding, name, text, tree, check)


def note_expression(
    engine: Engine,
    binding: Binding,
    name: str,
    text: str,
    tree: exp.Expr,
    check: _Check | None = None,
) -> exp.Expr:
    """Note an expression over the relation, and its type."""
    if engine.dialect != "duckdb":
        refuse_other_meaning(engine, name, text, tree, binding.columns)
    # In a condition the engine refuses what is no scalar, such as a macro that is an aggregate.
    query = select_value(binding, tree).where(tree.copy().is_(exp.null())).limit(0)
    try:
        (kind,) = engine.types(query).values()
    except SegmenterError as error:
        said = str(error)
        if "WHERE clause" in said:
            raise InputError(
                f"{name} = {text!r} must be a scalar expression of a row's columns, not an "
                "aggregate, a window function or the like."
            ) from None
        raise InputError(f"{name} = {text!r} does not work on {binding.relation}: {said}") from None
    binding.types[name] = kind
    binding.values[name] = tree
    if check is not None:
        check(engine, binding, name, text, tree)
    return tree


def with_readings(tree: exp.Expr, readings: Mapping[str, exp.Expr]) -> exp.Expr:
    """Return a condition with what formats read in the place of columns that it compares.

    A text that is compared with another text, which is no date as SQL has it, stays as it is.
    """
    for column in list(tree.find_all(exp.Column)):
        parent = column.parent
        if column.name in readings and isinstance(parent, _COMPARISONS):
            others = [node for node in parent.find_all(exp.Literal) if node.is_string]
            if all(_ISO_DATE.match(node.name) for node in others):
                column.replace(readings[column.name].copy())
    return tree


def select_value(binding: Binding, tree: exp.Expr) -> exp.Select:
    """Return a query of an expression's values in all rows."""
    table = binding.values["source"].copy()
    table.set("alias", exp.TableAlias(this=exp.to_identifier(SOURCE_ALIAS)))
    return exp.select(exp.alias_(tree.copy(), "value")).from_(table)


def check_number(engine: Engine, binding: Binding, name: str, text: str, tree: exp.Expr) -> None:
    """Refuse what is no number, and say how it can be read."""
    kind = binding.types[name].removeprefix("U")
    if not kind.startswith(_NUMERIC) or kind.endswith("]"):
        column = written(text, binding.columns)
        advice = number_advice(engine, select_value(binding, tree), name, column, kind)
        raise InputError(f"{_of_type(binding, name, text)}, not a number{advice}")


def check_date(engine: Engine, binding: Binding, name: str, text: str, tree: exp.Expr) -> None:
    """Refuse what is no date, and say how it can be read."""
    kind = binding.types[name]
    if not kind.startswith(("DATE", "TIMESTAMP")):
        column = written(text, binding.columns)
        advice = date_advice(engine, select_value(binding, tree), name, column, kind)
        raise InputError(f"{_of_type(binding, name, text)}, not a date or timestamp{advice}")


def _of_type(binding: Binding, name: str, text: str) -> str:
    return f"{name} = {text!r} of {binding.relation} is {binding.types[name]}"


def check_condition(engine: Engine, binding: Binding, name: str, text: str, tree: exp.Expr) -> None:
    """Refuse a condition that is neither true nor false."""
    del engine, tree  # the type says it all
    if binding.types[name] != "BOOLEAN":
        raise InputError(
            f"{name} = {text!r} is {binding.types[name]}, not a condition. Give one that is true "
            f"or false for each row, for example where = 'quantity > 0'."
        )
