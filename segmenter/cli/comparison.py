"""Two versions of the model side by side, in tables and sentences."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from segmenter.cli.options import Format
from segmenter.cli.tables import Column, write
from segmenter.cli.terminal import results
from segmenter.evaluation.metrics import adjusted_rand
from segmenter.formatting import counted, percent, verb
from segmenter.schema.names import SCHEMA

if TYPE_CHECKING:
    import duckdb

__all__ = ["COLUMNS", "show_comparison"]

COLUMNS = (
    Column("segment_a", "In A"),
    Column("segment_b", "In B"),
    Column("customers", "Customers", "count"),
    Column("revenue", "Revenue", "revenue"),
    Column("rank_a", "", "count"),
    Column("rank_b", "", "count"),
)

MANY_DIFFERENCES = 12

Pairs = Sequence[tuple[Any, ...]]


def show_comparison(con: duckdb.DuckDBPyConnection, a: int, b: int, rows: Pairs) -> None:
    """Write who is where in both versions, how far they agree, and where their rules differ."""
    _show_sizes(a, b, rows)
    results.line()
    write((Column("", f"In model {a}"), Column("", f"in model {b}"), *COLUMNS[2:]), rows, _TABLE)
    results.line()
    _say(_agreement(rows))
    _show_rules(con, a, b)


_TABLE = Format.TABLE


def _agreement(rows: Pairs) -> str:
    customers, ranks_a, ranks_b = (
        np.array([row[place] for row in rows], dtype=np.int64) for place in (2, 4, 5)
    )
    total = int(customers.sum())
    if not total:
        return "There are no customers to compare."
    same = sum(int(row[2]) for row in rows if row[0] == row[1])
    index = adjusted_rand(ranks_a, ranks_b, customers)
    names = (
        "" if set(ranks_a) == set(ranks_b) else " The versions do not have equally many segments."
    )
    return (
        f"{percent(same / total, 1)} of {counted(total, 'customer')} "
        f"{verb(total, 'has', 'have')} a segment of the same name in both; adjusted Rand index "
        f"{index:.3f} (1 is full agreement, whatever the names).{names}"
    )


def _show_sizes(a: int, b: int, rows: Pairs) -> None:
    sizes: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        sizes[row[4], row[0]][0] += int(row[2])
        sizes[row[5], row[1]][1] += int(row[2])
    columns = (
        Column("segment", "Segment"),
        Column("customers_a", f"Model {a}", "count"),
        Column("customers_b", f"Model {b}", "count"),
    )
    write(columns, [(name, *sizes[rank, name]) for rank, name in sorted(sizes)], _TABLE)


def _show_rules(con: duckdb.DuckDBPyConnection, a: int, b: int) -> None:
    found = con.execute(
        f"""
        select frequency_from, frequency_to, monetary_from, monetary_below, segment_a, segment_b
        from {SCHEMA}.compare_rules($1, $2)
        where segment_a <> segment_b
        """,
        [a, b],
    ).fetchall()
    if not found:
        _say("Their rules are the same everywhere.")
        return
    results.line()
    results.line("Where their rules differ", style="bold")
    for row in found[:MANY_DIFFERENCES]:
        _say(f"  {_orders(row[0], row[1])}, {_money(row[2], row[3])}: {row[4]}, then {row[5]}")
    if len(found) > MANY_DIFFERENCES:
        _say(f"  ... and {len(found) - MANY_DIFFERENCES} more (segments.compare_rules({a}, {b}))")


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


def _say(text: str) -> None:
    results.line(text)
