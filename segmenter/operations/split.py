"""The split of customers into treated and held out, and what both did in a period."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from segmenter.errors import InputError
from segmenter.evaluation.campaigns import Sums
from segmenter.formatting import day, is_text, within_years
from segmenter.points import MAX_CENTS
from segmenter.schema.connection import first_row, records
from segmenter.schema.files import bind, literal
from segmenter.schema.names import INTERNAL

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "Group",
    "Key",
    "Period",
    "Split",
    "groups",
    "named",
    "ordered_keys",
    "period_groups",
    "segment_of",
    "span",
]

_LIFECYCLES = ("new", "active", "lapsing", "lapsed")

_TICK = dt.timedelta(microseconds=1)

Key = tuple[str | None, str | None]
"""A segment and a lifecycle; a lifecycle of None where it does not matter, both for all."""


@dataclass(frozen=True)
class Split:
    """Who is held out: the same customers for the same salt, whoever else is a customer.

    Parameters
    ----------
    salt : str
        Names the draw.
    share : float, default 0.1
        How many are held out.

    Raises
    ------
    InputError
        An empty salt, or a share that is not between 0 and 1.
    """

    salt: str
    share: float

    def __post_init__(self) -> None:
        if not isinstance(self.salt, str) or not self.salt.strip() or not is_text(self.salt):
            raise InputError(
                "salt must be a text that names the campaign, such as salt = 'spring', not "
                f"{self.salt!r}. The same salt gives the same split."
            )
        is_number = isinstance(self.share, int | float) and not isinstance(self.share, bool)
        if not is_number or not 0 < self.share < 1:
            raise InputError(
                f"share must be between 0 and 1, such as share = 0.1, not {self.share!r}: some "
                "customers have to be held out, and some treated."
            )

    def is_held_out(self) -> exp.Expr:
        """Return ``segments.is_held_out`` of a column ``customer_id``, as its own expression.

        So that files answer which do not have the function yet.
        """
        given = {
            "customer": exp.column("customer_id"),
            "salt": literal(self.salt),
            "share": literal(float(self.share)),
        }
        checked = bind("macros/is_held_out", {}).find(exp.If)
        assert checked is not None
        body = checked.args["true"]
        for column in list(body.find_all(exp.Column)):
            column.replace(given[column.name].copy())
        return exp.paren(body)


@dataclass(frozen=True)
class Period:
    """The first and the last moment that are measured."""

    since: dt.datetime
    until: dt.datetime

    @property
    def just_before(self) -> dt.datetime:
        """The last moment before it, when segments are looked at."""
        return self.since - _TICK

    @property
    def days(self) -> int:
        """How many days it has, those of both ends included."""
        return (self.until.date() - self.since.date()).days + 1

    def words(self) -> str:
        """Say it: from the first day to the last."""
        return f"from {day(self.since)} to {day(self.until)}"


@dataclass(frozen=True)
class Group:
    """One side of a split in a segment and lifecycle; without a segment those who came later."""

    segment: str | None
    segment_rank: int | None
    lifecycle: str | None
    is_held_out: bool | None
    sums: Sums


def groups(con: duckdb.DuckDBPyConnection, query: exp.Expr) -> list[Group]:
    """Read groups, whose sums are columns of the names that `Sums` has."""
    names = [field.name for field in fields(Sums)]
    return [
        Group(
            row["segment"],
            row["segment_rank"],
            row["lifecycle"],
            row["is_held_out"],
            Sums(**{name: int(row.get(name) or 0) for name in names}),
        )
        for row in records(con, query.sql(dialect="duckdb"))
    ]


def period_groups(con: duckdb.DuckDBPyConnection, split: Split, period: Period) -> list[Group]:
    """Return what each group of the customers of just before a period did in it."""
    moments = {
        "just_before": period.just_before,
        "since": period.since,
        "until": period.until,
    }
    values: dict[str, exp.Expr] = {
        name: exp.cast(literal(str(moment)), "timestamp") for name, moment in moments.items()
    }
    values |= {"holds_out": split.is_held_out(), "max_amount": literal(MAX_CENTS / 100)}
    return groups(con, bind("queries/campaign_groups", values))


def span(con: duckdb.DuckDBPyConnection) -> tuple[dt.datetime, dt.datetime] | None:
    """Return the first and the last moment of the transactions; None where none has a date.

    One that Python cannot hold, before the year 1, is the nearest that it can.
    """
    query = bind("queries/time_span", {"transactions": exp.table_("transactions", db=INTERNAL)})
    first, last = map(within_years, first_row(con, query.sql(dialect="duckdb")))
    return None if first is None or last is None else (first, last)


def segment_of(found: Iterable[Group], *, by_lifecycle: bool) -> Callable[[Key, bool | None], Sums]:
    """Return what gives the sums of a segment and lifecycle, of one side or of both (None)."""
    added: dict[tuple[Key, bool | None], Sums] = {}
    for group in found:
        if group.segment is None:
            continue
        keys: set[Key] = {(None, None), (group.segment, group.lifecycle if by_lifecycle else None)}
        for key in keys:
            for side in (group.is_held_out, None):
                added[key, side] = added.get((key, side), Sums()) + group.sums
    return lambda key, side: added.get((key, side), Sums())


def ordered_keys(found: Iterable[Group], *, by_lifecycle: bool) -> list[Key]:
    """Return the segments, or segments and lifecycles, highest first; at the end that of all."""
    ranks: dict[Key, int] = {
        (group.segment, group.lifecycle if by_lifecycle else None): group.segment_rank or 0
        for group in found
        if group.segment is not None
    }
    places = {lifecycle: place for place, lifecycle in enumerate(_LIFECYCLES)}
    later = len(places)
    keys: list[Key] = sorted(ranks, key=lambda key: (ranks[key], places.get(key[1] or "", later)))
    return [*keys, (None, None)]


def named(row: Mapping[str, Any]) -> str:
    """Return what a sentence calls a row of a segment, or of a segment and lifecycle."""
    if row["segment"] is None:
        return "all customers"
    if "lifecycle" not in row:
        return str(row["segment"])
    return f"{row['segment']} {row['lifecycle'] or 'without an order'}"
