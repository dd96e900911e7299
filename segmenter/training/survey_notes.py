"""What a fit says of the rows it has read besides the checks of ``data_quality``."""

from __future__ import annotations

import datetime as dt
import re

from sqlglot import exp

from segmenter.formatting import counted, day, percent, verb, within_years
from segmenter.points import MAX_CENTS
from segmenter.progress import Note
from segmenter.sources.expressions import written
from segmenter.sources.unit import smaller_unit
from segmenter.training.currencies import unnamed_currencies
from segmenter.training.stage import Losses, Stage, Survey

__all__ = ["excluded", "left_out", "span", "survey_notes"]

_FORMAT = re.compile(r"strptime\([^']*'([^']+)'\s*\)", re.IGNORECASE)
_PARTS = re.compile(r"%[a-zA-Z]")
_CENTURY = 100
"""Years before this one, but the first, are two digits that were read as a whole year."""


def survey_notes(stage: Stage, survey: Survey) -> list[Note]:
    """Return notes on dates that stand for none, amounts of nothing, the future and currencies."""
    return [
        *_placeholders(stage, survey),
        *_rounded_to_zero(stage, survey),
        *_ends_later(stage),
        *_swapped_days(stage),
        *unnamed_currencies(stage),
    ]


def left_out(losses: Losses) -> str:
    """Say how many rows a condition leaves out, and of how many since it is NULL there."""
    said = f"{counted(losses.rows_left_out, 'row')} of {losses.all_rows:,} left out"
    if losses.rows_left_out:
        said += f" ({percent(losses.rows_left_out / losses.all_rows, 1)})"
    unknown = losses.unknown_rows + losses.lost_by["where"]
    return f"{said}, {unknown:,} of them because it is NULL there" if unknown else said


def excluded(stage: Stage) -> tuple[str, str | None]:
    """Say how many customers of a list are excluded, and what to mend where not all are found."""
    row = stage.row(stage.query("queries/excluded_customers"))
    said = f"{row['found']:,} of {row['listed']:,} on the list are found"
    missing = row["listed"] - row["found"]
    if not missing:
        return said, None
    note = (
        f"{missing:,} of {row['listed']:,} on the list {stage.source.exclude} "
        f"{verb(missing, 'is no customer', 'are no customers')}, such as {row['missing_example']!r}"
    )
    if row["alike"]:
        note += (
            f"; {row['alike']:,} of them would be but for capitals and spaces: "
            f"{row['listed_example']!r} is {row['present_example']!r} in {stage.binding.relation}. "
            "Mend the list"
        )
    return said, f"{note}."


def span(survey: Survey) -> str:
    """Say from when to when the rows are, as far as they are not in the future."""
    first, last = within_years(survey.first_at), within_years(survey.last_at)
    return f", {day(first)} to {day(last)}" if first and last else ""


def _placeholders(stage: Stage, survey: Survey) -> list[Note]:
    rows = survey.rows_with_placeholder
    oldest = within_years(survey.oldest_placeholder)
    if not rows or oldest is None:
        return []
    date = written(str(stage.source.date), stage.binding.columns)
    meant = (
        "where there is none, and it counts as a date. Where it means none, make it NULL, for "
        "example with nullif() in date."
    )
    said = f"which many programs write {meant}"
    if 1 < oldest.year < _CENTURY and stage.source.date_format is None:
        this = f"case when {date} < '0100-01-01' then {date} + interval 2000 year else {date} end"
        said = (
            "as is read of two digits for the year among others of four. If this century is meant, "
            f"give date = {this!r}."
        )
    has = f"{counted(rows, 'row')} {verb(rows, 'has', 'have')}"
    return [Note("placeholder_dates", f"{has} a date such as {oldest.date().isoformat()}, {said}")]


def _rounded_to_zero(stage: Stage, survey: Survey) -> list[Note]:
    rows = survey.rows_rounded_to_zero
    if not rows:
        return []
    said = (
        f"{counted(rows, 'row')} {verb(rows, 'has', 'have')} so small an amount that nothing is "
        "left of it: amounts are rounded to ten-thousandths."
    )
    unit = smaller_unit(stage.source.unit)
    if unit is not None and survey.absolute_revenue * 1e6 < MAX_CENTS / 100:
        said += f" Where such amounts matter, count money in a smaller unit, with unit = {unit!r}."
    return [Note("rounded_to_zero", said)]


def _swapped_days(stage: Stage) -> list[Note]:
    """Say that days and months may be swapped where a format says which is which."""
    form, text = stage.source.date_format, str(stage.source.date)
    if form is None:
        found = _FORMAT.search(text)
        form = found[1] if found else None
    if form is None or form.startswith("%Y") or not {"%d", "%m"} <= set(_PARTS.findall(form)):
        return []
    query = exp.select("1 as late").from_(stage.staged("transactions"))
    if stage.row(query.where("extract(day from ordered_at) > 12").limit(1)):
        return []
    swapped = form.replace("%d", "%?").replace("%m", "%d").replace("%?", "%m")
    way = f"date_format = {swapped!r}"
    if stage.source.date_format is None:
        way = f"date = {text.replace(form, swapped)!r}"
    return [
        Note(
            "days_or_months",
            f"no day in {text} is later than the 12th, so that nothing tells days from months; "
            f"they are read as {form}. If that is wrong, give {way}.",
        )
    ]


def _ends_later(stage: Stage) -> list[Note]:
    moment = stage.source.as_of
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    if not isinstance(moment, dt.datetime) or moment <= now + dt.timedelta(days=1):
        return []
    window = stage.source.window
    what = f"the window of {window} ends there" if window else "it leaves nothing out"
    return [
        Note(
            "as_of_in_the_future",
            f"as_of = '{day(moment)}' is in the future: {what}. Leave as_of out to end at the "
            "newest row.",
        )
    ]
