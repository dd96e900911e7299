"""The charts of trust: quality beside a flat clustering, and drift beside its thresholds."""

from __future__ import annotations

from typing import Any

import altair as alt

from segmenter.report.charts.base import Canvas, Spec, listed

__all__ = ["drift", "plain", "quality"]

Rows = list[dict[str, Any]]

OURS, FLAT = "the segments", "a flat clustering"


def plain(metric: str) -> str:
    """Return the name of a metric as words.

    Examples
    --------
    >>> plain("knn_agreement"), plain("davies_bouldin")
    ('KNN agreement', 'Davies-Bouldin')
    """
    known = {
        "davies_bouldin": "Davies-Bouldin",
        "calinski_harabasz": "Calinski-Harabasz",
        "knn_agreement": "KNN agreement",
    }
    return known.get(metric, metric.replace("_", " "))


def quality(rows: Rows) -> Spec:
    """Draw the metrics that lie between 0 and 1, the segments' and the flat clustering's."""
    points = [
        {"metric": plain(row["metric"]), "of": of, "value": value, "label": f"{value:.3f}"}
        for row in rows
        for of, value in ((OURS, row["value"]), (FLAT, row["flat_value"]))
        if value is not None
    ]
    metrics = list(dict.fromkeys(point["metric"] for point in points))
    low = min(0.0, *(point["value"] for point in points))
    canvas = Canvas()
    base = canvas.of(points).encode(
        x=alt.X(
            "value:Q",
            title=None,
            axis=alt.Axis(tickCount=5),
            scale=alt.Scale(domain=[low, 1], nice=False),
        ),
        y=alt.Y(
            "metric:N",
            sort=metrics,
            title=None,
            axis=alt.Axis(grid=True, domain=False, ticks=False),
        ),
        tooltip=[
            alt.Tooltip("metric:N", title="Metric"),
            alt.Tooltip("of:N", title="Of"),
            alt.Tooltip("label:N", title="Value"),
        ],
    )
    # the same domain as the colours, or there are two legends
    domain = [*"1234", FLAT, OURS]
    shapes = alt.Scale(domain=domain, range=["circle"] * 4 + ["diamond", "circle"])
    marks = base.mark_point(size=130, opacity=0.9, filled=True).encode(
        shape=alt.Shape("of:N", scale=shapes, title=None, legend=listed([OURS, FLAT])),
        color=alt.Color(
            "of:N",
            scale=alt.Scale(domain=domain),
            title=None,
            legend=listed([OURS, FLAT]),
        ),
    )
    return canvas.layered(marks, height=34 * len(metrics))


def drift(rows: Rows) -> Spec:
    """Draw each metric's index beside the threshold above which it has drifted."""
    bars = [
        {
            "metric": plain(row["metric"]),
            "size": abs(row["value"]),
            "threshold": row["threshold"],
            "verdict": "has drifted" if row["is_drifted"] else "has not drifted",
            "label": f"{row['value']:.3f}",
            "words": row["message"],
        }
        for row in rows
        if row["value"] is not None
    ]
    top = max(0.25, *(1.15 * bar["size"] for bar in bars))
    verdicts = ["has not drifted", "has drifted"]
    canvas = Canvas()
    base = canvas.of(bars).encode(
        y=alt.Y("metric:N", sort=[bar["metric"] for bar in bars], title=None),
        tooltip=[
            alt.Tooltip("metric:N", title="Metric"),
            alt.Tooltip("label:N", title="Index"),
            alt.Tooltip("threshold:Q", title="Threshold"),
            alt.Tooltip("words:N", title="What moved"),
        ],
    )
    x = alt.X(
        "size:Q",
        title=["population stability index;", "of a cut, its relative change"],
        scale=alt.Scale(domain=[0, top], nice=False),
        axis=alt.Axis(tickCount=5),
    )
    drawn = base.mark_bar(cornerRadiusEnd=2, height=16).encode(
        x=x,
        color=alt.Color(
            "verdict:N",
            scale=alt.Scale(domain=[*"1234", *reversed(verdicts)]),
            title=None,
            legend=listed(verdicts),
        ),
    )
    marks = base.mark_tick(thickness=2, size=24, style="line").encode(x="threshold:Q")
    text = base.mark_text(align="left", dx=6, style=["label", "halo"]).encode(x=x, text="label:N")
    over = base.mark_text(align="left", dx=6, style="label").encode(x=x, text="label:N")
    return canvas.layered(drawn, marks, text, over, height=34 * len(bars))
