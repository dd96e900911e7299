"""Training: from a staged source to a model, without writing anything."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import duckdb

from segmenter.classifier.rules import Rules
from segmenter.errors import InputError, reason
from segmenter.formatting import counted, percent
from segmenter.model import Model
from segmenter.points import Points
from segmenter.progress import Progress, tell
from segmenter.settings import Settings
from segmenter.sources.rejected_lines import csv_advice
from segmenter.sources.unreadable import unreadable
from segmenter.training.coarsening import MARGIN, Grid
from segmenter.training.data_checks import count_losses, data_warnings
from segmenter.training.expression_checks import check_expressions
from segmenter.training.learning import learn
from segmenter.training.lifecycle import LifecycleDays, lifecycle
from segmenter.training.row_errors import complaint, guess_advice, reading_advice, rounded_away
from segmenter.training.stage import Cut, Losses, Stage, Survey
from segmenter.training.survey_notes import excluded, left_out, span, survey_notes

__all__ = ["Training", "inspect", "train"]


_MOST_ROUNDED = 0.001
"""Share of the money that rounding to ten-thousandths, row by row, may change."""


class Inspection(NamedTuple):
    """What was read of a source; the grid is None where every point is as it was.

    `checked` are the ``checked_rows`` of another engine in which expressions mean what they do in
    DuckDB; empty where there is nothing to compare.
    """

    survey: Survey | None
    cut: Cut | None
    points: Points
    grid: Grid | None
    checked: dict[str, int]


@dataclass(frozen=True)
class Training:
    """A model that is not stored yet, with what was seen on the way to it."""

    model: Model
    survey: Survey | None
    cut: Cut | None


def train(stage: Stage, progress: Progress, *, is_checked: bool = False) -> Training:
    """Aggregate, cut, cluster and compile.

    Parameters
    ----------
    stage : Stage
    progress : Progress
        Told of each step.
    is_checked : bool, default False
        Whether the rows are part of what a fit has looked at and warned of already.

    Raises
    ------
    InputError
        The data cannot be used; the message names the column and the value.
    """
    settings = stage.settings
    if settings.forget_points and stage.source.kind == "points" and not stage.binding.is_live:
        raise InputError(
            "points of this session only are kept in the model, and forget_points keeps none, so "
            "the views would have nothing to read. Load them into a table, or leave forget_points "
            "out."
        )
    survey, cut, points, grid, checked = inspect(stage, progress, is_checked=is_checked)
    learned = learn(points, settings, progress)
    segmentation, rules = learned.segmentation, learned.rules
    uncertain = 0 if grid is None else _uncertain_customers(points, grid, rules)
    if grid is not None:
        progress.warn(_coarsened(points, grid, uncertain, settings), "coarse_points")
    thresholds = _lifecycle(stage, progress)
    model = Model(
        settings=settings,
        source=stage.binding.stored_source() | checked,
        segmentation=segmentation,
        rules=rules,
        customers=cut.customers if cut else points.n_customers,
        whales=cut.whales if cut else 0,
        monetary_cut=cut.monetary_cut if cut else None,
        frequency_cut=cut.frequency_cut if cut else None,
        active_days=thresholds.active_days,
        lapsed_days=thresholds.lapsed_days,
        relative_step=None if grid is None else grid.relative_step,
        uncertain_customers=uncertain,
        outvoted_customers=learned.outvoted_customers,
        raised_customers=learned.raised_customers,
        source_rows=survey.source_rows if survey else None,
        rows_without_customer=survey.rows_without_customer if survey else None,
        revenue_without_customer=survey.revenue_without_customer if survey else None,
        fitted_at=datetime.now(UTC).replace(tzinfo=None, microsecond=0),
    )
    return Training(model, survey, cut)


def inspect(stage: Stage, progress: Progress, *, is_checked: bool = False) -> Inspection:
    """Read a source up to its training profile; parameters as in `train`.

    Raises
    ------
    InputError
        The data cannot be used; the message names the column and the value.
    """
    if stage.binding.questions:
        raise InputError(" ".join(stage.binding.questions))
    checked = {} if is_checked else check_expressions(stage, progress)
    with _readable(stage):
        survey = _survey(stage, progress)
        _exclude(stage, progress)
        losses = _losses(stage, progress)
        if survey and survey.rows_without_amount == survey.source_rows:
            raise InputError(_without_amounts(stage))
        cut = _profile(stage, survey, progress)
        with progress.step("Grouping equal profiles") as done:
            points, grid = stage.points()
            done(
                f"{counted(points.n_customers, 'training customer')}, "
                f"{counted(len(points), 'distinct point')}"
            )
    if not len(points) and cut is None:
        raise InputError(_nothing_there(stage))
    if survey is not None and survey.absolute_revenue and not points.cents.any():
        raise InputError(rounded_away(stage.binding, survey))
    if is_checked:
        return Inspection(survey, cut, points, grid, checked)
    notes = survey_notes(stage, survey) if survey else []
    with _readable(stage):
        warnings = data_warnings(stage, survey, losses)
    tell(progress, [*stage.binding.notes, *notes, *warnings])
    return Inspection(survey, cut, points, grid, checked)


@contextmanager
def _readable(stage: Stage) -> Iterator[None]:
    """Say what is wrong with a value, or a line of a file, and how it can be read."""
    try:
        yield
    except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
        said = reason(error)
        raise InputError(
            f"{stage.binding.relation} cannot be read as asked: {said}{_way_out(stage, said)}"
        ) from None
    except duckdb.IOException as error:
        if (why := unreadable(stage.source, stage.binding.relation, error)) is None:
            raise
        raise why from None


def _uncertain_customers(points: Points, grid: Grid, rules: Rules) -> int:
    """Count the training customers so near to a threshold that the grid may have decided."""
    margin = MARGIN * grid.step(points.cents)
    low = rules.rectangle(points.cents - margin, points.frequency)
    high = rules.rectangle(points.cents + margin, points.frequency)
    return int(points.customers[low != high].sum())


def _coarsened(points: Points, grid: Grid, uncertain: int, settings: Settings) -> str:
    share = percent(uncertain / points.n_customers, 2)
    return (
        f"there are more than max_points = {settings.max_points:,} distinct points, so monetary "
        f"was moved to a grid with cells of at most 1/{2**grid.bits:,} of the amount, which leaves "
        f"{len(points):,} points. At most {share} of the training customers are so near to a "
        "threshold that their rule could differ. Raise max_points where memory allows."
    )


def _survey(stage: Stage, progress: Progress) -> Survey | None:
    if stage.source.kind != "transactions":
        with progress.step(f"Checking {stage.binding.relation}") as done:
            row = stage.unusable_row()
            if row:
                raise InputError(complaint(stage.binding, row))
            done("every row can be used")
        return None
    with progress.step(f"Reading {stage.binding.relation}") as done:
        survey = stage.survey()
        done(f"{counted(survey.source_rows, 'row')}{span(survey)}")
    if survey.source_rows == 0:
        raise InputError(_nothing_there(stage))
    if survey.rows_not_usable:
        raise InputError(complaint(stage.binding, stage.unusable_row(), survey.rows_not_usable))
    if survey.rounded_off > _MOST_ROUNDED * (survey.absolute_revenue + survey.rounded_off):
        raise InputError(rounded_away(stage.binding, survey))
    if survey.rows_without_customer == survey.source_rows:
        raise InputError(
            f"customer = {stage.source.customer!r} is NULL in every row of "
            f"{stage.binding.relation}. Name the column that identifies the customer."
        )
    return survey


def _exclude(stage: Stage, progress: Progress) -> None:
    """Say how many of the customers to exclude there are."""
    if stage.source.exclude is None:
        return
    with progress.step("Excluding customers") as done:
        said, note = excluded(stage)
        done(said)
    if note is not None:
        progress.warn(note, "not_excluded")


def _losses(stage: Stage, progress: Progress) -> Losses | None:
    """Count the rows that the expressions lose, and say how many the condition leaves out."""
    if stage.source.kind != "transactions" or stage.source.where is None:
        return count_losses(stage)
    with progress.step("Applying the condition") as done:
        losses = count_losses(stage)
        if losses is not None:
            done(left_out(losses))
    return losses


def _check_unchanged(stage: Stage, survey: Survey) -> None:
    """Survey the rows again, now that they are added up, where they may have changed meanwhile."""
    again = stage.survey()
    if again != survey:
        raise InputError(
            f"{stage.binding.relation} changed while it was read: it had "
            f"{counted(survey.source_rows, 'row')} worth {survey.revenue:,.2f} at first and "
            f"{again.source_rows:,} worth {again.revenue:,.2f} in the end. Fit again when nothing "
            "writes to it, or over a version that stays."
        )


def _without_amounts(stage: Stage) -> str:
    return (
        f"amount = {stage.source.amount!r} is NULL in every row of "
        f"{stage.binding.relation}."
        f"{reading_advice(stage.engine, stage.binding, 'amount')} Name the column with the money "
        "of a row."
    )


def _way_out(stage: Stage, said: str) -> str:
    """Return how the texts that an expression or the reader of a file stumbles over can be read."""
    for name in ("amount", "date"):
        advice = reading_advice(stage.engine, stage.binding, name)
        if advice or (advice := guess_advice(stage.engine, stage.binding, name, said)):
            return advice
    if advice := csv_advice(said, stage.binding.file):
        return advice
    return " Give an expression that reads such values, or mend them."


def _nothing_there(stage: Stage, which: str = "") -> str:
    asked = {name: getattr(stage.source, name) for name in ("where", "window", "as_of")}
    conditions = [f"{name} = {str(value)!r}" for name, value in asked.items() if value]
    under = f" that meet {' and '.join(conditions)}" if conditions else ""
    return f"{stage.binding.relation} has no rows{which}{under}. Nothing to fit."


def _profile(stage: Stage, survey: Survey | None, progress: Progress) -> Cut | None:
    if stage.source.kind == "points":
        return None
    with progress.step("Adding up customers") as done:
        customers = stage.add_up()
        if survey is not None and stage.engine.may_change:
            _check_unchanged(stage, survey)
        done(counted(customers, "customer"))
    if customers == 0:
        both = " with a customer and an amount" if survey else " with a customer"
        raise InputError(_nothing_there(stage, both))
    with progress.step("Cutting the whales") as done:
        cut = stage.cut()
        done(
            f"{counted(cut.whales, 'whale')} ({cut.whales_by_monetary:,} by monetary, "
            f"{cut.whales_by_frequency:,} by frequency)"
        )
    if cut.customers == cut.customers_without_order:
        raise InputError(
            f"no customer of {stage.binding.relation} has an order with a positive amount, so "
            "there is nothing to learn from. Is the sign of the amount right?"
        )
    return cut


def _lifecycle(stage: Stage, progress: Progress) -> LifecycleDays:
    if stage.source.date is None:
        return LifecycleDays(None, None)
    thresholds = lifecycle(*stage.repeat_intervals(), stage.settings)
    if thresholds.active_days is None:
        progress.warn(
            "nobody has ordered on two days, so nothing tells how long customers stay away, and "
            "lifecycle is NULL. Set active_days and lapsed_days.",
            "no_lifecycle",
        )
    return thresholds
