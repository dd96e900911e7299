"""The page for a decision maker: who brings the revenue, who is leaving, who moved."""

from __future__ import annotations

from collections.abc import Iterator

from segmenter.formatting import Column
from segmenter.report.charts.customer_map import customer_map
from segmenter.report.charts.decision import brief, customers_and_revenue
from segmenter.report.elements import Figure, Section, Table, Tile
from segmenter.report.facts import Facts
from segmenter.report.sections.history import history_section
from segmenter.report.sections.movement import lifecycle_section, movement_sections
from segmenter.report.sections.what_to_do import what_to_do_section
from segmenter.report.theme import count, money, people, share

__all__ = ["decision_sections", "tiles"]

SEGMENT_COLUMNS = (
    Column("segment", "Segment"),
    Column("customers", "Customers", "count"),
    Column("share_of_customers", "Share", "share"),
    Column("revenue", "Revenue", "money"),
    Column("share_of_revenue", "Of identified revenue", "share"),
    Column("mean_monetary", "Mean spent", "money"),
    Column("median_monetary", "Median spent", "money"),
    Column("mean_frequency", "Mean orders", "number"),
    Column("median_frequency", "Median orders", "number"),
)


def tiles(facts: Facts) -> list[Tile]:
    """Return the figures at the top of the page."""
    best = facts.segments[0]
    found = [
        Tile(count(facts.customers), "customers"),
        Tile(brief(facts.revenue), f"identified revenue, in {facts.money}"),
        Tile(
            share(best["share_of_revenue"]),
            f"of it from {best['segment']}, {share(best['share_of_customers'])} of the customers",
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
    by_lifecycle = lifecycle_section(facts)
    if not by_lifecycle.is_missing:
        yield by_lifecycle
    yield what_to_do_section(facts)
    yield _segments(facts)
    yield _map(facts)
    if by_lifecycle.is_missing:
        yield by_lifecycle
    yield from movement_sections(facts)
    yield history_section(facts)


def _segments(facts: Facts) -> Section:
    best = facts.segments[0]
    notes = [_identified(facts)]
    others = best["customers"] - best["whales"]
    if best["whales"] and others:
        mean = (best["revenue"] - best["whale_revenue"]) / others
        notes.append(
            f"{people(best['customers'])} in {best['segment']} have spent "
            f"{money(best['mean_monetary'])} on average; without the whales among them, "
            f"{count(best['whales'])}, it is {money(mean)}."
        )
    if facts.by_attribute:
        notes.append(
            f"The table can be read by {' and '.join(facts.by_attribute)}: shares are then of "
            "these customers, and of what they brought. The segments are those of one model."
        )
    if "At-Risk" in facts.names:
        notes.insert(0, "At-Risk means low value here. It does not say that a customer is leaving.")
    return Section(
        "segments",
        "Customers against revenue",
        f"{best['segment']} is {share(best['share_of_customers'])} of the customers and brings "
        f"{share(best['share_of_revenue'])} of the identified revenue.",
        [
            Figure(
                "customers-and-revenue",
                "Share of customers and of revenue by segment",
                customers_and_revenue(facts.segments),
                "Of each pair, the upper, paler bar is customers and the lower one revenue.",
            )
        ],
        [
            Table(
                "The segments in numbers",
                SEGMENT_COLUMNS,
                facts.segments,
                is_open=True,
                groups=facts.by_attribute,
            )
        ],
        notes,
    )


def _identified(facts: Facts) -> str:
    model = facts.model
    sentence = "Shares of revenue are of identified revenue, that of known customers"
    if not model["rows_without_customer"]:
        return (
            f"{sentence}; at the fit every row had one." if model["source_rows"] else f"{sentence}."
        )
    unknown = model["revenue_without_customer"]
    total = facts.revenue + unknown
    part = f", {share(unknown / total)} of all revenue" if total > 0 else ""
    return (
        f"{sentence}. At the fit {count(model['rows_without_customer'])} of "
        f"{count(model['source_rows'])} rows, worth {money(unknown)}{part}, had no customer."
    )


def _map(facts: Facts) -> Section:
    found = facts.map
    cuts = {name: facts.model[f"{name}_cut"] for name in ("monetary", "frequency")}
    crowds = [cell["customers"] for cell in found.cells]
    drawn = customer_map(found, facts.names, cuts, facts.money)
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
            f"{people(at_edge)} with less than {money(found.lowest)}, refunds counted, "
            f"{_stand(at_edge)} at the lower edge."
        )
    if no_order:
        notes.append(
            f"{people(no_order)} without an order (refunds or zero amounts only) "
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


def _stand(number: int) -> str:
    return "stands" if number == 1 else "stand"
