"""What a fit says of its result: where segments may not mean what their names say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from segmenter.clustering.gaps import is_gap
from segmenter.formatting import counted, percent, within_years
from segmenter.model import Model
from segmenter.progress import Note
from segmenter.schema.connection import first_row, records
from segmenter.schema.files import read
from segmenter.schema.names import INTERNAL, SCHEMA, SNAPSHOT
from segmenter.storage.added_views import has_object

if TYPE_CHECKING:
    import duckdb

__all__ = ["MOST", "result_notes"]

MOST = 5
"""A fit says no more than so many, those that matter most."""

_FEW = 100
"""Of fewer customers nothing is said: shares of a handful tell little."""

_LARGE_TOP = 0.35
_MOSTLY = 0.5
_NEWCOMERS_BELOW = 0.75
_ONE_NUMBER = 0.98
_YEAR = 350
"""Days from which on a history counts as a year, and thresholds as learned from one."""

_TOO_LONG = 366
"""Days from which on whoever is new has clearly had less time to spend than the others."""

Rows = list[dict[str, Any]]


class _Metrics(NamedTuple):
    """Fewest and most orders of a customer, and how orders and money are correlated."""

    least: int | None
    most: int | None
    correlation: float | None


def result_notes(con: duckdb.DuckDBPyConnection | None, model: Model) -> list[Note]:
    """Return notes on a model that was just published, most important first.

    Parameters
    ----------
    con : DuckDBPyConnection or None
        Where its customers are, if they are in DuckDB. Of points, and of customers who are
        elsewhere, it is said what the training points tell: nothing of time.
    model : Model
        The current one.
    """
    if con is not None and has_object(con, INTERNAL, SNAPSHOT):
        rows = records(con, read("queries/result_notes"))
    else:
        con, rows = None, _rows_of_points(model)
    if sum(row["customers"] for row in rows) < _FEW or len(rows) < 2:
        return []
    metrics = _metrics_of_points(model) if con is None else _metrics(con)
    one_number = [] if any(map(is_gap, model.segmentation.splits)) else _one_number(metrics)
    found = [*one_number, *_shape(rows), *_lowest(rows), *_time(rows, model)]
    return found[:MOST]


def _rows_of_points(model: Model) -> Rows:
    """Return what the query of the snapshot does, of the training customers."""
    points = model.points
    labels = model.rules.lookup(points.cents, points.frequency)
    found = []
    for code, name in enumerate(model.names):
        part = points.take(labels == code)
        if len(part):
            found.append(
                {
                    "segment": name,
                    "segment_rank": code + 1,
                    "customers": part.n_customers,
                    "buyers": int(part.customers[part.frequency > 0].sum()),
                    "with_one_order": int(part.customers[part.frequency == 1].sum()),
                    "with_lifecycle": 0,
                    "newcomers": 0,
                    "still_there": 0,
                    "first_order_at": None,
                    "last_order_at": None,
                }
            )
    return found


def _metrics_of_points(model: Model) -> _Metrics:
    points = model.points.take(model.points.frequency > 0)
    if not len(points):
        return _Metrics(None, None, None)
    metrics = np.stack([points.cents, points.frequency]).astype(np.float64)
    scatter = np.cov(metrics, fweights=points.customers, ddof=0)
    apart = float(np.sqrt(scatter[0, 0] * scatter[1, 1]))
    least, most = int(points.frequency.min()), int(points.frequency.max())
    return _Metrics(least, most, float(scatter[0, 1]) / apart if apart > 0 else None)


def _metrics(con: duckdb.DuckDBPyConnection) -> _Metrics:
    query = f"""
        select min(frequency), max(frequency),
            case when stddev_pop(monetary) > 0 and stddev_pop(frequency) > 0
                then corr(monetary, frequency) end
        from {SCHEMA}.{SNAPSHOT} where frequency > 0 and not is_whale
        """
    return _Metrics(*first_row(con, query))


def _one_number(metrics: _Metrics) -> Iterator[Note]:
    least, most, alike = metrics
    if least is not None and least == most:
        yield Note(
            "orders_without_spread",
            f"everybody but the whales has {counted(least, 'order')}, so that money alone makes "
            "the segments.",
        )
    elif alike is not None and alike >= _ONE_NUMBER:
        yield Note(
            "one_number",
            "money and orders go up together here, as with subscriptions of one price: the "
            "segments are cuts of one number.",
        )


def _shape(rows: Rows) -> Iterator[Note]:
    everybody = sum(row["customers"] for row in rows)
    top = rows[0]
    if top["segment_rank"] == 1 and top["customers"] > _LARGE_TOP * everybody:
        yield Note(
            "top_segment_large",
            f"{top['segment']} holds {percent(top['customers'] / everybody)} of the customers: "
            "that is no top any more, but a large part of the base.",
        )
    for row in rows[:-1]:
        once = row["with_one_order"] / row["buyers"] if row["buyers"] else 0.0
        if once > _MOSTLY:
            yield Note(
                "mostly_one_order",
                f"{percent(once)} of {row['segment']} ordered only once: large single orders, not "
                "customers who come again.",
            )


def _lowest(rows: Rows) -> Iterator[Note]:
    low = rows[-1]
    if not low["with_lifecycle"]:
        return
    there = low["still_there"] / low["with_lifecycle"]
    if there > _MOSTLY:
        yield Note(
            "lowest_segment_active",
            f"{percent(there)} of {low['segment']} are new or active: the name means low value, "
            "not that they are leaving.",
        )


def _time(rows: Rows, model: Model) -> Iterator[Note]:
    firsts = [within_years(row["first_order_at"]) for row in rows if row["first_order_at"]]
    lasts = [within_years(row["last_order_at"]) for row in rows if row["last_order_at"]]
    first, last = min(filter(None, firsts), default=None), max(filter(None, lasts), default=None)
    if first is None or last is None:
        return
    days = (last - first).days
    newcomers = sum(row["newcomers"] for row in rows)
    if days > _TOO_LONG and not model.source.get("window") and newcomers:
        low = rows[-1]["newcomers"] / newcomers
        if low > _NEWCOMERS_BELOW:
            yield Note(
                "newcomers_in_lowest",
                f"{percent(low)} of the new customers are {rows[-1]['segment']}: {days / 365:.1f} "
                "years count, of which they had the least. To judge everybody by the same time, "
                "give window = '12 months'.",
            )
    settings = model.settings
    is_learned = settings.active_days is None and settings.lapsed_days is None
    if days < _YEAR and model.active_days is not None and is_learned:
        yield Note(
            "short_history",
            f"who is lapsing is told from {counted(days, 'day')} of history, less than a year: "
            "who comes once a year counts as lapsed. Set active_days and lapsed_days if you know "
            "better.",
        )
