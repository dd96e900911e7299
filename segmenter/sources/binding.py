"""Binding: a `Source` looked up in a connection, ready to stand in the SQL files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from sqlglot import exp

from segmenter.errors import InputError, SegmenterError
from segmenter.points import MAX_CENTS, MAX_CUSTOMERS, MAX_FREQUENCY
from segmenter.schema.files import literal, newest_order
from segmenter.settings import Settings
from segmenter.sources.engine import FRAME, Engine
from segmenter.sources.exclusion import find_exclusion
from segmenter.sources.expressions import SOURCE_ALIAS, quoted, resolve, unambiguous
from segmenter.sources.file_columns import (
    differing_types,
    is_guessed,
    reading_notes,
    shielded,
    summed_columns,
)
from segmenter.sources.files import InputFile
from segmenter.sources.lost_rows import LOSING, loss_values
from segmenter.sources.relations import name_parts
from segmenter.sources.source import Source
from segmenter.sources.text_advice import date_advice, number_advice

__all__ = ["FRAME", "Binding", "bind_source"]

_NUMERIC = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")


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
    notes : list of str
        What the user should know about how it is read.
    doubles : list of str
        Columns of a CSV file that are read as DOUBLE.
    """

    source: Source
    relation: str
    is_live: bool
    values: dict[str, exp.Expr]
    columns: dict[str, str]
    types: dict[str, str] = field(default_factory=dict)
    file: InputFile | None = None
    is_guessed: bool = False
    notes: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)

    def stored_source(self) -> dict[str, Any]:
        """Return the source as a model keeps it: no text of it needs the table to be understood.

        A column whose name could be read as an expression, and a table whose name could be read
        as one of a schema, are in quotes.
        """
        stored = self.source.as_dict()
        for name in ("customer", "amount", "order", "date", "currency", "where"):
            if name in stored:
                stored[name] = unambiguous(stored[name], self.columns)
        kind = self.source.kind
        if not self.source.is_frame and not self.source.is_file:
            text, table = str(stored[kind]), self.values["source"].this
            if table.name.casefold() == text.casefold() and name_parts(text) != [text]:
                stored[kind] = table.sql(dialect="duckdb")
        return stored


def bind_source(engine: Engine, source: Source, settings: Settings) -> Binding:
    """Look a source up and check each column and expression against it.

    Parameters
    ----------
    engine : Engine
        Where the source is.
    source : Source
    settings : Settings

    Raises
    ------
    InputError
        No such table, file or column, an expression that is not scalar, or a wrong type.
    """
    try:
        return _bound(engine, source, settings)
    except RecursionError:
        raise InputError(
            "a column's expression is nested too deep, or too long. Let a view have it as a column."
        ) from None


def _bound(engine: Engine, source: Source, settings: Settings) -> Binding:
    if source._engine not in (None, engine.dialect):
        raise InputError(
            f"{source.relation} was read by {source._engine}, and this file holds the model "
            "without its customers. Ask over there, or fit again: "
            f"segmenter.fit({source._engine}, ...)."
        )
    table, relation, is_live = engine.find(source)
    columns = _columns(engine, table, relation)
    is_here = engine.dialect == "duckdb"
    file = InputFile(source.file) if is_here and source.is_file else None
    if not is_here:
        source = replace(source, _engine=engine.dialect)
    binding = Binding(
        source,
        relation,
        is_live,
        _constants(source, settings),
        columns,
        file=file,
        is_guessed=is_here and is_guessed(engine.local, table, file),
    )
    binding.values["source"] = table
    try:
        if source.kind == "transactions":
            _bind_transactions(engine, binding)
        else:
            _bind_aggregates(engine, binding)
        _bind_condition(engine, binding)
    except SegmenterError as error:
        told = differing_types(engine.local, file, _used(binding)) if file else []
        raise InputError(" ".join([str(error), *told])) from None
    binding.values.update(loss_values(_mapped(binding)))
    reads_transactions = is_live and source.kind == "transactions"
    binding.values["newest_order"] = newest_order(binding.values, added_up=not reads_transactions)
    if file is not None:
        date = binding.values["date"]
        binding.notes.extend(reading_notes(engine.local, file, _used(binding), date))
    return binding


