"""Pairs of bars: two shares of each segment, one above the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import altair as alt

from segmenter.report.charts.base import Canvas, Spec, colour, dimmed
from segmenter.report.theme import share

__all__ = ["Bar", "pairs"]


class Bar(NamedTuple):
    """One bar: a share of a segment.

    Attributes
    ----------
    segment : str
    what : str
        What it is a share of, or by which way of ranking.
    part : float or None
    amount : str
        The number behind it, for whoever hovers.
    """

    segment: str
    what: str
    part: float | None
    amount: str


def pairs(bars: Sequence[Bar], names: Sequence[str], *, pale: str, word: str = "") -> Spec:
    """Draw two bars for each segment, the first one above.

    Parameters
    ----------
    bars : sequence of Bar
        Of two kinds of `what`.
    names : sequence of str
        The segments, highest first.
    pale : str
        The `what` that is drawn paler.
    word : str
        Stands between a share and what it is of.
    """
    rows = [
        {
            "segment": bar.segment,
            "what": bar.what,
            "share": bar.part or 0.0,
            "amount": bar.amount,
            "short": share(bar.part),
            "long": f"{share(bar.part)} {word}{bar.what}",
            "end": max(bar.part or 0.0, 0.0),
        }
        for bar in bars
    ]
    parts = [bar.part or 0.0 for bar in bars]
    low, high = min(0.0, *parts), max(0.1, *parts)
    order = list(dict.fromkeys(bar.what for bar in bars))
    canvas = Canvas()
    base = canvas.of(rows).encode(
        y=alt.Y("segment:N", sort=list(names), title=None, scale=alt.Scale(paddingInner=0.3)),
        yOffset=alt.YOffset("what:N", sort=order),
        x=alt.X(
            "share:Q",
            title=None,
            axis=alt.Axis(format=".0%", values=_steps(low, high)),
            scale=alt.Scale(domain=[low, high * 1.32], nice=False),
        ),
        tooltip=[
            alt.Tooltip("segment:N", title="Segment"),
            alt.Tooltip("what:N", title="Bar"),
            alt.Tooltip("short:N", title="Share"),
            alt.Tooltip("amount:N", title="Amount"),
        ],
    )
    weight = alt.when(alt.datum.what == pale).then(alt.value(0.45)).otherwise(alt.value(1))
    drawn = base.mark_bar(cornerRadiusEnd=2).encode(
        color=colour(names), fillOpacity=weight, opacity=dimmed()
    )
    words = alt.expr("width > 600 ? datum.long : datum.short")
    labels = base.mark_text(align="left", dx=5, style="label", text=words)
    labels = labels.encode(x="end:Q", opacity=dimmed())
    return canvas.layered(drawn, labels, height=52 * len(names), names=names)


def _steps(low: float, high: float) -> list[float]:
    """Return the labelled places of an axis of shares: about five.

    Examples
    --------
    >>> _steps(0.0, 0.66)
    [0.0, 0.2, 0.4, 0.6]
    """
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(place * step, 9) for place in range(first, last + 1)]
