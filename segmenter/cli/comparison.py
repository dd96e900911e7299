"""Two versions of the model side by side, in tables and sentences."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from segmenter.cli.options import Format
from segmenter.cli.tables import Column, write, write_records
from segmenter.cli.terminal import results
from segmenter.formatting import counted, percent, verb

if TYPE_CHECKING:
    from segmenter.operations.compare import Comparison

__all__ = ["COLUMNS", "show_comparison"]

COLUMNS = (
    Column("segment_a", "In A"),
    Column("segment_b", "In B"),
    Column("customers", "Customers", "count"),
    Column("revenue", "Revenue", "revenue"),
    Column("segment_rank_a", "", "count"),
    Column("segment_rank_b", "", "count"),
)

MANY_DIFFERENCES = 12


def show_comparison(compared: Comparison) -> None:
    """Write who is where in both versions, how far they agree, and where their rules differ."""
    a, b = compared.model_a, compared.model_b
    _show_sizes(compared)
    results.line()
    titles = {"segment_a": f"In model {a}", "segment_b": f"in model {b}"}
    columns = [column._replace(title=titles.get(column.name, column.title)) for column in COLUMNS]
    write_records(columns, compared.table, Format.TABLE)
    results.line()
    results.line(_agreement(compared))
    _show_rules(compared)


def _agreement(compared: Comparison) -> str:
    total = compared.customers
    if not total:
        return "There are no customers to compare."
    rows = compared.table.records()
    ranks_a, ranks_b = ({row[f"segment_rank_{one}"] for row in rows} for one in ("a", "b"))
    names = "" if ranks_a == ranks_b else " The versions do not have equally many segments."
    return (
        f"{percent(compared.same_name / total, 1)} of {counted(total, 'customer')} "
        f"{verb(total, 'has', 'have')} the same segment in both; adjusted Rand index "
        f"{compared.adjusted_rand_index:.3f} (1 is full agreement, whatever the names).{names}"
    )


def _show_sizes(compared: Comparison) -> None:
    sizes: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in compared.table:
        sizes[row["segment_rank_a"], row["segment_a"]][0] += row["customers"]
        sizes[row["segment_rank_b"], row["segment_b"]][1] += row["customers"]
    columns = (
        Column("segment", "Segment"),
        Column("customers_a", f"Model {compared.model_a}", "count"),
        Column("customers_b", f"Model {compared.model_b}", "count"),
    )
    write(columns, [(name, *sizes[rank, name]) for rank, name in sorted(sizes)], Format.TABLE)


def _show_rules(compared: Comparison) -> None:
    found = compared.rules.records()
    if not found:
        results.line("Their rules are the same everywhere.")
        return
    results.line()
    results.line("Where their rules differ", style="bold")
    for row in found[:MANY_DIFFERENCES]:
        orders = _orders(row["frequency_from"], row["frequency_to"])
        money = _money(row["monetary_from"], row["monetary_below"])
        results.line(f"  {orders}, {money}: {row['segment_a']}, then {row['segment_b']}")
    if len(found) > MANY_DIFFERENCES:
        versions = f"{compared.model_a}, {compared.model_b}"
        more = len(found) - MANY_DIFFERENCES
        results.line(f"  ... and {more} more (segments.compare_rules({versions}))")


def _orders(first: int, last: int) -> str:
    if last >= 2**62:
        return f"{first:,} or more orders"
    if first == last:
        return counted(first, "order")
    return f"{first:,} to {last:,} orders"


def _money(low: float, below: float) -> str:
    if math.isinf(low) and math.isinf(below):
        return "whatever is spent"
    if math.isinf(low):
        return f"below {below:,.2f}"
    return f"from {low:,.2f}" if math.isinf(below) else f"{low:,.2f} to below {below:,.2f}"
