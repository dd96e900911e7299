"""The recursion as it went: the training customers before and after each zoom, and their trees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from sqlglot import exp

from segmenter.clustering.scale import scaled
from segmenter.points import Points
from segmenter.report.availability import Missing
from segmenter.report.dendrogram import Dendrogram, dendrogram
from segmenter.report.recursion_tree import Level
from segmenter.schema.connection import first_row, records
from segmenter.schema.files import bind, literal
from segmenter.settings import Settings

__all__ = ["MAX_POINTS", "LevelMap", "level_maps", "trees"]

Rows = list[dict[str, Any]]

MAX_POINTS = 300_000
"""With more distinct points the tree is not grown again: the report would have to wait for it."""

_ACROSS, _UP = 60, 50

FORGOTTEN = Missing(
    "The points that this model learned from were not kept, so its levels cannot be drawn. Fit "
    "again and keep the points to see them."
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


def level_maps(con: duckdb.DuckDBPyConnection, levels: Sequence[Level]) -> list[LevelMap] | Missing:
    """Return the map of each level of the current model."""
    maps = [_level_map(con, level) for level in levels]
    return [each for each in maps if each] or FORGOTTEN


def trees(
    con: duckdb.DuckDBPyConnection, levels: Sequence[Level], settings: Settings
) -> list[Dendrogram] | Missing:
    """Grow the tree of each level again and return its top."""
    if sum(level.points for level in levels) > MAX_POINTS:
        return TOO_MANY
    blocks = [_points(con, level) for level in levels]
    found = [scaled(points, settings, blocks[0]) for points in blocks if len(points) > 1]
    return [dendrogram(base) for base in found if len(base.at) > 1] or FORGOTTEN


def _level_map(con: duckdb.DuckDBPyConnection, level: Level) -> LevelMap | None:
    extent = exp.select("min(frequency)", "max(frequency)", "min(monetary)", "max(monetary)")
    query = extent.from_(_training_points(level).subquery("points"))
    least, most, low, high = first_row(con, query.sql(dialect="duckdb"))
    if least is None:
        return None
    across = max(1, math.ceil((most - least + 1) / _ACROSS))
    up = _round_up((high - low) / _UP) or 1.0
    floor = math.floor(low / up) * up
    values: dict[str, exp.Expr] = {
        "block": _names(level),
        "monetary_from": literal(floor),
        "monetary_step": literal(up),
        "frequency_from": literal(least),
        "frequency_step": literal(across),
    }
    cells = records(con, bind("queries/report_level", values).sql(dialect="duckdb"))
    return LevelMap(
        level,
        [{**cell, "part": level.part_of[cell["segment"]]} for cell in cells],
        (floor, max(cell["monetary_below"] for cell in cells)),
        (least - 0.5, max(cell["frequency_to"] for cell in cells) + 0.5),
    )


def _points(con: duckdb.DuckDBPyConnection, level: Level) -> Points:
    """Return the training points of a level, none where the fit did not keep them."""
    found = con.execute(_training_points(level).sql(dialect="duckdb")).fetchnumpy()
    cents = np.round(np.asarray(found["monetary"], np.float64) * 100).astype(np.int64)
    return Points.group(cents, found["frequency"], found["customers"])


def _training_points(level: Level) -> exp.Query:
    query = bind("queries/report_level_points", {"block": _names(level)})
    assert isinstance(query, exp.Query)
    return query


def _names(level: Level) -> exp.Expr:
    return exp.array(*map(exp.Literal.string, level.segments))


def _round_up(size: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is not below a size."""
    if size <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(size))
    return min(step * power for step in (1, 2, 5, 10) if step * power >= size * (1 - 1e-9))
