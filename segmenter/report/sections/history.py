"""The segments over time, as they were published month by month."""

from __future__ import annotations

from segmenter.formatting import Column
from segmenter.report.availability import Missing
from segmenter.report.charts.history import over_months
from segmenter.report.elements import Figure, Section, Table
from segmenter.report.facts import Facts
from segmenter.report.theme import count, money

__all__ = ["history_section"]

HISTORY_COLUMNS = (
    Column("when", "Month"),
    Column("segment", "Segment"),
    Column("customers", "Customers", "count"),
    Column("revenue", "Revenue", "money"),
    Column("moved_in", "Came in", "count"),
    Column("moved_out", "Went out", "count"),
)


def history_section(facts: Facts) -> Section:
    """Return how many customers and how much revenue each segment had, month by month."""
    title = "The segments over time"
    rows = facts.history
    if isinstance(rows, Missing):
        return Section("history", title, rows)
    names = [*facts.names, *(row["segment"] for row in rows)]
    names = list(dict.fromkeys(names))
    months = sorted({row["month"] for row in rows})
    first, last = (
        {row["segment"]: row for row in rows if row["month"] == month}
        for month in (months[0], months[-1])
    )
    best = facts.names[0]
    nothing = {"customers": 0, "revenue": 0.0}
    before, now = first.get(best, nothing), last.get(best, nothing)
    figures = [
        Figure(
            f"history-{measure}",
            heading,
            over_months(rows, names, measure, words),
        )
        for measure, heading, words in (
            ("customers", "Customers by segment, month by month", "customers"),
            ("revenue", "Revenue by segment, month by month", f"in {facts.money}"),
        )
    ]
    return Section(
        "history",
        title,
        f"From {months[0]:%B %Y} to {months[-1]:%B %Y} {best} went from "
        f"{count(before['customers'])} to {count(now['customers'])} customers and from "
        f"{money(before['revenue'])} to {money(now['revenue'])} of revenue.",
        figures,
        [
            Table(
                "The segments over time in numbers",
                HISTORY_COLUMNS,
                [{**row, "when": f"{row['month']:%B %Y}"} for row in rows],
            )
        ],
        [
            "As it was published at the end of each month, under the model of then: a refit may "
            "move customers who did nothing."
        ],
    )
