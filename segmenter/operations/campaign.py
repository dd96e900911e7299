"""Campaign: what the treated spent more than the held out, and whether that can be told."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from segmenter.errors import InputError
from segmenter.evaluation.campaigns import (
    ENOUGH,
    ENOUGH_BUYERS,
    Interval,
    Sums,
    buyers_lift,
    spend_lift,
)
from segmenter.formatting import counted, day, verb
from segmenter.operations.lifecycle import require_lifecycle
from segmenter.operations.split import (
    Group,
    Period,
    Split,
    named,
    ordered_keys,
    period_groups,
    segment_of,
    span,
)
from segmenter.operations.table import Table, Tabular
from segmenter.schema.connection import first_row
from segmenter.schema.names import INTERNAL
from segmenter.sources.moments import parse_moment
from segmenter.sources.source_checks import refuse_without_time
from segmenter.storage.current import current_model

if TYPE_CHECKING:
    import duckdb

__all__ = ["Campaign", "campaign"]


@dataclass(frozen=True, repr=False)
class Campaign(Tabular):
    """What the treated did in a period beside the held out.

    Attributes
    ----------
    salt : str
    share : float
    period : Period
    table : Table
        A row for each segment, or segment and lifecycle, of just before the period, and at the end
        one without a segment for all. Of both sides the customers, their ``mean_spend`` and the
        share that bought; of both differences the 95 % interval, of the spend with the spend before
        as covariate; and a ``message``. NULL where a side has fewer than 30 customers.
    newcomers : int
        Customers who came in the period only, and do not count.
    model_id : int
        The version whose rules the segments are by.
    notes : tuple of str
        What to know of the figures.
    """

    salt: str
    share: float
    period: Period
    table: Table
    newcomers: int
    model_id: int
    notes: tuple[str, ...]

    def words(self) -> str:
        """Say what all segments together show."""
        return str(self.table.records()[-1]["message"])

    def sentences(self) -> list[str]:
        """Return what each row shows, that of all first, and what to know of it."""
        *rows, total = self.table.records()
        return [total["message"], *(row["message"] for row in rows), *self.notes]


def campaign(
    con: duckdb.DuckDBPyConnection,
    salt: str,
    since: object,
    until: object = None,
    *,
    share: float = 0.1,
    by_lifecycle: bool = False,
) -> Campaign:
    """Compare what the treated and the held out customers did in a period.

    Parameters
    ----------
    con : DuckDBPyConnection
        With a model of transactions that have dates.
    salt : str
        As in the `holdout` that the campaign was made by.
    since : str, date or datetime
        When the campaign began; a date at its start. Customers of just before it count, in the
        segment that they had then, under the current rules.
    until : str, date or datetime, optional
        The last moment that counts, a date to its end; the newest transaction when absent.
    share : float, default 0.1
        As in the `holdout`.
    by_lifecycle : bool, default False
        Each segment crossed with the lifecycle of then.

    Raises
    ------
    InputError
        Bad salt or share; dates in the wrong order or outside of the data; nobody was a customer; a
        model that knows no time.
    """
    split = Split(salt, share)
    model_id, source, _ = current_model(con)
    refuse_without_time(source, "A campaign")
    if by_lifecycle:
        require_lifecycle(con)
    period = _period(con, since, until)
    found = period_groups(con, split, period)
    if not any(group.segment for group in found):
        raise InputError(f"nobody was a customer before since = {str(since)!r}. Name a later day.")
    newcomers = sum(group.sums.customers for group in found if group.segment is None)
    return Campaign(
        salt,
        share,
        period,
        Table.of(_rows(found, by_lifecycle=by_lifecycle)),
        newcomers,
        model_id,
        tuple(_notes(con, model_id, period, newcomers)),
    )


def _period(con: duckdb.DuckDBPyConnection, since: object, until: object) -> Period:
    start = parse_moment(since, "since")
    if start.time() == dt.time.max:  # a day, of which the first moment counts
        start = dt.datetime.combine(start.date(), dt.time.min)
    end = None if until is None else parse_moment(until, "until")
    if end is not None and end <= start:
        raise InputError(f"since = {str(since)!r} must be before until = {str(until)!r}.")
    found = span(con)
    if found is None:
        raise InputError("no row has a date, so no campaign can be measured.")
    first, last = found
    rows = f"the rows span {day(first)} to {day(last)}"
    if not first < start <= last:
        wrong = "leaves nobody who was a customer before" if start <= first else "is after the data"
        raise InputError(f"since = {str(since)!r} {wrong}: {rows}. Name a day between them.")
    if end is not None and end.date() > last.date():
        raise InputError(
            f"until = {str(until)!r} is after the data: {rows}. Leave until out to measure up to "
            "the newest transaction."
        )
    return Period(start, last if end is None else end)


def _rows(found: list[Group], *, by_lifecycle: bool) -> list[dict[str, Any]]:
    sums = segment_of(found, by_lifecycle=by_lifecycle)
    ranks = {group.segment: group.segment_rank for group in found}
    rows = []
    for key in ordered_keys(found, by_lifecycle=by_lifecycle):
        row = {
            "segment": key[0],
            "segment_rank": ranks.get(key[0]) if key[0] else None,
            **({"lifecycle": key[1]} if by_lifecycle else {}),
        }
        rows.append(row | _compared(named(row), sums(key, False), sums(key, True)))
    return rows


def _compared(name: str, treated: Sums, held_out: Sums) -> dict[str, Any]:
    spend, rate = spend_lift(treated, held_out), buyers_lift(treated, held_out)
    return {
        "treated": treated.customers,
        "held_out": held_out.customers,
        "treated_mean_spend": treated.mean,
        "held_out_mean_spend": held_out.mean,
        **_columns("spend_lift", spend),
        "treated_repeat_rate": treated.rate,
        "held_out_repeat_rate": held_out.rate,
        **_columns("rate_lift", rate),
        "message": _message(name, treated, held_out, spend, rate),
    }


def _columns(name: str, found: Interval | None) -> dict[str, float | None]:
    value, low, high = (None, None, None) if found is None else found
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def _message(
    name: str, treated: Sums, held_out: Sums, spend: Interval | None, rate: Interval | None
) -> str:
    name = name[:1].upper() + name[1:]
    if min(treated.customers, held_out.customers) < ENOUGH:
        return (
            f"{name}: too few to tell, {treated.customers:,} treated and {held_out.customers:,} "
            f"held out; {ENOUGH} are needed on both sides."
        )
    return f"{name}: {_of_spend(treated, held_out, spend)}; {_of_rate(rate)}."


def _of_spend(treated: Sums, held_out: Sums, found: Interval | None) -> str:
    if min(treated.buyers, held_out.buyers) < ENOUGH_BUYERS:
        return (
            f"too few bought to tell of the spend, {treated.buyers:,} of the treated and "
            f"{held_out.buyers:,} of the held out; {ENOUGH_BUYERS} are needed on both sides"
        )
    if found is None:
        return "nobody's spend differs"
    between = f"{found.low:,.2f} to {found.high:,.2f}"
    if found.includes_zero:
        return f"no effect on the spend can be told, the interval of {between} includes 0"
    whole = [
        f"{abs(one * treated.customers):,.0f}" for one in sorted((found.low, found.high), key=abs)
    ]
    return (
        f"the treated spent {abs(found.value):,.2f} {'more' if found.value > 0 else 'less'} each "
        f"({between}), {whole[0]} to {whole[1]} in all"
    )


def _of_rate(found: Interval | None) -> str:
    if found is None or found.includes_zero:
        between = (
            "" if found is None else f" ({_points(found.low)} to {_points(found.high)} points)"
        )
        return f"none on the share that bought{between}"
    return (
        f"{abs(found.value) * 100:.1f} points {'more' if found.value > 0 else 'fewer'} of them "
        f"bought ({_points(found.low)} to {_points(found.high)})"
    )


def _points(share: float) -> str:
    return f"{share * 100:.1f}"


def _notes(
    con: duckdb.DuckDBPyConnection, model_id: int, period: Period, newcomers: int
) -> list[str]:
    (fitted_at,) = first_row(
        con, f"select fitted_at from {INTERNAL}.models where model_id = $1", [model_id]
    )
    notes = [
        f"Measured {period.words()}, refunds taken off; segments are those of just before it, by "
        f"the rules of version {model_id}."
    ]
    if fitted_at.replace(tzinfo=None) > period.since:
        notes.append(
            "That version was fitted after the start: its rules have seen what happened since, "
            "though not who was held out."
        )
    if newcomers:
        notes.append(
            f"{counted(newcomers, 'customer')} came only later and "
            f"{verb(newcomers, 'does', 'do')} not count."
        )
    return [
        *notes,
        "Of twenty intervals one misses by chance: trust all customers together more than one "
        "segment.",
    ]
