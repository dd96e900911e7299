"""Backtesting: what the segments of an earlier day would have been worth, kept in the database."""

from __future__ import annotations

from dataclasses import dataclass

from segmenter.evaluation.backtest import Backtest, Outcome
from segmenter.formatting import day
from segmenter.operations.table import Table, Tabular
from segmenter.progress import Progress, Silent
from segmenter.workplace.place import Place

__all__ = ["BacktestResult", "backtest"]


@dataclass(frozen=True, repr=False)
class BacktestResult(Tabular):
    """What the segments of an earlier day did later, beside a ranking by spend alone.

    Attributes
    ----------
    outcome : Outcome
        With the span that was measured, and what newcomers brought.
    table : Table
        As in ``segments.backtest``.
    lifecycle : Table
        The segments crossed with the lifecycle that their customers had then, with 95 % intervals.
    """

    outcome: Outcome
    table: Table
    lifecycle: Table

    def words(self) -> str:
        """Say what was measured."""
        known, until = day(self.outcome.as_of), day(self.outcome.until)
        return f"Customers known on {known}, and what they did up to {until}."


def backtest(
    place: Place, as_of: object, until: object = None, *, progress: Progress | None = None
) -> BacktestResult:
    """Fit what was known at the end of a day, measure what came after it, and keep the result.

    Parameters
    ----------
    place : Place
        The database with the model, whose source and settings are taken.
    as_of : str, date or datetime
        The last moment that is known; a date to its end.
    until : str, date or datetime, optional
        The last moment that is measured; the newest transaction when absent.
    progress : Progress, optional

    Returns
    -------
    BacktestResult

    Raises
    ------
    InputError
        There is no date column, or nothing happened before or after the moment.
    """
    listener = progress or Silent()
    with Backtest(place.con) as testing:
        outcome = testing.prepare(as_of, until, progress=listener)
        with listener.step("Writing the backtest") as done, place.writing("the backtest is kept"):
            testing.store()
            done("segments.backtest")
    return BacktestResult(outcome, Table.of(outcome.rows), Table.of(outcome.lifecycle))
