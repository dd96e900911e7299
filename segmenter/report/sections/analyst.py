"""The analyst's part: how the segments came about, and how far to trust them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from segmenter.formatting import Column
from segmenter.report.availability import Missing
from segmenter.report.charts.analyst import concentration, level_map, tree
from segmenter.report.elements import Figure, Section, Table
from segmenter.report.facts import Facts
from segmenter.report.recursion_tree import has_parts
from segmenter.report.sections.diagnostics import trust_sections
from segmenter.report.theme import count, day, moment, money, share

__all__ = ["analyst_sections"]

WHALE_COLUMNS = (
    Column("customer_id", "Customer"),
    Column("segment", "Segment"),
    Column("monetary", "Spent", "money"),
    Column("frequency", "Orders", "count"),
    Column("last_order_at", "Last order", "day"),
)

UNKNOWN_PARTS = (
    "The version of segmenter that fitted this model did not note which segments each part of a "
    "split became, so only the first level is drawn, by segment. Fit again to see all levels."
)

SPLIT_COLUMNS = (
    Column("level", "Level", "count"),
    Column("block_customers", "Customers split", "count"),
    Column("higher_customers", "Higher part", "count"),
    Column("lower_customers", "Lower part", "count"),
    Column("moved_customers", "Moved by consolidation", "count"),
    Column("height", "Ward height", "money"),
    Column("next_height", "Next one below", "money"),
    Column("largest_share", "Largest block", "share"),
    Column("max_share", "Allowed", "share"),
    Column("decision", "Decision"),
    Column("reason", "Because"),
)


def analyst_sections(facts: Facts, audit: Sequence[str], rules: Sequence[str]) -> Iterator[Section]:
    """Return what somebody who doubts wants to see.

    Parameters
    ----------
    facts : Facts
    audit, rules : sequence of str
        How the segments came about and which rules they follow, in sentences.
    """
    yield _levels(facts, audit)
    yield _trees(facts)
    yield _concentration(facts)
    yield from trust_sections(facts)
    yield _model(facts, rules)


def _levels(facts: Facts, audit: Sequence[str]) -> Section:
    title = "Before and after the zoom"
    tables = [Table("The audit of the recursion", SPLIT_COLUMNS, facts.splits)]
    if isinstance(facts.levels, Missing):
        return Section("levels", title, facts.levels, [], tables, audit)
    zooms = [*facts.levels[1:], None]
    figures = [
        Figure(
            f"level-{found.level.level}",
            f"Level {found.level.level}: {count(found.level.customers)} customers",
            level_map(found, facts.names, zoom, facts.money),
            "The frame is what the next level zooms into." if zoom else "",
        )
        for found, zoom in zip(facts.levels, zooms, strict=True)
    ]
    lead = "Plain axes, training customers only. " + (
        "The largest block is split again on a scale of its own: what was a corner fills the "
        "picture."
        if len(figures) > 1
        else "One split was enough."
        if len(facts.splits) == 1
        else UNKNOWN_PARTS
    )
    return Section("levels", title, lead, figures, tables, audit)


def _trees(facts: Facts) -> Section:
    title = "The top of the dendrogram"
    if isinstance(facts.trees, Missing):
        return Section("trees", title, facts.trees)
    figures = [
        Figure(f"tree-{level}", f"Level {level}", tree(found, facts.money), "")
        for level, found in enumerate(facts.trees, start=1)
    ]
    return Section(
        "trees",
        title,
        "The last merges of each level's Ward tree. A long way between the cut and the merge below "
        "it means two clear groups; a short one, that the next split was nearly as good.",
        figures,
        notes=[
            "The tree comes before consolidation, which then moves customers to the nearer mean; "
            "heights of different levels are not comparable, since each level has its own scale.",
            *([] if has_parts(facts.splits) else [UNKNOWN_PARTS]),
        ],
    )


def _concentration(facts: Facts) -> Section:
    curve = {row["share"]: row["share_of_revenue"] for row in facts.concentration}
    whales = [row for row in facts.segments if row["whales"]]
    number = sum(row["whales"] for row in whales)
    revenue = sum(row["whale_revenue"] for row in whales)
    notes = [_cuts(facts, number, revenue)]
    tables = [
        Table(
            "Whales by segment",
            (
                Column("segment", "Segment"),
                Column("whales", "Whales", "count"),
                Column("whale_revenue", "Their revenue", "money"),
            ),
            whales,
        )
    ]
    if facts.whales:
        tables.append(Table("The largest whales", WHALE_COLUMNS, facts.whales))
    lead = f"The best 10 % of the customers bring {share(curve.get(0.1))} of the identified revenue"
    return Section(
        "concentration",
        "Concentration and whales",
        f"{lead}, the best 1 % bring {share(curve.get(0.01))}.",
        [
            Figure(
                "concentration",
                "Share of revenue by share of customers",
                concentration(facts.concentration),
                "Dashed: everybody spends the same.",
            )
        ],
        tables if whales else tables[1:],
        notes,
    )


def _cuts(facts: Facts, number: int, revenue: float) -> str:
    if not facts.has_customers:
        return "Points are the training profile itself: no whales were cut from them."
    parts = []
    if facts.model["monetary_cut"] is not None:
        parts.append(f"more than {money(facts.model['monetary_cut'])} spent")
    if facts.model["frequency_cut"] is not None:
        parts.append(f"more than {facts.model['frequency_cut']:,g} orders")
    if not parts:
        return "No whales were cut: every customer with an order was learned from."
    part = f" ({share(revenue / facts.revenue)})" if facts.revenue > 0 else ""
    return (
        f"Whales, with {' or '.join(parts)}: {count(number)}, who bring {money(revenue)}{part}. "
        "They are left out of training, so that a few giants do not pull the segments apart, and "
        "classified like everybody else."
    )


def _model(facts: Facts, rules: Sequence[str]) -> Section:
    model = facts.model
    values = [
        ("Fitted", moment(model["fitted_at"])),
        ("With", f"segmenter {model['segmenter_version']}, model {model['model_id']}"),
        *_source(facts),
        ("Customers", count(model["customers"])),
        ("Training customers", count(model["training_customers"])),
        ("Distinct training profiles", count(model["training_points"])),
        ("Largest block of a flat clustering", share(model["flat_share"])),
        ("Scaling", f"{model['scaling']:,.6g}"),
    ]
    settings = [{"name": name, "value": _said(value)} for name, value in model["settings"].items()]
    pair = (Column("name", "What", "key"), Column("value", "Value"))
    tables = [
        Table("The model", pair, [{"name": n, "value": v} for n, v in values], is_open=True),
        Table("Settings", pair, settings),
        Table(f"All {len(rules)} rules", (Column("rule", "Rule"),), [{"rule": r} for r in rules]),
        Table("Versions", VERSION_COLUMNS, [_version(row) for row in facts.versions]),
    ]
    warned = model["warnings"]
    lead = "The fit had nothing to note." if not warned else "What the fit noted:"
    return Section("model", "Settings and version", lead, [], tables, warned)


def _source(facts: Facts) -> Iterator[tuple[str, str]]:
    """Tell how the user's table is read; a condition may name customers."""
    for name, value in facts.model["source"].items():
        hidden = name == "where" and not facts.names_customers
        yield (
            f"Source: {name}",
            "a condition (shown where customers may be named)" if hidden else str(value),
        )


VERSION_COLUMNS = (
    Column("model_id", "Model", "count"),
    Column("current", "Current"),
    Column("fitted", "Fitted"),
    Column("relation", "From"),
    Column("customers", "Customers", "count"),
    Column("rules", "Rules", "count"),
    Column("segments", "Segments"),
)


def _version(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "current": "yes" if row["is_current"] else "",
        "fitted": day(row["fitted_at"]),
    }


def _said(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "default" if value is None else str(value)
