"""The charts for a decision maker: segments, lifecycle, moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from segmenter.formatting import percent
from segmenter.report.charts.base import Canvas, Spec, colour, dimmed, is_shown
from segmenter.report.charts.paired_bars import Bar, pairs
from segmenter.report.theme import count, money, share

__all__ = [
    "LIFECYCLE",
    "NOT_YET",
    "NO_MORE",
    "RANKINGS",
    "backtest",
    "brief",
    "customers_and_revenue",
    "lifecycle",
    "moves",
]

Rows = list[dict[str, Any]]

LIFECYCLE = ("new", "active", "lapsing", "lapsed")

RANKINGS = {"segments": "by the segments", "spend": "by spend alone"}

NOT_YET, NO_MORE = "not yet a customer", "no customer any more"

_WAYS = [*"123", "new", "fell", "rose", "7", "stayed", "left"]
"""Each where its colour is in a theme: the last two are no segment's."""


def customers_and_revenue(segments: Rows) -> Spec:
    """Draw each segment's share of the customers above its share of the revenue."""
    names = [row["segment"] for row in segments]
    bars = [
        bar
        for row in segments
        for bar in (
            Bar(row["segment"], "customers", row["share_of_customers"], count(row["customers"])),
            Bar(row["segment"], "revenue", row["share_of_revenue"], money(row["revenue"])),
        )
    ]
    return pairs(bars, names, pale="customers", word="of ")


def backtest(rows: Rows, names: Sequence[str], measure: str) -> Spec:
    """Draw what each segment did later, beside the group of the same rank by spend alone.

    Parameters
    ----------
    rows : list of dict
        Of one backtest, both rankings, highest segment first.
    names : sequence of str
    measure : str
        The column to draw, a share.
    """
    bars = [
        Bar(row["segment"], RANKINGS[row["ranking"]], row[measure], count(row["customers"]))
        for row in sorted(rows, key=lambda row: (row["segment_rank"], row["ranking"]))
        if row["ranking"] in RANKINGS
    ]
    return pairs(bars, names, pale=RANKINGS["spend"])


def lifecycle(rows: Rows, names: Sequence[str], revenue: float) -> Spec:
    """Draw segments by lifecycle: the revenue that these customers have brought, and how many.

    Where it was measured, also how many of such customers came again.
    """
    known = {(row["segment"], row["lifecycle"]) for row in rows}
    nobody = [
        {"segment": name, "lifecycle": stage, "customers": 0, "revenue": 0.0, "repeat_rate": None}
        for name in names
        for stage in LIFECYCLE
        if (name, stage) not in known
    ]
    cells = [
        {
            "segment": row["segment"],
            "lifecycle": row["lifecycle"],
            "customers": row["customers"],
            "share": max(row["revenue"], 0) / revenue if revenue > 0 else 0.0,
            "spent": money(row["revenue"]),
            "of": share(row["revenue"] / revenue) if revenue > 0 else "-",
            "brief": brief(row["revenue"]) if row["customers"] else "–",
            "people": count(row["customers"]),
            "again": "" if row["repeat_rate"] is None else percent(row["repeat_rate"]),
        }
        for row in [*rows, *nobody]
    ]
    is_measured = any(row["repeat_rate"] is not None for row in rows)
    up = 8 * is_measured
    canvas = Canvas()
    base = canvas.of(cells).encode(
        x=alt.X(
            "lifecycle:N",
            sort=list(LIFECYCLE),
            title=None,
            scale=alt.Scale(domain=list(LIFECYCLE), paddingInner=0.04),
            axis=alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False),
        ),
        y=_rows_of(names),
        opacity=dimmed(),
    )
    fill = base.mark_rect(cornerRadius=4).encode(
        color=colour(names),
        fillOpacity=alt.FillOpacity(
            "share:Q", scale=alt.Scale(type="sqrt", range=[0.05, 0.6]), legend=None
        ),
        tooltip=[
            alt.Tooltip("segment:N", title="Segment"),
            alt.Tooltip("lifecycle:N", title="Lifecycle"),
            alt.Tooltip("people:N", title="Customers"),
            alt.Tooltip("spent:N", title="Have brought so far"),
            alt.Tooltip("of:N", title="Of identified revenue"),
            *[alt.Tooltip("again:N", title="Of such came again")] * is_measured,
        ],
    )
    amounts = base.mark_text(dy=-7 - up, fontWeight="bold", fontSize=13, style="label").encode(
        text="brief:N"
    )
    words = alt.expr(
        "datum.people + (width < 420 ? '' : datum.customers == 1 ? ' customer' : ' customers')"
    )
    people = base.mark_text(dy=10 - up, fontSize=11, style="label", text=words)
    layers = [fill, amounts, people]
    if is_measured:
        again = alt.expr("datum.again && datum.again + (width < 420 ? '' : ' again')")
        layers.append(base.mark_text(dy=18, fontSize=11, style="label", text=again))
    height = (74 if is_measured else 58) * len(names)
    return canvas.layered(*layers, height=height, names=names)


