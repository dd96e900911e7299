"""The charts for an analyst: levels, trees, concentration, quality, drift."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import altair as alt

from segmenter.report.charts.base import BILLIONS, Canvas, Spec, listed
from segmenter.report.dendrogram import Dendrogram
from segmenter.report.level_maps import LevelMap
from segmenter.report.theme import MARKS, count, money, share

__all__ = ["concentration", "level_map", "tree"]

Rows = list[dict[str, Any]]

FEW = 500
"""Up to this many customers of a level are drawn as points."""


def level_map(found: LevelMap, names: Sequence[str], zoom: LevelMap | None, currency: str) -> Spec:
    """Draw the training customers of one level on plain axes, in the two parts of its split.

    Parameters
    ----------
    found : LevelMap
    names : sequence of str
        Every segment, so that colours are the same everywhere.
    zoom : LevelMap or None
        The next level, whose extent is framed.
    currency : str
        What money is counted in.
    """
    rows = [
        {
            **cell,
            "frequency": cell["frequency_from"] - 0.5,
            "frequency_end": cell["frequency_to"] + 0.5,
            "middle_frequency": (cell["frequency_from"] + cell["frequency_to"]) / 2,
            "middle_monetary": (_between(cell, "part_from") + _between(cell, "part_to")) / 2,
            "orders": _range(cell["frequency_from"], cell["frequency_to"]),
            "spent": f"{money(cell['monetary_from'])} to {money(cell['monetary_below'])}",
            "monetary_from": _between(cell, "part_from"),
            "monetary_below": _between(cell, "part_to"),
        }
        for cell in found.cells
    ]
    few = found.level.customers <= FEW
    x = alt.X(
        "middle_frequency:Q" if few else "frequency:Q",
        title="orders",
        scale=alt.Scale(domain=list(found.frequency), nice=False),
        axis=alt.Axis(grid=False, format=",d", values=_whole_steps(*found.frequency)),
    )
    y = alt.Y(
        "middle_monetary:Q" if few else "monetary_from:Q",
        title=f"spent, in {currency}",
        scale=alt.Scale(domain=list(found.monetary), nice=False),
        axis=alt.Axis(grid=False, labelExpr=BILLIONS),
    )
    parts = found.level.parts
    again = [part for part in parts if part not in names]
    spare = [f"spare {place}" for place in range(len(MARKS) - len(names))]
    canvas = Canvas()
    cells = canvas.of(rows).encode(
        color=alt.Color(
            "part:N",
            scale=alt.Scale(domain=[*names, *spare, *again]),
            legend=listed(parts),
        ),
        tooltip=[
            alt.Tooltip("part:N", title="Part"),
            alt.Tooltip("segment:N", title="Segment in the end"),
            alt.Tooltip("customers:Q", title="Customers", format=","),
            alt.Tooltip("orders:N", title="Orders"),
            alt.Tooltip("spent:N", title="Spent"),
        ],
    )
    if not few:
        shade = alt.Scale(type="log", range=[0.4, 1])
        cells = cells.mark_rect(strokeWidth=0).encode(
            x=x,
            x2="frequency_end:Q",
            y=y,
            y2="monetary_below:Q",
            opacity=alt.Opacity("customers:Q", scale=shade, legend=None),
        )
    else:
        sizes = alt.Scale(rangeMin=45, rangeMax=320)
        cells = cells.mark_point(filled=True, opacity=0.75).encode(
            x=x,
            y=y,
            size=alt.Size("customers:Q", scale=sizes, legend=None),
        )
    return canvas.layered(cells, *_frame(canvas, zoom, found), height=320)


def _frame(canvas: Canvas, zoom: LevelMap | None, level: LevelMap) -> list[alt.Chart]:
    """Frame what the next level shows."""
    if zoom is None:
        return []
    row = {
        "frequency": zoom.frequency[0],
        "frequency_end": zoom.frequency[1],
        "monetary_from": zoom.monetary[0],
        "monetary_below": zoom.monetary[1],
        "words": f"level {zoom.level.level}",
    }
    base = canvas.of([row])
    frame = base.mark_rect(fillOpacity=0, strokeWidth=1.5, strokeDash=[5, 3], style="line")
    room = (zoom.monetary[1] - zoom.monetary[0]) / (level.monetary[1] - level.monetary[0])
    place: dict[str, Any] = (
        {"baseline": "top", "dy": 5} if room > 0.12 else {"baseline": "bottom", "dy": -5}
    )
    text = base.mark_text(align="right", dx=-5, style="label", **place)
    return [
        frame.encode(
            x="frequency:Q", x2="frequency_end:Q", y="monetary_from:Q", y2="monetary_below:Q"
        ),
        text.encode(x="frequency_end:Q", y="monetary_below:Q", text="words:N"),
    ]


def _whole_steps(low: float, high: float) -> list[int]:
    """Return the labelled places of an axis of whole numbers: at most ten, equally far apart.

    Examples
    --------
    >>> _whole_steps(0.5, 30.5)
    [5, 10, 15, 20, 25, 30]
    """
    power = 10 ** max(0, math.floor(math.log10(max(high - low, 1) / 10)))
    step = next(s * power for s in (1, 2, 5, 10, 20) if (high - low) / (s * power) <= 10)
    first = math.ceil(low / step) * step
    return list(range(first, math.floor(high) + 1, step))


def _between(cell: dict[str, Any], part: str) -> float:
    """Return the amount at a part of a cell's height."""
    low, high = cell["monetary_from"], cell["monetary_below"]
    return float(low + (high - low) * cell[part])


