"""Backtesting: what the segments of earlier days would have been worth, kept in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from segmenter.errors import InputError
from segmenter.evaluation.backtest import Backtest, Outcome
from segmenter.evaluation.rankings import RANKINGS
from segmenter.formatting import counted, day, percent
from segmenter.operations.table import Table, Tabular
from segmenter.progress import Progress, Silent
from segmenter.sources.moments import parse_moment
from segmenter.workplace.place import Place

__all__ = ["WAYS", "BacktestResult", "backtest", "standings", "who_wins"]

WAYS = {
    "segments": "the segments",
    "segment_lifecycle": "segment and lifecycle together",
    "spend": "spend so far",
    "orders": "the number of orders",
    "recent_spend": "recent spend",
    "rfm": "the RFM quintile sum",
    "bg_nbd": "BG/NBD with Gamma-Gamma",
}
"""The rankings, as a sentence calls them."""

Rows = Iterable[Mapping[str, Any]]


@dataclass(frozen=True, repr=False)
class BacktestResult(Tabular):
    """What the segments of earlier days did later, beside other ways to order customers.

    Attributes
    ----------
    outcome : Outcome
        Of the newest day: with the span that was measured, and what newcomers brought.
    table : Table
        As in ``segments.backtest``, of all days.
    lifecycle : Table
        The segments crossed with the lifecycle that their customers had on the newest day, with
        95 % intervals.
    """

    outcome: Outcome
    table: Table
    lifecycle: Table

    @property
    def standings(self) -> Table:
        """What the highest group of each ranking made of the later revenue, the best first."""
        return Table.of(standings(self.table.records()))

    def words(self) -> str:
        """Say what was measured, and who found most of the later revenue."""
        known, until = day(self.outcome.as_of), day(self.outcome.until)
        said = f"Customers known on {known}, and what they did up to {until}."
        return " ".join([said, *who_wins(self.table.records())])


def standings(rows: Rows) -> list[dict[str, Any]]:
    """Return what the highest group of each ranking did later, the best ranking first.

    Parameters
    ----------
    rows : iterable of mapping
        As in ``segments.backtest``, of one day or several: shares and rates are means over the days
        then, with the lowest and the highest.
    """
    top = [row for row in rows if row["segment_rank"] == 1 and row["customers"]]
    found = []
    for ranking in RANKINGS:
        mine = [row for row in top if row["ranking"] == ranking]
        shares = [row["share_of_later_revenue"] for row in mine]
        rates = [row["repeat_rate"] for row in mine]
        if mine and None not in shares:
            found.append(
                {
                    "ranking": ranking,
                    "days": len(mine),
                    "customers": mine[-1]["customers"],
                    "share_of_later_revenue": fmean(shares),
                    "lowest_share": min(shares),
                    "highest_share": max(shares),
                    "repeat_rate": fmean(rates),
                    "lowest_rate": min(rates),
                    "highest_rate": max(rates),
                }
            )
    return sorted(found, key=lambda row: -row["share_of_later_revenue"])


def who_wins(rows: Rows) -> list[str]:
    """Say which ranking's highest group made most of the later revenue, or nothing.

    Parameters
    ----------
    rows : iterable of mapping
        As in ``segments.backtest``.
    """
    found = standings(rows)
    ours = next((row for row in found if row["ranking"] == "segments"), None)
    if ours is None or len(found) < 2:
        return []
    shares = {row["ranking"]: percent(row["share_of_later_revenue"], 1) for row in found}
    best = next((row for row in found if shares[row["ranking"]] != shares["segments"]), found[0])
    if best["share_of_later_revenue"] <= ours["share_of_later_revenue"]:
        best = ours
    is_one = ours["days"] == 1
    mean = "" if is_one else f", on average of {counted(ours['days'], 'day')}"
    many = counted(ours["customers"], "customer") if is_one else "customers"
    made = f"of the later revenue came from the highest {many}"
    if best is ours:
        rest = [row for row in found if row["ranking"] != "segments"]
        next_best = rest[0]["ranking"]
        return [
            f"The segments win, or nobody beats them: {shares['segments']} {made}{mean}; next is "
            f"{WAYS[next_best]} with {shares[next_best]}."
        ]
    way = WAYS[best["ranking"]]
    return [
        f"{way[0].upper()}{way[1:]} wins: {shares[best['ranking']]} {made} by it{mean}, "
        f"{shares['segments']} from as many by the segments."
    ]


def backtest(
    place: Place,
    as_of: object,
    until: object = None,
    *,
    progress: Progress | None = None,
) -> BacktestResult:
    """Fit what was known at the end of a day, measure what came after it, and keep the result.

    Parameters
    ----------
    place : Place
        The database with the model, whose source and settings are taken.
    as_of : str, date or datetime, or a list of them
        The last moment that is known; a date to its end. Several are each fitted and measured.
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
    given = [as_of] if isinstance(as_of, str) or not isinstance(as_of, Sequence) else list(as_of)
    days = sorted({parse_moment(one, "as_of") for one in given})
    if not days:
        raise InputError("as_of is empty: name at least one day, such as as_of = '2024-12-31'.")
    with Backtest(place.con) as testing:
        if len(days) > 1:  # none is fitted where another cannot be
            for one in days:
                testing.check(one, until)
        outcomes = [testing.prepare(one, until, progress=listener) for one in days]
        with listener.step("Writing the backtest") as done, place.writing("the backtest is kept"):
            testing.store()
            done("segments.backtest")
    rows = [row for outcome in outcomes for row in outcome.rows]
    return BacktestResult(outcomes[-1], Table.of(rows), Table.of(outcomes[-1].lifecycle))
