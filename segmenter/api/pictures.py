"""Pictures that notebooks show above a result: those of the report, where its library is there."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

__all__ = ["backtest", "drift", "moves", "quality", "segments"]

Rows = list[dict[str, Any]]

_NOT_A_SHARE = ("davies_bouldin", "calinski_harabasz")


def _drawn(title: str, chart: Callable[[], Any]) -> bytes | None:
    """Draw a chart, or nothing where the report's libraries are not installed."""
    if any(find_spec(name) is None for name in ("altair", "vl_convert")):
        return None
    from segmenter.report.charts.base import unchecked
    from segmenter.report.vega import picture

    with unchecked():
        return picture(chart(), title)


def segments(rows: Rows) -> bytes | None:
    """Draw each segment's share of the customers and of the revenue."""

    def chart() -> Any:
        from segmenter.report.charts.decision import customers_and_revenue

        return customers_and_revenue(rows)

    shares = [row[f"share_of_{what}"] for row in rows for what in ("customers", "revenue")]
    known = all(share is not None for share in shares)
    return _drawn("Customers and revenue", chart) if rows and known else None


def moves(rows: Rows) -> bytes | None:
    """Draw who was in which segment, and is in which one."""
    ranks = {
        row[f"segment_rank_{end}"]: row[f"segment_{end}"] for row in rows for end in ("from", "to")
    }
    names = [ranks[rank] for rank in sorted(rank for rank in ranks if rank is not None)]

    def chart() -> Any:
        from segmenter.report.charts.decision import moves as matrix

        return matrix(rows, names)

    return _drawn("Who moved", chart) if names else None


def quality(rows: Rows) -> bytes | None:
    """Draw the measures between 0 and 1, beside those of a flat clustering."""
    unit = [
        row
        for row in rows
        if row["value"] is not None
        and -1 <= row["value"] <= 1
        and row["metric"] not in _NOT_A_SHARE
    ]

    def chart() -> Any:
        from segmenter.report.charts.diagnostics import quality as measures

        return measures(unit)

    return _drawn("Metrics between 0 and 1", chart) if unit else None


def drift(rows: Rows) -> bytes | None:
    """Draw how far each metric has moved, beside its threshold."""
    known = [row for row in rows if row["metric"] != "overall" and row["value"] is not None]

    def chart() -> Any:
        from segmenter.report.charts.diagnostics import drift as moved

        return moved(known)

    return _drawn("How far the base has moved", chart) if known else None


def backtest(rows: Rows) -> bytes | None:
    """Draw what each segment brought later, beside the ranking by spend alone."""
    names = list(dict.fromkeys(row["segment"] for row in rows))
    measure = "share_of_later_revenue"
    newest = max((row["as_of"] for row in rows), default=None)
    known = [row for row in rows if row[measure] is not None and row["as_of"] == newest]

    def chart() -> Any:
        from segmenter.report.charts.decision import backtest as later

        return later(known, names, measure)

    return _drawn("Share of later revenue", chart) if known else None
