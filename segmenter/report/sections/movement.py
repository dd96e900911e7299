"""Customers in time: who is leaving, who moved, and what the segments would have foretold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from segmenter.formatting import Column
from segmenter.operations.backtest import WAYS, standings, who_wins
from segmenter.report.availability import Missing
from segmenter.report.charts.decision import (
    LIFECYCLE,
    NO_MORE,
    NOT_YET,
    backtest,
    lifecycle,
    moves,
)
from segmenter.report.elements import Figure, Section, Table
from segmenter.report.facts import Facts, Rows
from segmenter.report.theme import count, day, money, people, share

__all__ = ["lifecycle_section", "movement_sections"]


def movement_sections(facts: Facts) -> Iterator[Section]:
    """Return what only time can tell."""
    yield _moves(facts)
    yield _backtest(facts)


def lifecycle_section(facts: Facts) -> Section:
    """Return segments by lifecycle: where the money is, who is leaving, who comes again."""
    title = "Segments by lifecycle: where the money is, and who is leaving"
    rows = facts.lifecycle
    if isinstance(rows, Missing):
        return Section("lifecycle", title, rows)
    known = {row["lifecycle"] for row in rows}
    is_measured = any(row["repeat_rate"] is not None for row in rows)
    again = " Below: how many of such customers came again." * is_measured
    figures = [
        Figure(
            "lifecycle",
            "Revenue so far, by segment and lifecycle",
            lifecycle(rows, facts.names, facts.revenue),
            "Bold: what these customers have brought so far. Stronger colour: a larger share of "
            f"the identified revenue.{again}",
        )
    ]
    tables = [
        Table(
            "Segments by lifecycle in numbers",
            LIFECYCLE_COLUMNS + MEASURED_COLUMNS * is_measured,
            [
                {**row, "again": _rate(row), "later": _mean(row)}
                for row in sorted(
                    rows, key=lambda row: (row["segment_rank"], LIFECYCLE.index(row["lifecycle"]))
                )
            ],
            is_open=True,
        )
    ]
    return Section(
        "lifecycle",
        title,
        _at_stake(facts, rows),
        figures if known else [],
        tables,
        [*_days(facts), _lapsed(facts)],
    )


def _rate(row: dict[str, Any]) -> str | None:
    """Return the share who came again with its interval."""
    if row["repeat_rate"] is None:
        return None
    low, high = share(row["repeat_rate_low"]), share(row["repeat_rate_high"])
    return f"{share(row['repeat_rate'])} ({low} to {high})"


def _mean(row: dict[str, Any]) -> str | None:
    """Return the mean of the later spend with its interval, where there are enough for one."""
    if row["mean_later_revenue"] is None:
        return None
    mean = money(row["mean_later_revenue"])
    if row["mean_later_revenue_low"] is None:
        return f"{mean} (few)"
    low, high = money(row["mean_later_revenue_low"]), money(row["mean_later_revenue_high"])
    return f"{mean} ({low} to {high})"


def _lapsed(facts: Facts) -> str:
    """Say how many of the lapsed came again, or how that is measured."""
    if facts.lapsed is None:
        return (
            "Lapsed is not gone: how many come again is measured by segmenter backtest DB --as-of "
            "DATE."
        )
    begun, ended = day(facts.lapsed.as_of), day(facts.lapsed.until)
    return (
        f"{facts.lapsed.words()} What is said of who came again and spent later is measured on the "
        f"customers who were in the same segment and lifecycle on {begun}, up to {ended}, with 95 "
        "% intervals; (few): of fewer than 30 customers, whose mean has none."
    )


def _at_stake(facts: Facts, rows: list[dict[str, Any]]) -> str:
    lapsing = [row for row in rows if row["lifecycle"] == "lapsing"]
    if not lapsing:
        return "No customer is lapsing now."
    customers = sum(row["customers"] for row in lapsing)
    revenue = sum(row["revenue"] for row in lapsing)
    part = f", {share(revenue / facts.revenue)} of the identified revenue" * (facts.revenue > 0)
    verb = "is" if customers == 1 else "are"
    above = [row for row in lapsing if row["segment"] != facts.names[-1]]
    paid = sum(row["revenue"] for row in above)
    return (
        f"{people(customers)} {verb} lapsing: later than usual, but not gone. They have brought "
        f"{money(revenue)} so far{part}; {money(paid)} of it came from {people(_count(above))} "
        "above the lowest segment."
    )


def _days(facts: Facts) -> list[str]:
    active, lapsed = facts.model.get("active_days"), facts.model.get("lapsed_days")
    if active is None or lapsed is None or facts.last_order_at is None:
        return []
    return [
        f"Counted from the newest order of the base, {day(facts.last_order_at)}. Active: ordered "
        f"within {count(active)} days. Lapsing: within {count(lapsed)} days. Lapsed: longer ago. "
        "New: the first order was within the active days."
    ]


def _moves(facts: Facts) -> Section:
    title = "Who moved"
    rows = facts.moves
    if isinstance(rows, Missing):
        return Section("moves", title, rows)
    assert facts.moves_from is not None
    assert facts.last_order_at is not None
    new = _count(row for row in rows if row["segment_from"] is None)
    left = _count(row for row in rows if row["segment_to"] is None)
    both = [row for row in rows if row["segment_from"] and row["segment_to"]]
    rose = _count(row for row in both if row["segment_rank_to"] < row["segment_rank_from"])
    fell = _count(row for row in both if row["segment_rank_to"] > row["segment_rank_from"])
    down = f" {count(fell)} fell," * _can_fall(facts)
    since = f"From {day(facts.moves_from)} to {day(facts.last_order_at)}"
    gone = f", and {count(left)} are in the time window no more" * bool(left)
    figure = Figure(
        "moves",
        "Customers by segment then and now",
        moves(rows, facts.names),
        "↑ rose, ↓ fell, = stayed, + new" + ", − left" * bool(left) + ".",
        min_width=130 + 60 * len(facts.names),
    )
    return Section(
        "moves",
        title,
        f"{since}, {people(rose)} rose to a higher segment,{down} {count(new)} came "
        f"new{gone}. Both days are judged by today's rules.",
        [figure] if rows else [],
        [Table("Moves in numbers", MOVE_COLUMNS, [_named(row) for row in rows])],
    )


def _backtest(facts: Facts) -> Section:
    title = "Backtest: what came of the segments"
    tested = facts.backtest
    if isinstance(tested, Missing):
        return Section("backtest", title, tested)
    newest = max(row["as_of"] for row in tested)
    rows = [row for row in tested if row["as_of"] == newest]
    names = list(dict.fromkeys(row["segment"] for row in rows))
    known = [*facts.names, *(name for name in names if name not in facts.names)]
    ours, spend = (
        next(row for row in rows if row["ranking"] == ranking) for ranking in ("segments", "spend")
    )
    begun, ended = day(ours["as_of"]), day(ours["until"])
    low = [row for row in rows if row["ranking"] == "segments"][-1]
    figures = [
        Figure(
            f"backtest-{key}",
            heading,
            backtest(rows, known, measure),
            "Of each pair, the stronger bar is the segments and the paler one a plain ranking by "
            "spend, cut into groups of as many customers.",
        )
        for key, measure, heading in (
            ("repeat", "repeat_rate", "Share who ordered again"),
            ("revenue", "share_of_later_revenue", "Share of the later revenue"),
        )
    ]
    return Section(
        "backtest",
        title,
        f"Fitted on what was known on {begun}: until {ended}, {share(ours['repeat_rate'])} of "
        f"{ours['segment']} ordered again and {share(low['repeat_rate'])} of {low['segment']}. "
        f"{ours['segment']} brought {share(ours['share_of_later_revenue'])} of the later revenue "
        f"of known customers; as many customers by spend alone "
        f"{share(spend['share_of_later_revenue'])}. {' '.join(who_wins(tested))}".rstrip(),
        figures,
        [
            Table(
                "The backtest in numbers",
                BACKTEST_COLUMNS,
                [{**row, "way": f"by {WAYS[row['ranking']]}"} for row in rows],
            ),
            *_spread(tested),
        ],
    )


def _spread(tested: Rows) -> Iterator[Table]:
    """Yield what the highest group of each way did on several days, where several were tested."""
    rows = standings(tested)
    if any(row["days"] > 1 for row in rows):
        yield Table(
            "The highest by each way to order customers, on all days that were tested",
            SPREAD_COLUMNS,
            [{**row, "way": f"by {WAYS[row['ranking']]}"} for row in rows],
        )


LIFECYCLE_COLUMNS = (
    Column("segment", "Segment"),
    Column("lifecycle", "Lifecycle"),
    Column("customers", "Customers", "count"),
    Column("revenue", "Revenue so far", "money"),
)

MEASURED_COLUMNS = (
    Column("again", "Such came again", "interval"),
    Column("later", "and spent, mean", "interval"),
)

BACKTEST_COLUMNS = (
    Column("segment", "Segment"),
    Column("way", "Ranked"),
    Column("customers", "Customers", "count"),
    Column("repeat_rate", "Ordered again", "share"),
    Column("later_orders", "Later orders", "count"),
    Column("later_revenue", "Later revenue", "money"),
    Column("mean_later_revenue", "Mean later revenue", "money"),
    Column("share_of_later_revenue", "Of later revenue", "share"),
)

SPREAD_COLUMNS = (
    Column("way", "Ranked"),
    Column("days", "Days", "count"),
    Column("repeat_rate", "Ordered again, mean", "share"),
    Column("lowest_rate", "lowest", "share"),
    Column("highest_rate", "highest", "share"),
    Column("share_of_later_revenue", "Of later revenue, mean", "share"),
    Column("lowest_share", "lowest", "share"),
    Column("highest_share", "highest", "share"),
)

MOVE_COLUMNS = (
    Column("before", "Was in"),
    Column("after", "Is now in"),
    Column("customers", "Customers", "count"),
    Column("revenue_from", "Revenue then", "money"),
    Column("revenue_to", "Revenue now", "money"),
)


def _can_fall(facts: Facts) -> bool:
    """Whether anybody can come to a lower segment: by a refund, or by leaving a time window."""
    checks = facts.data_quality
    if isinstance(checks, Missing) or facts.model["source"].get("window"):
        return True
    return any(row["check_name"] == "refunds" and row["found"] for row in checks)


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "before": row["segment_from"] or NOT_YET,
        "after": row["segment_to"] or NO_MORE,
    }


def _count(rows: Iterable[dict[str, Any]]) -> int:
    return sum(row["customers"] for row in rows)