def _mapped(binding: Binding) -> dict[str, exp.Expr]:
    """Return the expressions of the source that can lose rows."""
    values = binding.values
    return {name: values[name] for name in LOSING if name in binding.types}


def _used(binding: Binding) -> list[str]:
    """Return the columns that are read, as far as they are bound."""
    trees = (binding.values[name] for name in binding.types if name in binding.values)
    names = {column.name for tree in trees for column in tree.find_all(exp.Column)}
    return [name for name in binding.columns if name in names]


def _constants(source: Source, settings: Settings) -> dict[str, exp.Expr]:
    return {
        "cut": literal(settings.cut),
        "cut_on": literal(settings.cut_on),
        "max_amount": literal(MAX_CENTS / 100),
        "max_frequency": literal(MAX_FREQUENCY),
        "max_customers": literal(MAX_CUSTOMERS),
        "allow_lost_rows": literal(source.allow_lost_rows),
        "order": exp.null(),
        "date": exp.null(),
    }


def _columns(engine: Engine, table: exp.Table, relation: str) -> dict[str, str]:
    try:
        return engine.types(exp.select("*").from_(table.copy()))
    except SegmenterError as error:
        raise InputError(f"{relation} cannot be read: {error}") from None


def _bind_transactions(engine: Engine, binding: Binding) -> None:
    source, values = binding.source, binding.values
    values["customer"] = _customer(engine, binding, source.customer_text)
    values["amount"] = _number(engine, binding, "amount", str(source.amount))
    for name in ("order", "date", "currency"):
        values[name] = exp.null()
        values[f"has_{name}"] = literal(getattr(source, name) is not None)
    if source.order is not None:
        values["order"] = _expression(engine, binding, "order", source.order)
    if source.date is not None:
        values["date"] = _date(engine, binding, source.date)
        values["moment"] = _moment(binding)
    if source.currency is not None:
        values["currency"] = _expression(engine, binding, "currency", source.currency)
    values["as_of"] = exp.cast(
        literal(str(source.as_of)) if source.as_of else exp.null(), "timestamp"
    )
    values["window"] = exp.cast(literal(source.window) if source.window else exp.null(), "interval")


def _bind_aggregates(engine: Engine, binding: Binding) -> None:
    values = binding.values
    if binding.source.kind == "profile":
        values["customer"] = _customer(engine, binding, binding.source.customer_text)
    else:
        values["customers"] = _number(engine, binding, "customers", "customers")
    for name in ("monetary", "frequency"):
        values[name] = _number(engine, binding, name, name)


def _bind_condition(engine: Engine, binding: Binding) -> None:
    values, source = binding.values, binding.source
    values["row_filter"] = exp.true()
    if source.where is not None:
        values["where"] = _expression(engine, binding, "where", source.where, _check_condition)
        values["row_filter"] = values["where"]
    if source.exclude is not None:
        if engine.dialect != "duckdb":
            raise InputError(
                f"exclude is not understood by {engine.name}. Give a view without these customers, "
                "or name them in where."
            )
        customers = _select(binding, values["customer"])
        exclusion = find_exclusion(engine.local, source, binding.types["customer"], customers)
        if binding.is_live and not exclusion.is_live:
            raise InputError(
                f"{exclusion.relation} is a temporary table, and the live views could not read who "
                "is excluded once this session ends. Create it without TEMP."
            )
        values["exclude"] = exclusion.table
        binding.types["exclude"] = f"{exclusion.column} {binding.types['customer']}"
        kept = exclusion.keeps(values["customer"])
        values["row_filter"] = exp.and_(values["row_filter"], kept) if source.where else kept


def _customer(engine: Engine, binding: Binding, text: str) -> exp.Expr:
    """Return the customer; NaN, which some tools write for a missing number, counts as NULL."""
    tree = _expression(engine, binding, "customer", text)
    if binding.types["customer"] in ("FLOAT", "DOUBLE"):
        return exp.func("nullif", tree, exp.cast(literal("nan"), "double"))
    return tree


