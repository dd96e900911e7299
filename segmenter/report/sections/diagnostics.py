"""How far to trust it: quality and stability, drift, the data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from segmenter.formatting import Column, counted
from segmenter.report.availability import Missing
from segmenter.report.charts.diagnostics import drift, plain, quality
from segmenter.report.elements import Figure, Section, Table
from segmenter.report.facts import Facts
from segmenter.report.theme import moment

__all__ = ["trust_sections"]

Rows = list[dict[str, Any]]

_SIGNS = {"blocks": "✗ blocks", "warns": "! warns", "informs": "i informs", "ok": "✓ ok"}


def trust_sections(facts: Facts) -> Iterator[Section]:
    """Return what tells whether the segments hold."""
    yield _quality(facts)
    yield _drift(facts)
    yield _data_quality(facts)


def _quality(facts: Facts) -> Section:
    title = "Quality and stability"
    rows = facts.quality
    if isinstance(rows, Missing):
        return Section("quality", title, rows)
    unit = [row for row in rows if row["value"] is not None and -1 <= row["value"] <= 1]
    unit = [row for row in unit if row["metric"] not in ("davies_bouldin", "calinski_harabasz")]
    figure = Figure(
        "quality",
        "Metrics between 0 and 1",
        quality(unit),
        "Lower is better for the three shares, higher for silhouette, agreement and stability; the "
        "gap index is neither: near 1 the lines cut a crowd, near 0 they run through gaps.",
    )
    table = Table(
        "What each metric says",
        (
            Column("name", "Metric", "key"),
            Column("value", "Segments", "metric"),
            Column("flat_value", "Flat", "metric"),
            Column("message", "What it says"),
            Column("basis", "Measured on"),
        ),
        [{**row, "name": plain(row["metric"])} for row in rows],
        is_open=True,
    )
    return Section(
        "quality",
        title,
        "The segments beside a flat clustering of the same customers into as many. Neither is "
        "better by rule: the recursion gives up some compactness for segments of useful sizes.",
        [figure] if unit else [],
        [table],
        [f"Measured {moment(rows[0]['measured_at'])}, on the training customers."],
    )


def _drift(facts: Facts) -> Section:
    title = "Drift since the fit"
    rows = facts.drift
    if isinstance(rows, Missing):
        return Section("drift", title, rows)
    overall = next((row["message"] for row in rows if row["metric"] == "overall"), "")
    metrics = [row for row in rows if row["metric"] != "overall"]
    known = [row for row in metrics if row["value"] is not None]
    figure = Figure(
        "drift",
        "How far the base has moved from what the model learned",
        drift(known) if known else {},
        "The mark is the threshold: beyond it a metric has drifted.",
    )
    table = Table(
        "What moved",
        (
            Column("name", "Metric", "key"),
            Column("value", "Index", "metric"),
            Column("threshold", "Threshold", "metric"),
            Column("is_drifted", "Drifted"),
            Column("message", "What moved"),
        ),
        [{**row, "name": plain(row["metric"])} for row in metrics],
    )
    return Section(
        "drift",
        title,
        f"{overall[:1].upper()}{overall[1:]}.",
        [figure] if known else [],
        [table],
        [f"Live, as of {moment(facts.read_at)}."],
    )


def _data_quality(facts: Facts) -> Section:
    title = "Data quality"
    rows = facts.data_quality
    if isinstance(rows, Missing):
        return Section("data-quality", title, rows)
    columns = [
        Column("sign", "Severity", "key"),
        Column("message", "What was found"),
        Column("revenue", "Revenue", "money"),
    ]
    if facts.names_customers:
        columns.append(Column("example", "Example"))  # it may be a customer
    signed = [{**row, "sign": _SIGNS.get(row["severity"], row["severity"])} for row in rows]
    found = [row for row in signed if row["severity"] != "ok"]
    fine = [row for row in signed if row["severity"] == "ok"]
    return Section(
        "data-quality",
        title,
        _verdict(rows),
        [],
        [
            Table(f"Checks that found something: {len(found)}", columns, found, is_open=True),
            Table(f"Checks that found nothing to say: {len(fine)}", columns, fine),
        ],
        [f"Live, as of {moment(facts.read_at)}."],
    )


def _verdict(rows: Rows) -> str:
    counts = {
        severity: sum(row["severity"] == severity for row in rows)
        for severity in ("blocks", "warns")
    }
    if not any(counts.values()):
        return "Nothing in the data stands against these segments."
    parts = [
        f"{counted(number, 'check')} {word if number != 1 else severity}"
        for severity, word, number in (
            ("blocks", "block", counts["blocks"]),
            ("warns", "warn", counts["warns"]),
        )
        if number
    ]
    them = "it" if sum(counts.values()) == 1 else "them"
    return f"{' and '.join(parts)}: read {them} before you rely on the segments."
