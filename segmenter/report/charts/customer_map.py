"""The map: customers on money and orders, both logarithmic, with the compiled boundaries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import altair as alt

from segmenter.report.charts.base import BILLIONS, Canvas, Spec, colour, is_shown, log_steps, spread
from segmenter.report.facts import Map
from segmenter.report.theme import count, money

__all__ = ["customer_map"]

Rows = list[dict[str, Any]]

ZERO = 0.33
"""Where customers without an order stand on the logarithmic axis of orders."""


def customer_map(
    found: Map, names: Sequence[str], cuts: dict[str, float | None], currency: str
) -> Spec:
    """Draw the customers on logarithmic axes, with the boundaries between segments.

    Parameters
    ----------
    found : Map
    names : sequence of str
    cuts : dict
        ``monetary`` and ``frequency``: above them a customer is a whale.
    currency : str
        What money is counted in.
    """
    rows = [_placed(cell, found) for cell in found.cells]
    x, y = _map_axes(found, currency)
    tooltip = [
        alt.Tooltip("segment:N", title="Segment"),
        alt.Tooltip("customers:Q", title="Customers", format=","),
        alt.Tooltip("orders:N", title="Orders"),
        alt.Tooltip("spent:N", title="Spent"),
        alt.Tooltip("together:N", title="Revenue together"),
    ]
    canvas = Canvas()
    cells = canvas.of(rows).transform_filter(is_shown)
    if found.is_density:
        people = cells.mark_rect(strokeWidth=0).encode(
            x=x("frequency:Q"),
            x2="frequency_end:Q",
            y=y("monetary:Q"),
            y2="monetary_end:Q",
            color=colour(names, legend=True),
            opacity=alt.Opacity(
                "customers:Q",
                scale=alt.Scale(type="log", range=[0.28, 1]),
                legend=None,
            ),
            tooltip=tooltip,
        )
    else:
        people = cells.mark_point(filled=True, opacity=0.75).encode(
            x=x("middle_frequency:Q"),
            y=y("middle_monetary:Q"),
            color=colour(names, legend=True),
            shape=alt.Shape("segment:N", scale=alt.Scale(domain=list(names))),
            size=alt.Size(
                "customers:Q",
                scale=alt.Scale(rangeMin=45, rangeMax=320),
                legend=None,
            ),
            tooltip=tooltip,
        )
    lines = (
        canvas.of([_to_the_edge(line, found) for line in found.boundaries])
        .mark_rule(strokeWidth=1.4, style="line", clip=True)
        .encode(x=x("frequency:Q"), x2="frequency_end:Q", y=y("monetary:Q"), y2="monetary_end:Q")
    )
    layers = [people, lines, *_cuts(canvas, found, cuts, x, y)]
    beside: dict[str, Any] = {"align": alt.expr("datum.align"), "dx": alt.expr("datum.away")}
    aside = {} if found.is_density else beside
    labels = canvas.of(_names_on_map(rows, found, names)).transform_filter(is_shown)
    layers += [
        labels.mark_text(fontWeight="bold", fontSize=13, style=style, limit=160, **aside).encode(
            x=x("frequency:Q"), y=y("monetary:Q"), text="segment:N"
        )
        for style in (["label", "halo"], ["label"])
    ]
    return canvas.layered(*layers, height=440, names=names)


def _placed(cell: dict[str, Any], found: Map) -> dict[str, Any]:
    """Give a cell its edges on the axes; what cannot stand on them gets a place of its own."""
    below, no_order = cell["monetary_from"] is None, cell["frequency_from"] is None
    low = found.lowest
    edge = (low / 1.5, low / 1.08) if below else (cell["monetary_from"], cell["monetary_below"])
    height = edge[1] / edge[0]
    ends = (
        (ZERO / 1.25, ZERO * 1.25)
        if no_order
        else (cell["frequency_from"] - 0.5, cell["frequency_to"] + 0.5)
    )
    return {
        "segment": cell["segment"],
        "customers": cell["customers"],
        "frequency": ends[0],
        "frequency_end": ends[1],
        "monetary": edge[0] * height ** cell["part_from"],
        "monetary_end": edge[0] * height ** cell["part_to"],
        "middle_frequency": ZERO if no_order else (ends[0] + ends[1]) / 2,
        "middle_monetary": math.sqrt(edge[0] * edge[1]),
        "orders": "none" if no_order else _range(cell["frequency_from"], cell["frequency_to"]),
        "spent": f"less than {money(low)}" if below else f"{money(edge[0])} to {money(edge[1])}",
        "together": money(cell["revenue"]),
    }


def _range(first: int, last: int) -> str:
    return count(first) if first == last else f"{count(first)} to {count(last)}"


class _Ends(NamedTuple):
    """Where the axes of the map begin: before 1 order and the lowest amount, if need be."""

    frequency: float
    monetary: float
    has_below: bool


def _ends(found: Map) -> _Ends:
    has_below = any(cell["monetary_from"] is None for cell in found.cells)
    return _Ends(
        ZERO / 1.3 if found.frequency[0] == 0 else 0.5,
        found.lowest / 1.6 if has_below else found.lowest,
        has_below,
    )


def _to_the_edge(line: dict[str, float], found: Map) -> dict[str, float]:
    """Let a boundary that the edge of the map cuts off reach the edge."""
    ends = _ends(found)
    return {
        **line,
        "frequency": max(line["frequency"], ends.frequency),
        "monetary": ends.monetary if line["monetary"] <= found.lowest else line["monetary"],
    }


def _map_axes(found: Map, currency: str) -> tuple[Any, Any]:
    """Return what makes the two axes of the map for a field."""
    (low, high), (_, most) = found.monetary, found.frequency
    ends = _ends(found)
    orders = [ZERO] * (ends.frequency < 0.5) + log_steps(1, most)
    amounts = [low / 1.27] * ends.has_below + log_steps(low, high)

    def x(field: str) -> alt.X:
        return alt.X(
            field,
            title="orders",
            scale=alt.Scale(type="log", domain=[ends.frequency, most], nice=False),
            axis=alt.Axis(
                values=orders, labelExpr=f"datum.value < 0.5 ? '0' : {BILLIONS}", grid=False
            ),
        )

    def y(field: str) -> alt.Y:
        label = f"datum.value < {low * 0.999!r} ? 'less' : {BILLIONS}"
        return alt.Y(
            field,
            title=f"spent, in {currency}",
            scale=alt.Scale(type="log", domain=[ends.monetary, high], nice=False),
            axis=alt.Axis(values=amounts, labelExpr=label, grid=False),
        )

    return x, y


def _cuts(
    canvas: Canvas, found: Map, cuts: dict[str, float | None], x: Any, y: Any
) -> list[alt.Chart]:
    """Mark where whales begin."""
    drawn = []
    amount, orders = cuts["monetary"], cuts["frequency"]
    dash: dict[str, Any] = {"strokeDash": [3, 4], "style": "muted", "strokeWidth": 1.2}
    if amount is not None and found.monetary[0] < amount < found.monetary[1]:
        row = {"monetary": amount, "words": f"whales above {money(amount)}"}
        row["frequency"] = _ends(found).frequency
        drawn.append(canvas.of([row]).mark_rule(**dash).encode(y=y("monetary:Q")))
        drawn.append(
            canvas.of([row])
            .mark_text(align="left", dx=4, dy=-7, fontSize=11, style="muted")
            .encode(y=y("monetary:Q"), x=x("frequency:Q"), text="words:N")
        )
    if orders is not None and 1 <= orders < found.frequency[1] - 0.5:
        row = {"frequency": math.floor(orders) + 0.5, "words": f"whales above {orders:,g}"}
        row["monetary"] = found.monetary[0]
        drawn.append(canvas.of([row]).mark_rule(**dash).encode(x=x("frequency:Q")))
        drawn.append(
            canvas.of([row])
            .mark_text(align="left", angle=270, dx=6, dy=-7, fontSize=11, style="muted")
            .encode(y=y("monetary:Q"), x=x("frequency:Q"), text="words:N")
        )
    return drawn


def _names_on_map(rows: Rows, found: Map, names: Sequence[str]) -> Rows:
    """Put each segment's name in the middle of its customers: where there are some."""
    right = found.frequency[1] ** 0.75
    places = []
    for name in names:
        own = [row for row in rows if row["segment"] == name]
        if own:
            middle = [_mean(own, field) for field in ("middle_frequency", "middle_monetary")]
            place = min(own, key=lambda row: _distance(row, middle))
            places.append({**place, "height": math.log(place["middle_monetary"])})
    gap = math.log(found.monetary[1] / found.monetary[0]) / 22
    heights = spread([place["height"] for place in places], gap)
    return [
        {
            "segment": place["segment"],
            "frequency": place["middle_frequency"],
            "monetary": math.exp(height),
            "align": "right" if place["middle_frequency"] > right else "left",
            "away": -14 if place["middle_frequency"] > right else 14,
        }
        for place, height in zip(places, heights, strict=True)
    ]


def _mean(rows: Rows, field: str) -> float:
    weight = sum(row["customers"] for row in rows)
    return float(sum(math.log(row[field]) * row["customers"] for row in rows) / weight)


def _distance(row: dict[str, Any], middle: Sequence[float]) -> float:
    across = math.log(row["middle_frequency"]) - middle[0]
    return math.hypot(across, math.log(row["middle_monetary"]) - middle[1])
