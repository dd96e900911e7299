"""The segments month by month, as they were published."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from segmenter.report.charts.base import BILLIONS, Canvas, Spec, colour, dimmed, listed
from segmenter.report.facts import Rows
from segmenter.report.theme import count, money

__all__ = ["over_months"]

_MANY = 18
"""With more months than this not every one is marked."""


def over_months(rows: Rows, names: Sequence[str], measure: str, title: str) -> Spec:
    """Draw one measure of each segment month by month.

    Parameters
    ----------
    rows : list of dict
        Of ``segments.segment_history``.
    names : sequence of str
        Every segment, today's first.
    measure : {'customers', 'revenue'}
    title : str
        What the axis counts.
    """
    drawn = [
        {
            "segment": row["segment"],
            "month": row["month"].isoformat(),
            "value": row[measure],
            "people": count(row["customers"]),
            "spent": money(row["revenue"]),
            "in": count(row["moved_in"]),
            "out": count(row["moved_out"]),
        }
        for row in rows
    ]
    months = len({row["month"] for row in drawn})
    canvas = Canvas()
    base = canvas.of(drawn).encode(
        x=alt.X(
            "yearmonth(month):T",
            title=None,
            axis=alt.Axis(format="%b %Y", grid=False, labelOverlap=True, tickCount=min(months, 12)),
        ),
        y=alt.Y(
            "value:Q",
            title=title,
            axis=alt.Axis(labelExpr=BILLIONS, tickCount=5),
            scale=alt.Scale(zero=True),
        ),
        color=colour(names, legend=True),
        opacity=dimmed(),
        tooltip=[
            alt.Tooltip("segment:N", title="Segment"),
            alt.Tooltip("yearmonth(month):T", title="Month", format="%B %Y"),
            alt.Tooltip("people:N", title="Customers"),
            alt.Tooltip("spent:N", title="Revenue"),
            alt.Tooltip("in:N", title="Came in"),
            alt.Tooltip("out:N", title="Went out"),
        ],
    )
    line = base.mark_line(strokeWidth=2.5)
    shape = alt.Shape("segment:N", scale=alt.Scale(domain=list(names)), legend=listed(names))
    dots = base.mark_point(filled=True, size=70 if months <= _MANY else 25).encode(shape=shape)
    return canvas.layered(line, dots, height=260, names=names)
