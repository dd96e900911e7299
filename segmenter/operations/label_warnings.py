"""What labelling raw transactions warns of: other counting than the model's, rows left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from segmenter.errors import InputError, SegmenterError
from segmenter.formatting import counted, verb
from segmenter.progress import Note
from segmenter.schema.connection import first_row
from segmenter.schema.names import INTERNAL
from segmenter.sources.files import InputFile
from segmenter.sources.source import Source
from segmenter.sources.unit import in_unit, inverse
from segmenter.storage.stored import stored_mapping
from segmenter.training.stage import Losses, Survey

__all__ = ["counted_as_fitted", "differences", "fitted_source", "left_out", "unit_of_profiles"]


def fitted_source(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return the source of the current model."""
    (stored,) = first_row(con, f"select source from {INTERNAL}.models where is_current")
    return stored_mapping(stored, "source")


def counted_as_fitted(source: Source, fitted: Mapping[str, Any]) -> Source:
    """Return transactions with money in the unit of the model.

    Raises
    ------
    InputError
        They were given another one.
    """
    unit = fitted.get("unit")
    if source.unit not in (None, unit):
        own = "none" if unit is None else f"unit = {unit!r}"
        raise InputError(
            f"unit = {source.unit!r} is another one than the model has ({own}), and its rules are "
            "of money in its own. Leave unit out."
        )
    return replace(source, unit=unit)


def unit_of_profiles(monetary: str, fitted: Mapping[str, Any]) -> Iterator[Note]:
    """Tell in which unit the money of profiles is taken to be, where it is not the currency."""
    unit = fitted.get("unit")
    if unit is not None and not _multiplies_by(monetary, inverse(unit)):
        yield Note(
            "unit",
            f"{in_unit(unit)}, as the model has it. Where these profiles have the currency itself, "
            f"give monetary = '({monetary}) * {inverse(unit)}'.",
        )


def _multiplies_by(expression: str, number: int) -> bool:
    try:
        tree = sqlglot.parse_one(expression, dialect="duckdb")
    except SqlglotError:
        return True  # what is wrong with it is said where it is bound
    literals = (one for one in tree.find_all(exp.Literal) if not one.is_string)
    return any(float(one.name) == number for one in literals)


def differences(fitted: Mapping[str, Any], source: Source) -> Iterator[Note]:
    """Tell where these transactions are counted otherwise than those of the model."""
    if source.unit is not None:
        yield Note("unit", f"{in_unit(source.unit)}, as the model has it.")
    if fitted.get("window") != source.window:
        yield Note(
            "other_window",
            f"the model was fitted on {_window(fitted.get('window'))}, and these customers are "
            f"added up over {_window(source.window)}. Give the same window to compare like "
            "with like.",
        )
    if "transactions" in fitted and ("order" in fitted) != (source.order is not None):
        what = ("distinct orders", "rows")
        yield Note(
            "other_frequency",
            f"the model counted {what['order' not in fitted]} as frequency, and here "
            f"{what[source.order is None]} count. "
            + (
                "Name the order's column with order = 'COLUMN'."
                if "order" in fitted
                else "Leave order out."
            ),
        )


def _not_counted(code: str, rows: int, why: str) -> Note:
    has, is_ = verb(rows, "has", "have"), verb(rows, "is", "are")
    return Note(code, f"{counted(rows, 'row')} {has} {why} and {is_} left out.")


def _window(window: str | None) -> str:
    return f"a window of {window}" if window else "all time"


def left_out(given: InputFile, survey: Survey, losses: Losses | None) -> Iterator[Note]:
    """Tell which rows take no part.

    Raises
    ------
    SegmenterError
        None of them does.
    """
    if survey.source_rows == 0:
        raise SegmenterError(f"{given.name} has no rows that count. Nothing to label.")
    if survey.rows_without_customer == survey.source_rows:
        raise SegmenterError(
            f"customer is NULL in every row of {given.name}. Name the "
            "column that identifies the customer with customer = 'COLUMN'."
        )
    if survey.rows_without_customer:
        yield _not_counted("rows_without_customer", survey.rows_without_customer, "no customer")
    if losses and losses.lost_rows:
        yield Note(
            "lost_rows",
            f"{counted(losses.lost_rows, 'row')} {verb(losses.lost_rows, 'is', 'are')} lost: an "
            f"expression is NULL although what it reads is not, as for {losses.lost_value}.",
        )
    if losses and losses.unknown_rows:
        number = losses.unknown_rows
        yield Note(
            "unknown_condition",
            f"the condition is NULL in {counted(number, 'row')}, which "
            f"{verb(number, 'is', 'are')} left out.",
        )
    if survey.rows_without_amount:
        yield _not_counted("missing_amounts", survey.rows_without_amount, "no amount")
    if survey.rows_not_usable:
        what = "an amount that is NaN, infinite or too large to be exact"
        yield _not_counted("unusable_amounts", survey.rows_not_usable, what)
