"""The recursion as it went: the training customers before and after each zoom, and their trees."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from sqlglot import exp

from segmenter.points import Points
from segmenter.report.availability import Missing
from segmenter.report.dendrogram import Dendrogram, dendrogram
from segmenter.report.recursion_tree import Block, Level, levels
from segmenter.schema.connection import first_row, records
from segmenter.schema.files import bind, literal
from segmenter.schema.names import SCHEMA

__all__ = ["MAX_POINTS", "LevelMap", "level_maps", "trees"]

Rows = list[dict[str, Any]]

MAX_POINTS = 300_000
"""With more distinct points the tree is not grown again: the report would have to wait for it."""

_ACROSS, _UP = 60, 50

FORGOTTEN = Missing(
    "The points that this model learned from were not kept, so its levels cannot be drawn. Fit "
    "without --forget-points to see them."
)
TOO_MANY = Missing(
    f"This model learned from more than {MAX_POINTS:,} distinct points, so its tree is not grown "
    "again for the report."
)


@dataclass(frozen=True)
class LevelMap:
    """The training customers of one level, on plain axes.

    Attributes
    ----------
    level : Level
    cells : list of dict
        ``part, segment, customers`` and the edges of the cell.
    monetary, frequency : tuple of float
        Both ends of the axes.
    """

    level: Level
    cells: Rows
    monetary: tuple[float, float]
    frequency: tuple[float, float]


def level_maps(
    con: duckdb.DuckDBPyConnection, splits: Rows, segments: Rows
) -> list[LevelMap] | Missing:
    """Return the map of each level of the current model.

    Parameters
    ----------
    con : DuckDBPyConnection
    splits, segments : list of dict
        The rows of the current model in ``segments.model_splits`` and ``model_segments``.
    """
    maps = [_level_map(con, level) for level in levels(splits, segments)]
    return [each for each in maps if each] or FORGOTTEN


def trees(
    con: duckdb.DuckDBPyConnection, splits: Rows, segments: Rows
) -> list[Dendrogram] | Missing:
    """Grow the tree of each level again and return its top."""
    if sum(split["block_points"] for split in splits) > MAX_POINTS:
        return TOO_MANY
    blocks = [level.block for level in levels(splits, segments)]
    points = [_points(con, block) for block in blocks]
    return [dendrogram(part) for part in points if len(part) > 1] or FORGOTTEN


def _level_map(con: duckdb.DuckDBPyConnection, level: Level) -> LevelMap | None:
    least, most, low, high = first_row(
        con,
        f"""
        select min(frequency), max(frequency), min(monetary), max(monetary)
        from {SCHEMA}.model_points
        inner join {SCHEMA}.models using (model_id)
        where is_current and list_contains($1, segment)
        """,
        [list(level.block.segments)],
    )
    if least is None:
        return None
    across = max(1, math.ceil((most - least + 1) / _ACROSS))
    up = _round_up((high - low) / _UP) or 1.0
    floor = math.floor(low / up) * up
    values: dict[str, exp.Expr] = {
        "block": exp.array(*map(exp.Literal.string, level.block.segments)),
        "monetary_from": literal(floor),
        "monetary_step": literal(up),
        "frequency_from": literal(least),
        "frequency_step": literal(across),
    }
    cells = records(con, bind("queries/report_level", values).sql(dialect="duckdb"))
    return LevelMap(
        level,
        [{**cell, "part": level.part_of(cell["segment"])} for cell in cells],
        (floor, max(cell["monetary_below"] for cell in cells)),
        (least - 0.5, max(cell["frequency_to"] for cell in cells) + 0.5),
    )


def _points(con: duckdb.DuckDBPyConnection, block: Block) -> Points:
    """Return the training points that ended up in a block."""
    found = con.execute(
        f"""
        select model_points.monetary, model_points.frequency, model_points.customers
        from {SCHEMA}.model_points
        inner join {SCHEMA}.models using (model_id)
        where is_current and list_contains($1, segment)
        """,
        [list(block.segments)],
    ).fetchnumpy()
    cents = np.round(np.asarray(found["monetary"], np.float64) * 100).astype(np.int64)
    return Points.group(cents, found["frequency"], found["customers"])


def _round_up(size: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is not below a size."""
    if size <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(size))
    return min(step * power for step in (1, 2, 5, 10) if step * power >= size * (1 - 1e-9))
