"""Holdout: which customers a campaign leaves out, and what such a comparison could show."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from segmenter.engines.ddl import check_dialect, write
from segmenter.engines.translate import port
from segmenter.errors import InputError
from segmenter.evaluation.campaigns import ENOUGH, Sums, rate_power, spend_power
from segmenter.formatting import counted, day
from segmenter.operations.lifecycle import require_lifecycle
from segmenter.operations.split import (
    Group,
    Period,
    Split,
    groups,
    named,
    ordered_keys,
    period_groups,
    segment_of,
    span,
)
from segmenter.operations.table import Query, Table, Tabular
from segmenter.schema.files import bind
from segmenter.schema.names import SCHEMA, SNAPSHOT
from segmenter.storage.current import current_model

if TYPE_CHECKING:
    import duckdb

    from segmenter.sources.source import Source

__all__ = ["DAYS", "Holdout", "holdout", "holdout_customers", "holdout_query"]

DAYS = 90
"""A campaign is measured for so long where nothing else was asked for."""


@dataclass(frozen=True, repr=False)
class Holdout(Tabular):
    """How many customers are treated and held out, and the smallest lift that would be found.

    Attributes
    ----------
    salt : str
    share : float
    table : Table
        A row for each segment, or segment and lifecycle, and at the end one without a segment for
        all: ``customers, treated, held_out``; of such customers in the newest days, how many were
        measured, their ``mean_spend`` and ``repeat_rate``; and the smallest lift of both that would
        be found with 80 % power by a two-sided test at 5 %. NULL where fewer than 30 customers are
        on a side or were measured.
    period : Period or None
        What was measured; None where the spend of all time stands for it.
    """

    salt: str
    share: float
    table: Table
    period: Period | None

    def words(self) -> str:
        """Say what was split and measured, and which groups are too small."""
        return " ".join(self.sentences())

    def sentences(self) -> list[str]:
        """Return what `words` says, one by one."""
        total = self.table.records()[-1]
        said = [
            f"Salt {self.salt!r} holds out {total['held_out']:,} of "
            f"{counted(total['customers'], 'customer')}, and treats {total['treated']:,}."
        ]
        if self.period is None:
            said.append(
                "The lifts are of the spend so far, since the model knows no span of days: of a "
                "campaign that is measured for as long as the data spans."
            )
        else:
            said.append(
                f"The lifts are of what customers known before did {self.period.words()}, "
                f"{counted(self.period.days, 'day')}, by their segment of then: the smallest that "
                "are found with 80 % power by a two-sided test at 5 %, with the spend before as "
                "covariate."
            )
        return [*said, *self._too_small()]

    def _too_small(self) -> list[str]:
        rows = self.table.records()
        few = [named(row) for row in rows if row["smallest_spend_lift"] is None]
        blind = [named(row) for row in rows if (row["smallest_spend_lift_share"] or 0) > 1]
        said = []
        if few:
            said.append(
                f"Too few to tell: {', '.join(few)}; {ENOUGH} customers are needed on both "
                "sides and in what was measured."
            )
        if blind:
            said.append(
                f"Not even twice the spend is sure to be seen: {', '.join(blind)}. Hold out more, "
                "measure for longer, or look at all customers together."
            )
        return said


def holdout(
    con: duckdb.DuckDBPyConnection,
    salt: str,
    share: float = 0.1,
    *,
    days: int | None = None,
    by_lifecycle: bool = False,
    snapshot: bool = False,
) -> Holdout:
    """Split the customers into treated and held out, and tell what their comparison could show.

    Nothing is stored: ``segments.is_held_out(customer, salt, share)`` gives the same split in every
    warehouse, and again when the campaign is over.

    Parameters
    ----------
    con : DuckDBPyConnection
        With a model.
    salt : str
        Names the campaign; another one draws anew.
    share : float, default 0.1
        How many are held out.
    days : int, optional
        For how many days the campaign will be measured: as many of the newest ones are looked at.
        90 by default, or half of the history where that is shorter.
    by_lifecycle : bool, default False
        Each segment crossed with the lifecycle.
    snapshot : bool, default False
        The customers as of the last fit or refresh.

    Raises
    ------
    InputError
        An empty salt, a share that is not between 0 and 1, days beyond the history; a model without
        customers.
    """
    split = Split(salt, share)
    _, source, _ = current_model(con)
    customers = _customers(con, source, by_lifecycle=by_lifecycle, snapshot=snapshot)
    period = _period(con, source, days)
    values = {"customers": customers, "holds_out": split.is_held_out()}
    now = groups(con, bind("queries/holdout_groups", values))
    then = now if period is None else period_groups(con, split, period)
    rows = _rows(now, then, by_lifecycle=by_lifecycle, knows_time=period is not None)
    return Holdout(salt, share, Table.of(rows), period)


def holdout_customers(
    con: duckdb.DuckDBPyConnection, salt: str, share: float = 0.1, *, snapshot: bool = False
) -> Query:
    """Ask for each customer on which side of the split they are.

    Parameters
    ----------
    con, salt, share, snapshot
        As in `holdout`.

    Returns
    -------
    Query
        ``customer_id, segment, segment_rank, lifecycle, campaign_group``, which is 'treated' or
        'held out'.
    """
    split = Split(salt, share)
    _, source, _ = current_model(con)
    customers = _customers(con, source, by_lifecycle=False, snapshot=snapshot)
    values = {"customers": customers, "holds_out": split.is_held_out()}
    return Query(con, bind("queries/holdout_customers", values).sql(dialect="duckdb"))


def holdout_query(salt: str, share: float, dialect: str) -> str:
    """Return the query that lists each customer's side of the split in another warehouse.

    Parameters
    ----------
    salt, share
        As in `holdout`.
    dialect : str
        As in `export`, whose view ``segments.customer_segments`` it reads.

    Raises
    ------
    InputError
        An empty salt, a share that is not between 0 and 1, an unknown dialect or one that has no
        md5.
    """
    split, dialect = Split(salt, share), check_dialect(dialect)
    if dialect == "sqlite":
        raise InputError(
            "dialect = 'sqlite' has no md5, by which customers are drawn. Leave dialect out: then "
            "they are drawn here."
        )
    customers = exp.table_("customer_segments", db=SCHEMA)
    values = {"customers": customers, "holds_out": split.is_held_out()}
    return f"{write(port(bind('queries/holdout_customers', values), dialect), dialect)};"


def _customers(
    con: duckdb.DuckDBPyConnection, source: Source, *, by_lifecycle: bool, snapshot: bool
) -> exp.Table:
    if source.kind == "points":
        raise InputError(
            "this model was fitted to anonymous points, so there are no customers to split. They "
            "are split where they are, by the query that a dialect gives: dialect = 'postgres'."
        )
    if by_lifecycle:
        require_lifecycle(con)
    return exp.table_(SNAPSHOT if snapshot else "customer_segments", db=SCHEMA)


def _period(con: duckdb.DuckDBPyConnection, source: Source, days: int | None) -> Period | None:
    """Return the newest days, or None where the model knows no time or has but one day."""
    if days is not None and (not isinstance(days, int) or isinstance(days, bool) or days < 1):
        raise InputError(f"days must be a whole number of days, at least 1, not {days!r}.")
    knows_time = source.kind == "transactions" and source.date is not None and not source.is_stored
    found = span(con) if knows_time else None
    if found is None:
        if days is not None:
            raise InputError(
                f"days = {days} cannot be measured: this model knows no time. Leave days out, or "
                "fit to a table of transactions with date = 'COLUMN'."
            )
        return None
    first, last = found
    history = (last.date() - first.date()).days
    if days is not None and days > history:
        raise InputError(
            f"days = {days} leaves no day before them: the rows span {day(first)} to {day(last)}. "
            f"Give at most {history:,}, or leave days out."
        )
    length = min(DAYS, history // 2) if days is None else days
    if length < 1:
        return None
    since = dt.datetime.combine(last.date() - dt.timedelta(days=length - 1), dt.time.min)
    return Period(since, dt.datetime.combine(last.date(), dt.time.max))


def _rows(
    now: list[Group], then: list[Group], *, by_lifecycle: bool, knows_time: bool
) -> list[dict[str, Any]]:
    sums, measured = (segment_of(one, by_lifecycle=by_lifecycle) for one in (now, then))
    ranks = {group.segment: group.segment_rank for group in now}
    return [
        {
            "segment": key[0],
            "segment_rank": ranks.get(key[0]),
            **({"lifecycle": key[1]} if by_lifecycle else {}),
            **_power(
                sums(key, False).customers,
                sums(key, True).customers,
                measured(key, None),
                knows_time=knows_time,
            ),
        }
        for key in ordered_keys(now, by_lifecycle=by_lifecycle)
    ]


def _power(treated: int, held_out: int, measured: Sums, *, knows_time: bool) -> dict[str, Any]:
    lift = spend_power(measured, treated, held_out)
    mean = measured.mean
    return {
        "customers": treated + held_out,
        "treated": treated,
        "held_out": held_out,
        "measured_customers": measured.customers,
        "mean_spend": mean,
        "smallest_spend_lift": lift,
        "smallest_spend_lift_share": lift / mean
        if lift is not None and mean and mean > 0
        else None,
        "repeat_rate": measured.rate if knows_time else None,
        "smallest_rate_lift": rate_power(measured, treated, held_out) if knows_time else None,
    }
