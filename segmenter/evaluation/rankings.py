"""The other ways to order customers, which a backtest puts beside the segments."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from sqlglot import exp

from segmenter.evaluation.repeat_purchases import expected_spend
from segmenter.schema.files import literal
from segmenter.schema.temporary import TemporaryTables, registered

__all__ = ["RANKINGS", "Span", "create_scores"]

RANKINGS = (
    "segments",
    "segment_lifecycle",
    "spend",
    "orders",
    "recent_spend",
    "rfm",
    "bg_nbd",
)
"""All that are compared, in the order in which they are printed."""

_GIVEN = "segmenter_rankings_given"

_ENOUGH = 30
"""With fewer customers who came again, no model of repeat purchases is fitted."""


class Span(NamedTuple):
    """The first moment of all, the last that was known, and the last that is measured."""

    first: datetime
    known_until: datetime
    until: datetime


def create_scores(
    tables: TemporaryTables, learned: list[dict[str, Any]], span: Span
) -> tuple[str, ...]:
    """Make the table ``scores``, and return the rankings that there are.

    Parameters
    ----------
    tables : TemporaryTables
        With ``segmented``, the customers of then, and ``transactions``.
    learned : list of dict
        What customers of each segment and lifecycle brought after an earlier day.
    span : Span
    """
    days = max((span.known_until - span.first).total_seconds() / 86_400, 1.0)
    tables.values |= {
        "known_until": exp.cast(literal(str(span.known_until)), "timestamp"),
        "half_life": exp.cast(literal(days / 4), "double"),
    }
    columns = {
        "segment": pa.string(),
        "lifecycle": pa.string(),
        "mean_later_revenue": pa.float64(),
    }
    rows = {name: pa.array([row[name] for row in learned], kind) for name, kind in columns.items()}
    _create(tables, "learned", pa.table(rows))
    weeks = (span.until - span.known_until).total_seconds() / 604_800
    has_model = _predict(tables, weeks)
    query = tables.query(
        "queries/backtest_scores",
        segmented=tables.staged("segmented"),
        transactions=tables.staged("transactions"),
        learned=tables.staged("learned"),
        predicted=tables.staged("predicted"),
    )
    tables.create("scores", query)
    left_out = {"bg_nbd": not has_model, "segment_lifecycle": not learned}
    return tuple(name for name in RANKINGS if not left_out.get(name))


def _predict(tables: TemporaryTables, weeks: float) -> bool:
    """Let a model of repeat purchases say what it expects; tell whether it could be fitted."""
    transactions = tables.staged("transactions")
    query = tables.query("queries/backtest_history", transactions=transactions)
    history = tables.con.sql(query).to_arrow_table()
    repeats, recency, age, mean = (
        np.asarray(history.column(name).to_numpy(), dtype=np.float64)
        for name in ("repeat_days", "recency", "age", "mean_repeat")
    )
    is_enough = int((repeats > 0).sum()) >= _ENOUGH
    score = expected_spend(repeats, recency, age, mean, weeks) if is_enough else 0.0 * repeats
    _create(tables, "predicted", history.select(["customer_id"]).append_column("score", [score]))
    return is_enough


def _create(tables: TemporaryTables, name: str, rows: pa.Table) -> None:
    with registered(tables.con, _GIVEN, rows):
        tables.create(name, f"from {_GIVEN}")
