"""Rows that cannot be used: which value of a row is at fault, and the way out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from segmenter.errors import SegmenterError
from segmenter.formatting import percent
from segmenter.points import MAX_CENTS, MAX_CUSTOMERS, MAX_FREQUENCY
from segmenter.sources.binding import Binding
from segmenter.sources.bound_expressions import select_value
from segmenter.sources.engine import Engine
from segmenter.sources.expressions import SOURCE_ALIAS, quoted, written
from segmenter.sources.file_columns import unshielded
from segmenter.sources.text_advice import HERE, WHOLE, date_advice, number_advice
from segmenter.sources.unit import uncounted, unit_for
from segmenter.training.stage import Losses, Survey

__all__ = ["complaint", "guess_advice", "lost", "reading_advice", "rounded_away"]

_MOST_MONEY = MAX_CENTS / 100

_LIMITS = {
    "amount": (-_MOST_MONEY, _MOST_MONEY),
    "monetary": (-_MOST_MONEY, _MOST_MONEY),
    "frequency": (0, MAX_FREQUENCY),
    "customers": (1, MAX_CUSTOMERS),
}
"""Smallest and largest value of each number, as in ``sql/queries/unusable_*.sql``."""


def complaint(binding: Binding, row: Mapping[str, Any], count: int = 1) -> str:
    """Return what is wrong with a row, as sentences.

    Parameters
    ----------
    binding : Binding
    row : mapping of str to value
        As a query of ``sql/queries/unusable_*.sql`` found it.
    count : int, default 1
        How many such rows there are, where that is known.
    """
    if row.get("rows_of_customer", 1) != 1:
        return (
            f"customer {row['customer_id']} has {row['rows_of_customer']} rows in "
            f"{binding.relation}, and a profile is one row a customer. Add them up first."
        )
    for name in _LIMITS:
        fault = _fault(binding, name, row[name]) if name in row else ""
        if fault:
            rest = f"; {count:,} such rows in all" if count > 1 else ""
            return (
                f"{binding.relation} has a row that cannot be used ({_shown(binding, row)}{rest}): "
                f"{fault}"
            )
    return (
        f"the points of {binding.relation} stand for {row['all_customers']:,.0f} customers in all, "
        f"and sums are exact up to {MAX_CUSTOMERS:,}. Divide customers by the same number in each "
        "row."
    )


def _shown(binding: Binding, row: Mapping[str, Any]) -> str:
    """Return the user's values; of transactions, those that are there."""
    has_all = binding.source.kind != "transactions"
    return ", ".join(
        f"{name} = {'NULL' if value is None else value}"
        for name, value in row.items()
        if name not in ("rows_of_customer", "all_customers") and (has_all or value is not None)
    )


def _fault(binding: Binding, name: str, value: float | None) -> str:
    """Return what is wrong with a value and what to do, nothing where it is right."""
    low, high = _LIMITS[name]
    column = binding.stored_source().get(name, name)
    where = binding.source.where
    before = f"({where}) and " if where else ""
    leave_out = "Mend it, or leave such rows out, for example with where = "
    if value is None:
        return f"{name} is missing. {leave_out}{f'{before}{column} is not null'!r}."
    if not math.isfinite(value):
        return f"{name} must be finite. {leave_out}{f'{before}isfinite({column})'!r}."
    if high == _MOST_MONEY and abs(value) > high:
        return f"{name} must be at most {high:,.0f} in size.{_larger_unit(binding, name, value)}"
    if not low <= value <= high:
        return (
            f"{name} must be from {low:,} to {high:,}, not {value:,.15g}. "
            f"{leave_out}{f'{before}{column} between {low} and {high}'!r}."
        )
    if name == "customers" and value != math.floor(value):
        return f"{name} must be a whole number, not {value:,.15g}. Mend it."
    return ""


def rounded_away(binding: Binding, survey: Survey) -> str:
    """Return that amounts are too small for whole ten-thousandths, with a unit that fits them."""
    money = survey.absolute_revenue + survey.rounded_off
    mean = money / max(survey.rows_with_money, 1)
    unit = unit_for(mean, binding.source.unit)
    way = "Mend them" if unit is None else f"Count money in a smaller unit, with unit = {unit!r}"
    return (
        f"the amounts of {binding.relation} are too small: they are {mean:.3g} on average, each is "
        f"rounded to ten-thousandths, and sums to the cent, which would change "
        f"{percent(min(1.0, survey.rounded_off / money), 1)} of the money row by row. {way}."
    )


def _larger_unit(binding: Binding, name: str, value: float) -> str:
    """Return how amounts that are too large become smaller numbers."""
    unit = binding.source.unit
    if unit is not None:
        larger = unit_for(abs(value), unit)
        way = "Mend it" if larger is None else f"Give unit = {larger!r}"
        return f" They are counted in units of {unit}. {way}."
    if binding.source.kind != "transactions":
        return f" Give {name} in a larger unit, say in thousands."
    column = written(str(binding.source.amount), binding.columns)
    return f" Give money in a larger unit, for example amount = {f'{column} / 1000000'!r}."