def _range(first: int, last: int) -> str:
    return count(first) if first == last else f"{count(first)} to {count(last)}"


def tree(found: Dendrogram, currency: str) -> Spec:
    """Draw the top of a Ward tree, its branches named by what they hold."""
    leaves: Rows = [
        {
            **leaf,
            "words": f"{count(leaf['customers'])} × {money(leaf['mean_monetary'])}",
            "orders": f"{leaf['mean_frequency']:,.1f}",
            "spent": money(leaf["mean_monetary"]),
        }
        for leaf in found.leaves
    ]
    words = "'" + "', '".join(leaf["words"] for leaf in leaves) + "'"
    y_axis = alt.Axis(
        values=[leaf["place"] for leaf in leaves],
        labelExpr=f"[{words}][datum.value]",
        domain=False,
        ticks=False,
        grid=False,
        labelLimit=200,
        labelPadding=9,
    )
    y = alt.Y(
        "place:Q",
        title="customers × mean spent",
        axis=y_axis,
        scale=alt.Scale(domain=[len(leaves) - 0.5, -0.5], nice=False),
    )
    top = max(line["height_end"] for line in found.lines)
    x = alt.X(
        "height:Q",
        title="Ward height, of logarithms"
        if found.is_logarithmic
        else f"Ward height, in {currency}",
        scale=alt.Scale(domain=[0, top * 1.04], nice=False),
        axis=alt.Axis(labelExpr=BILLIONS, tickCount=5),
    )
    canvas = Canvas()
    lines = (
        canvas.of(found.lines)
        .mark_rule(strokeWidth=1.6, style="line")
        .encode(x=x, x2="height_end:Q", y=y, y2="place_end:Q")
    )
    ends = (
        canvas.of(leaves)
        .mark_point(filled=True, size=40, style="line", opacity=1)
        .encode(
            x=x,
            y=y,
            tooltip=[
                alt.Tooltip("customers:Q", title="Customers", format=","),
                alt.Tooltip("spent:N", title="Mean spent"),
                alt.Tooltip("orders:N", title="Mean orders"),
            ],
        )
    )
    layers = [lines, ends]
    if found.split_at is not None:
        row = {"height": found.split_at, "words": "split here", "place": len(leaves) - 0.5}
        layers.append(canvas.of([row]).mark_rule(strokeDash=[5, 3], style="muted").encode(x=x))
        layers.append(
            canvas.of([row])
            .mark_text(align="left", dx=5, dy=-8, style="muted")
            .encode(x=x, y=y, text="words:N")
        )
    return canvas.layered(*layers, height=max(28 * len(leaves), 120))


def concentration(rows: Rows) -> Spec:
    """Draw the Lorenz curve, best customers first."""
    curve = [{"share": 0.0, "share_of_revenue": 0.0, "revenue": 0.0}, *rows]
    curve = [
        {
            **row,
            "best": share(row["share"]),
            "of": share(row["share_of_revenue"]),
            "spent": money(row["revenue"]),
        }
        for row in curve
    ]
    top = max(1.0, *(row["share_of_revenue"] for row in curve))
    low = min(0.0, *(row["share_of_revenue"] for row in curve))
    x = alt.X(
        "share:Q",
        title="share of customers, those who spent most first",
        axis=alt.Axis(format=".0%", tickCount=5),
        scale=alt.Scale(domain=[0, 1]),
    )
    y = alt.Y(
        "share_of_revenue:Q",
        title="share of identified revenue",
        axis=alt.Axis(format=".0%", tickCount=5),
        scale=alt.Scale(domain=[low, top], nice=False),
    )
    tooltip = [
        alt.Tooltip("best:N", title="The best"),
        alt.Tooltip("of:N", title="bring, of identified revenue"),
        alt.Tooltip("spent:N", title="together"),
    ]
    ends = [{"share": 0, "share_of_revenue": 0}, {"share": 1, "share_of_revenue": 1}]
    marked = [row for row in curve if row["share"] in (0.01, 0.1, 0.2, 0.5)]
    words = [{**row, "words": f"{_percent(row['share'])} bring {row['of']}"} for row in marked]
    canvas = Canvas()
    even = canvas.of(ends).mark_line(strokeDash=[5, 3], strokeWidth=1, style="muted")
    area = canvas.of(curve).mark_area(fillOpacity=0.18, style="area", line=False)
    line = canvas.of(curve).mark_line(strokeWidth=2.5, style="line", interpolate="linear")
    catch = canvas.of(curve).mark_point(size=300, opacity=0)
    dots = canvas.of(words).mark_point(filled=True, size=70, style="line", opacity=1)
    text = canvas.of(words).mark_text(align="left", dx=10, dy=8, style=["label", "halo"])
    over = canvas.of(words).mark_text(align="left", dx=10, dy=8, style="label")
    return canvas.layered(
        area.encode(x=x, y=y),
        even.encode(x=x, y=y),
        line.encode(x=x, y=y),
        dots.encode(x=x, y=y),
        text.encode(x=x, y=y, text="words:N"),
        over.encode(x=x, y=y, text="words:N"),
        catch.encode(x=x, y=y, tooltip=tooltip),
        height=340,
    )


def _percent(part: float) -> str:
    return f"{part * 100:.0f} %"