def _number(engine: Engine, binding: Binding, name: str, text: str) -> exp.Expr:
    """Return a number; whole ones of a CSV as DOUBLE, so that a later 2.75 is no 3."""
    tree = _expression(engine, binding, name, text, _check_number)
    whole = summed_columns(tree, binding.columns) if binding.file else []
    if whole and binding.is_guessed:
        assert binding.file is not None
        binding.doubles.extend(column for column in whole if column not in binding.doubles)
        table = binding.file.table(doubles=binding.doubles)
        binding.values["source"] = table
        binding.columns.update(_columns(engine, table, binding.relation))
        tree = _expression(engine, binding, name, text, _check_number)
    return _kept(binding, tree, "DOUBLE", name)


def _kept(binding: Binding, tree: exp.Expr, wanted: str, name: str) -> exp.Expr:
    """Return what SQL casts to a type, out of the reach of a CSV file where it is another one."""
    is_cast = binding.is_guessed and binding.types[name] != wanted
    return shielded(tree) if is_cast else tree


def _date(engine: Engine, binding: Binding, text: str) -> exp.Expr:
    """Return the date; a time with a zone counts in UTC, whatever the session's zone is."""
    tree = _expression(engine, binding, "date", text, _check_date)
    if binding.types["date"] == "TIMESTAMP WITH TIME ZONE":
        return exp.AtTimeZone(this=tree, zone=literal("UTC"))
    return _kept(binding, tree, "TIMESTAMP", "date")


def _moment(binding: Binding) -> exp.Expr:
    """Return the date as something to compare with a time, bare where its type allows it."""
    date = binding.values["date"].copy()
    is_comparable = binding.types["date"] in ("DATE", "TIMESTAMP")
    return date if is_comparable else exp.cast(date, "timestamp")


_Check = Callable[[Engine, Binding, str, str, exp.Expr], None]


def _expression(
    engine: Engine,
    binding: Binding,
    name: str,
    text: str,
    check: _Check | None = None,
) -> exp.Expr:
    tree = resolve(engine.local, name, text, binding.columns, binding.relation)
    if binding.is_guessed and not isinstance(tree, exp.Column):
        tree = shielded(tree)
    # In a condition the engine refuses what is no scalar, such as a macro that is an aggregate.
    query = _select(binding, tree).where(tree.copy().is_(exp.null())).limit(0)
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


def _select(binding: Binding, tree: exp.Expr) -> exp.Select:
    table = binding.values["source"].copy()
    table.set("alias", exp.TableAlias(this=exp.to_identifier(SOURCE_ALIAS)))
    return exp.select(exp.alias_(tree.copy(), "value")).from_(table)


def _check_number(engine: Engine, binding: Binding, name: str, text: str, tree: exp.Expr) -> None:
    kind = binding.types[name].removeprefix("U")
    if not kind.startswith(_NUMERIC) or kind.endswith("]"):
        written = _written(binding, text)
        advice = number_advice(engine, _select(binding, tree), name, written, kind)
        raise InputError(f"{_of_type(binding, name, text)}, not a number{advice}")


def _check_date(engine: Engine, binding: Binding, name: str, text: str, tree: exp.Expr) -> None:
    kind = binding.types[name]
    if not kind.startswith(("DATE", "TIMESTAMP")):
        written = _written(binding, text)
        advice = date_advice(engine, _select(binding, tree), name, written, kind)
        raise InputError(f"{_of_type(binding, name, text)}, not a date or timestamp{advice}")


def _of_type(binding: Binding, name: str, text: str) -> str:
    return f"{name} = {text!r} of {binding.relation} is {binding.types[name]}"


def _check_condition(
    engine: Engine, binding: Binding, name: str, text: str, tree: exp.Expr
) -> None:
    del engine, tree  # the type says it all
    if binding.types[name] != "BOOLEAN":
        raise InputError(
            f"{name} = {text!r} is {binding.types[name]}, not a condition. Give one that is true "
            f"or false for each row, for example where = 'quantity > 0'."
        )


def _written(binding: Binding, text: str) -> str:
    """Return a text as part of an expression: a column's name in quotes where it needs them."""
    by_folded = {column.casefold(): column for column in binding.columns}
    column = by_folded.get(text.casefold())
    return text if column is None else quoted(column)