def lost(engine: Engine, binding: Binding, losses: Losses) -> str:
    """Return that an expression makes NULL of too many values, and how it can read them."""
    name = max(losses.lost_by, key=lambda role: losses.lost_by[role])
    text = getattr(binding.source, name)
    advice = reading_advice(engine, binding, name) or (
        f" Mend the expression, or say which values are none, for example with nullif() in {name}."
    )
    why = "is NULL there, although what it reads is not"
    if name in binding.losses:
        form = "number_format" if name == "amount" else "date_format"
        asked = getattr(binding.source, form)
        why = f"has another form than {form} = {asked!r} there"
        advice = _other_form(engine, binding, name, asked)
    if name == "where":
        why = "leaves them out because it cannot convert a value that is there"
    return (
        f"{losses.lost_rows:,} of {losses.source_rows:,} rows of {binding.relation} "
        f"({percent(losses.lost_rows / losses.source_rows, 1)}) would be lost: {name} = {text!r} "
        f"{why}, as for {losses.lost_value}.{advice} To go on without these rows, give "
        "allow_lost_rows = True."
    )


def _other_form(engine: Engine, binding: Binding, name: str, asked: str) -> str:
    """Return the format that the values have, where it is another one than was asked for."""
    rows = select_value(binding, binding.unread[name])
    kind = "BIGINT" if _is_whole(engine, rows) else "VARCHAR"
    said = _ADVICE[name](engine, rows, name, str(getattr(binding.source, name)), kind)
    if " reads every row with a value: " in said:
        return f"{said[said.index(')') + 1 :].lstrip('.')} Leave {name}_format out then."
    if f"{asked!r}." in said or "_format" not in said:
        return " Mend such values."
    return said[said.index(")") + 1 :].lstrip(".")


def _is_whole(engine: Engine, rows: exp.Select) -> bool:
    (kind,) = engine.types(rows.limit(0)).values()
    return kind.startswith(WHOLE)


_ADVICE = {"amount": number_advice, "date": date_advice}


def reading_advice(engine: Engine, binding: Binding, name: str) -> str:
    """Return how the text that an expression casts can be read in every row, or nothing."""
    text = str(getattr(binding.source, name))
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except SqlglotError:
        return ""
    for cast in tree.find_all(exp.Cast):
        advise = _ADVICE.get(name)
        if name == "where":
            advise = number_advice if cast.to.is_type(*exp.DataType.NUMERIC_TYPES) else date_advice
        column = cast.this
        known = {key.casefold(): key for key in binding.columns}.get(column.name.casefold())
        if advise is None or not isinstance(column, exp.Column) or known is None:
            continue
        kind = binding.columns[known]
        if kind != "VARCHAR" or cast.to.is_type(*exp.DataType.TEXT_TYPES):
            continue
        here = exp.column(HERE)
        if cast is tree:
            tree = here
        else:
            cast.replace(here)
        rows = exp.select(exp.column(known, table=SOURCE_ALIAS, quoted=True).as_("value"))
        table = binding.values["source"].copy()
        table.set("alias", exp.TableAlias(this=exp.to_identifier(SOURCE_ALIAS)))
        whole = tree.sql(dialect="duckdb")
        instead = "" if text == known else f"{name} = {quoted(known)!r} and "
        said = advise(engine, rows.from_(table), name, quoted(known), kind, whole, instead)
        return said[said.index(")") + 1 :].lstrip(".") if said.startswith(" (") else said
    return ""


def guess_advice(engine: Engine, binding: Binding, name: str, reason: str) -> str:
    """Return how a column of a CSV file can be read whose type was guessed wrongly, or nothing.

    Parameters
    ----------
    engine : Engine
    binding : Binding
    name : str
        The parameter.
    reason : str
        What the reader says: another column may be at fault.
    """
    tree = binding.values[name]
    if name == "amount":
        tree = uncounted(tree, binding.source.unit)
    tree = unshielded(tree)
    if binding.file is None or not binding.is_guessed or not isinstance(tree, exp.Column):
        return ""
    if f'"{tree.name}"' not in reason:
        return ""
    table = binding.file.table(texts=[tree.name]).as_("texts")
    rows = exp.select(exp.column(tree.name, quoted=True).as_("value")).from_(table)
    try:
        said = _ADVICE[name](engine, rows, name, quoted(tree.name), "VARCHAR")
    except (SegmenterError, duckdb.Error):  # a line of it cannot be read at all
        return ""
    return said[said.index(")") + 1 :].lstrip(".") if "_format = " in said else ""