def _rows_of(names: Sequence[str], field: str = "segment:N", title: str | None = None) -> alt.Y:
    return alt.Y(
        field,
        sort=list(names),
        title=title,
        scale=alt.Scale(domain=list(names), paddingInner=0.06),
        axis=alt.Axis(domain=False, ticks=False),
    )


def brief(amount: float) -> str:
    """Return an amount in a few signs.

    Examples
    --------
    >>> brief(1234567), brief(830), brief(-45210)
    ('1.2 M', '830', '-45 k')
    """
    for size, sign in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(amount) >= size * 0.9995:
            scaled = amount / size
            return f"{scaled:.1f} {sign}" if abs(scaled) < 9.95 else f"{scaled:.0f} {sign}"
    return f"{amount:.0f}"


def moves(rows: Rows, names: Sequence[str]) -> Spec:
    """Draw who was in which segment then, and is in which one now."""
    rank = {name: place for place, name in enumerate(names)}
    cells = [_move(row, rank) for row in rows]
    before = [*names, *([NOT_YET] if any(cell["before"] == NOT_YET for cell in cells) else [])]
    after = [*names, *([NO_MORE] if any(cell["segment"] == NO_MORE for cell in cells) else [])]
    tilt = -30 if len(names) > 4 or max(map(len, names)) > 14 else 0
    canvas = Canvas()
    base = canvas.of(cells).encode(
        x=alt.X(
            "segment:N",
            sort=after,
            title="is now in",
            scale=alt.Scale(domain=after, paddingInner=0.04),
            axis=alt.Axis(orient="top", labelAngle=tilt, domain=False, ticks=False, labelLimit=110),
        ),
        y=_rows_of(before, "before:N", "was in"),
        opacity=alt.when(f"{is_shown} || indexof(shown, datum.before) >= 0")
        .then(alt.value(1))
        .otherwise(alt.value(0.12)),
    )
    fill = base.mark_rect(cornerRadius=4).encode(
        color=alt.Color(
            "way:N",
            title=None,
            scale=alt.Scale(domain=_WAYS),
            legend=None,
        ),
        fillOpacity=alt.FillOpacity(
            "customers:Q", scale=alt.Scale(type="symlog", range=[0.12, 0.55]), legend=None
        ),
        tooltip=[
            alt.Tooltip("before:N", title="Was in"),
            alt.Tooltip("segment:N", title="Is now in"),
            alt.Tooltip("customers:Q", title="Customers", format=","),
            alt.Tooltip("from:N", title="Revenue then"),
            alt.Tooltip("to:N", title="Revenue now"),
        ],
    )
    text = base.mark_text(fontSize=13 if len(names) < 5 else 11, style="label").encode(
        text="words:N"
    )
    return canvas.layered(fill, text, height=40 * len(before), names=names)


def _move(row: dict[str, Any], rank: dict[str, int]) -> dict[str, Any]:
    before, after = row["segment_from"], row["segment_to"]
    if before is None:
        way, sign = "new", "+"
    elif after is None:
        way, sign = "left", "−"
    elif before == after:
        way, sign = "stayed", "="
    else:
        way, sign = ("rose", "↑") if rank[after] < rank[before] else ("fell", "↓")
    return {
        "before": NOT_YET if before is None else before,
        "segment": NO_MORE if after is None else after,
        "way": way,
        "customers": row["customers"],
        "words": f"{sign} {count(row['customers'])}",
        "from": "-" if row["revenue_from"] is None else money(row["revenue_from"]),
        "to": "-" if row["revenue_to"] is None else money(row["revenue_to"]),
    }
