"""The page for a decision maker: who brings the revenue, who is leaving, who moved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from segmenter.report.charts import (
    LIFECYCLE,
    NO_MORE,
    NOT_YET,
    brief,
    customers_and_revenue,
    lifecycle,
    moves,
)
from segmenter.report.customer_map import customer_map
from segmenter.report.facts import Facts
from segmenter.report.look import count, day, money, share
from segmenter.report.optional import Missing
from segmenter.report.parts import Column, Figure, Section, Table, Tile

__all__ = ["decision_sections", "tiles"]

SEGMENT_COLUMNS = (
    Column("segment", "Segment"),
    Column("customers", "Customers", "count"),
    Column("share", "Share", "share"),
    Column("revenue", "Revenue", "money"),
    Column("share_of_revenue", "Of identified revenue", "share"),
    Column("mean_monetary", "Mean spent", "money"),
    Column("typical_monetary", "Median spent", "money"),
    Column("mean_frequency", "Mean orders", "number"),
    Column("typical_frequency", "Median orders", "count"),
)

CUSTOMER_COLUMNS = (
    Column("customer_id", "Customer"),
    Column("segment", "Segment"),
    Column("monetary", "Spent", "money"),
    Column("frequency", "Orders", "count"),
    Column("last_order_at", "Last order", "day"),
)


def tiles(facts: Facts) -> list[Tile]:
    """Return the figures at the top of the page."""
    best = facts.segments[0]
    found = [
        Tile(count(facts.customers), "customers"),
        Tile(brief(facts.revenue), "identified revenue, in the table's currency"),
        Tile(
            share(best["share_of_revenue"]),
            f"of it from {best['segment']}, {share(best['share'])} of the customers",
        ),
    ]
    unknown = facts.model["revenue_without_customer"]
    if unknown:
        total = facts.revenue + unknown
        found.append(
            Tile(
                share(unknown / total) if total > 0 else "-",
                "of all revenue has no customer and is in no segment",
            )
        )
    return found


def decision_sections(facts: Facts) -> Iterator[Section]:
    """Return what somebody who decides has to see, most important first."""
    yield _segments(facts)
    yield _map(facts)
    yield _lifecycle(facts)
    yield _moves(facts)


def _segments(facts: Facts) -> Section:
    best = facts.segments[0]
    notes = [_identified(facts)]
    if "At-Risk" in facts.names:
        notes.insert(0, "At-Risk means low value here. It does not say that a customer is leaving.")
    return Section(
        "segments",
        "Customers against revenue",
        f"{best['segment']} is {share(best['share'])} of the customers and brings "
        f"{share(best['share_of_revenue'])} of the identified revenue.",
        [
            Figure(
                "customers-and-revenue",
                "Share of customers and of revenue by segment",
                customers_and_revenue(facts.segments),
                "Of each pair, the upper, paler bar is customers and the lower one revenue.",
            )
        ],
        [Table("The segments in numbers", SEGMENT_COLUMNS, facts.segments, is_open=True)],
        notes,
    )


def _identified(facts: Facts) -> str:
    model = facts.model
    said = "Shares of revenue are of identified revenue, that of known customers"
    if not model["rows_without_customer"]:
        return f"{said}; at the fit every row had one." if model["source_rows"] else f"{said}."
    unknown = model["revenue_without_customer"]
    total = facts.revenue + unknown
    part = f", {share(unknown / total)} of all revenue" if total > 0 else ""
    return (
        f"{said}. At the fit {count(model['rows_without_customer'])} of "
        f"{count(model['source_rows'])} rows, worth {money(unknown)}{part}, had no customer."
    )


def _map(facts: Facts) -> Section:
    found = facts.map
    cuts = {name: facts.model[f"{name}_cut"] for name in ("monetary", "frequency")}
    crowds = [cell["customers"] for cell in found.cells]
    drawn = customer_map(found, facts.names, cuts)
    how = (
        f"The stronger the colour, the more customers in the cell: from {count(min(crowds))} to "
        f"{count(max(crowds))}."
        if found.is_density
        else "Larger marks: more customers with nearly the same profile."
    )
    at_edge = sum(cell["customers"] for cell in found.cells if cell["monetary_from"] is None)
    no_order = sum(cell["customers"] for cell in found.cells if cell["frequency_from"] is None)
    notes = ["Both axes are logarithmic: each step is a multiple of the one before."]
    if at_edge:
        notes.append(
            f"{_people(at_edge)} with less than {money(found.lowest)}, refunds counted, "
            f"{_stand(at_edge)} at the lower edge."
        )
    if no_order:
        notes.append(
            f"{_people(no_order)} without an order (refunds or zero amounts only) "
            f"{_stand(no_order)} at the left edge."
        )
    return Section(
        "map",
        "The map of customers",
        "Each customer by orders and by money. The lines are the compiled rules: who crosses one "
        "is in another segment, with no refit.",
        [Figure("map", "Customers by orders and money", drawn, how)],
        notes=notes,
    )


def _people(number: int) -> str:
    return f"{count(number)} customer{'s' * (number != 1)}"


def _stand(number: int) -> str:
    return "stands" if number == 1 else "stand"


def _lifecycle(facts: Facts) -> Section:
    title = "Who is leaving, and what is at stake"
    rows = facts.lifecycle
    if isinstance(rows, Missing):
        return Section("lifecycle", title, rows)
    known = {row["lifecycle"] for row in rows}
    figures = [
        Figure(
            "lifecycle",
            "Revenue so far, by segment and lifecycle",
            lifecycle(rows, facts.names, facts.revenue),
            "Bold: what these customers have brought so far. Stronger colour: a larger share of "
            "the identified revenue.",
        )
    ]
    tables = [
        Table(
            "Lifecycle in numbers",
            (
                Column("segment", "Segment"),
                Column("lifecycle", "Lifecycle"),
                Column("customers", "Customers", "count"),
                Column("revenue", "Revenue so far", "money"),
            ),
            sorted(rows, key=lambda row: (row["segment_rank"], LIFECYCLE.index(row["lifecycle"]))),
        )
    ]
    if facts.leaving:
        tables.append(Table("Lapsing customers who spent most", CUSTOMER_COLUMNS, facts.leaving))
    return Section(
        "lifecycle", title, _at_stake(facts, rows), figures if known else [], tables, _days(facts)
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
        f"{_people(customers)} {verb} lapsing: later than usual, but not gone. They have brought "
        f"{money(revenue)} so far{part}; {money(paid)} of it came from {_people(_count(above))} "
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
    rose = _count(row for row in both if row["rank_to"] < row["rank_from"])
    fell = _count(row for row in both if row["rank_to"] > row["rank_from"])
    since = f"From {day(facts.moves_from)} to {day(facts.last_order_at)}"
    gone = f", and {count(left)} are in the time window no more" * bool(left)
    figure = Figure(
        "moves",
        "Customers by segment then and now",
        moves(rows, facts.names),
        "↑ rose, ↓ fell, = stayed, + new" + ", − left" * bool(left) + ".",
    )
    return Section(
        "moves",
        title,
        f"{since}, {_people(rose)} rose to a higher segment, {count(fell)} fell, {count(new)} came "
        f"new{gone}. Both days are judged by today's rules.",
        [figure] if rows else [],
        [Table("Moves in numbers", MOVE_COLUMNS, [_named(row) for row in rows])],
    )


MOVE_COLUMNS = (
    Column("before", "Was in"),
    Column("after", "Is now in"),
    Column("customers", "Customers", "count"),
    Column("revenue_from", "Revenue then", "money"),
    Column("revenue_to", "Revenue now", "money"),
)


def _named(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "before": row["segment_from"] or NOT_YET,
        "after": row["segment_to"] or NO_MORE,
    }


def _count(rows: Iterable[dict[str, Any]]) -> int:
    return sum(row["customers"] for row in rows)
