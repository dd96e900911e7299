"""Data checks: what a fit should say about the rows before anybody trusts the segments.

The checks and their words are those of the view ``segments.data_quality``. Over a small table a fit
runs the view itself, on what it has added up already. Over a large one, or
one that is not in DuckDB, it says what it has counted anyway, and leaves exact duplicates to the
view.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlglot import exp

from segmenter.engines.duckdb import Embedded
from segmenter.errors import InputError
from segmenter.progress import Note
from segmenter.schema.files import QUALITY, bind, redirect
from segmenter.sources.rejected_lines import count_rejected_lines
from segmenter.training.currencies import currencies
from segmenter.training.row_errors import lost
from segmenter.training.stage import Losses, Stage, Survey

__all__ = ["MANY_ROWS", "Count", "count_losses", "data_warnings", "identity_warnings"]

MANY_ROWS = 250_000
"""With more rows than this, a fit looks for no exact duplicates; the view always does."""


MOST_LOST = 0.05
"""With a larger share of rows lost to an expression, a fit is refused unless it is allowed."""


_TOTALS = "data_quality_totals"
_COUNTS = "data_quality_counts"
_IDENTITIES = "identity_counts"
_COUNTED = (
    "check_name varchar, unit varchar, found bigint, total bigint, revenue double, "
    "total_revenue double, example varchar"
)


class Count(NamedTuple):
    """A row of ``segments_internal.data_quality_counts``."""

    check_name: str
    unit: str
    found: int
    total: int | None = None
    revenue: float | None = None
    total_revenue: float | None = None
    example: str | None = None


def data_warnings(stage: Stage, survey: Survey | None, losses: Losses | None = None) -> list[Note]:
    """Return what blocks or warns; the codes are the names of the checks.

    Parameters
    ----------
    stage : Stage
        With its customers added up, or its points grouped.
    survey : Survey or None
        What one scan of the transactions told; None where there are none.
    losses : Losses, optional
        Rows that an expression loses.
    """
    rows = survey.source_rows if survey else stage.count(stage.staged(stage.profile_view))
    if rows <= MANY_ROWS and stage.engine.dialect == "duckdb":
        return _notes(stage)
    counts = _of_customers(stage)
    if survey:
        counts += _of_rows(stage, survey)
    if losses:
        counts += _lost(losses)
    if seen := losses or survey:
        counts.append(_future(seen))
    return _notes(stage, counts)


def _notes(stage: Stage, counts: Iterable[Count] | None = None) -> list[Note]:
    """Return the rows of ``data_quality`` that block or warn.

    Parameters
    ----------
    stage : Stage
    counts : iterable of Count, optional
        Rows that stand for ``data_quality_counts``, which is computed when they are absent.
    """
    local = Embedded(stage.con)
    if counts is None:
        for step in (_IDENTITIES, _TOTALS):
            if stage.has(step):
                stage.create(step, "table")
        stage.create(_COUNTS, "table")
    else:
        stage.con.execute(f"create or replace temp table segmenter_{_COUNTS} ({_COUNTED})")
        marks = ", ".join("?" * len(Count._fields))
        stage.con.executemany(f"insert into {local.staged(_COUNTS)} values ({marks})", list(counts))
    query = redirect(bind(f"views/{QUALITY}", stage.values), {_COUNTS: local.staged(_COUNTS)})
    found = local.rows(query)
    local.drop(_COUNTS, "table")
    for row in found:
        if row["check_name"] == "total_lines" and row["severity"] == "blocks":
            raise InputError(row["message"])
    return [
        Note(row["check_name"], row["message"])
        for row in found
        if row["severity"] in ("blocks", "warns")
    ]


def _of_rows(stage: Stage, survey: Survey) -> list[Count]:
    """Return what the survey has counted."""
    rows = survey.source_rows
    found = [
        Count(
            "rows_without_customer",
            "rows",
            survey.rows_without_customer,
            rows,
            survey.revenue_without_customer,
            survey.revenue,
        ),
        Count("missing_amounts", "rows", survey.rows_without_amount, rows),
    ]
    if stage.source.order:
        found.append(Count("rows_without_order", "rows", survey.positive_rows_without_order, rows))
        found.append(Count("empty_orders", "rows", survey.rows_with_empty_order, rows))
    if stage.source.date:
        found.append(Count("rows_without_date", "rows", survey.rows_without_date, rows))
    if stage.source.currency:
        seen = currencies(stage)
        found.append(Count("several_currencies", "rows", seen.deviating, rows, example=seen.listed))
    return found


def _lost(losses: Losses) -> list[Count]:
    """Return what the expressions lose."""
    rows = losses.source_rows
    return [
        Count("lost_rows", "rows", losses.lost_rows, rows, example=losses.lost_value),
        Count("unknown_condition", "rows", losses.unknown_rows, rows),
    ]


def _future(seen: Losses | Survey) -> Count:
    """Return the rows in the future: a window holds none of them, so that all rows are asked."""
    newest = seen.newest_in_future
    example = None if newest is None else str(newest)
    return Count("future_dates", "rows", seen.rows_in_future, seen.source_rows, example=example)


def _of_customers(stage: Stage) -> list[Count]:
    people = "customers" if stage.source.kind == "points" else "1"
    counted = (
        f"cast(coalesce(sum(case when frequency {which} then {people} end), 0) as bigint) as {name}"
        for which, name in (("= 1", "once"), ("> 0", "buyers"))
    )
    seen = stage.row(exp.select(*counted).from_(stage.staged(stage.profile_view)))
    return [
        *_identities(stage),
        Count("customers_with_one_order", "customers", seen["once"], seen["buyers"]),
        Count("few_customers", "customers", seen["buyers"]),
    ]


def identity_warnings(stage: Stage) -> list[Note]:
    """Return what looks odd about who the customers are.

    Parameters
    ----------
    stage : Stage
        With its customers added up.

    Raises
    ------
    InputError
        One of them is a line of totals.
    """
    return _notes(stage, _identities(stage))


def _identities(stage: Stage) -> list[Count]:
    """Return what looks odd about who the customers are."""
    if not stage.has(_IDENTITIES):
        return []
    query = stage.query(f"views/{_IDENTITIES}")
    if stage.engine.dialect != "duckdb":
        _texts_for_hashes(query)
    return [
        Count(
            row["check_name"],
            row["unit"],
            row["found"],
            row["total"],
            None if row["cents"] is None else float(row["cents"]) / 100,
            None,
            row["example"],
        )
        for row in stage.engine.rows(query)
    ]


def _texts_for_hashes(query: exp.Query) -> None:
    """Group spellings by themselves: elsewhere there is no ``hash``, or it is another one."""
    for call in list(query.find_all(exp.Anonymous)):
        if call.name.lower() == "hash":
            call.replace(call.expressions[0].copy())


def count_losses(stage: Stage) -> Losses | None:
    """Count the rows that the expressions of a source lose, after those that its file loses.

    Raises
    ------
    InputError
        They are too many, and nothing allows it.
    """
    _count_rejected_lines(stage)
    if stage.source.kind != "transactions":
        return None
    losses = stage.losses()
    is_allowed = stage.source.allow_lost_rows
    if losses and not is_allowed and losses.lost_rows > MOST_LOST * losses.source_rows:
        raise InputError(lost(stage.engine, stage.binding, losses))
    return losses


def _count_rejected_lines(stage: Stage) -> None:
    """Note how many lines of a CSV file cannot be read, or refuse them where they are too many."""
    binding = stage.binding
    if binding.file is None:
        return
    table, used = binding.values["source"], binding.used_columns()
    assert isinstance(table, exp.Table)
    found = count_rejected_lines(stage.con, binding.file, table, used)
    if found is None:
        return
    if found.share > MOST_LOST and not stage.source.allow_lost_rows:
        raise InputError(
            f"{found.words('would be')} To go on without these lines, give allow_lost_rows = True."
        )
    binding.notes.append(Note("rejected_lines", found.words()))
