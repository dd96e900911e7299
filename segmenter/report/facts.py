"""What the report says, as one object: rows that the charts and sentences are made of."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from segmenter.operations.lifecycle import Lapsed
from segmenter.report.availability import Missing, RowsOrMissing
from segmenter.report.dendrogram import Dendrogram
from segmenter.report.level_maps import LevelMap
from segmenter.sources.source import Source

__all__ = ["Facts", "Map", "Rows"]

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Map:
    """The map of customers, on logarithmic axes.

    Attributes
    ----------
    cells : list of dict
        ``segment, customers, revenue`` and the edges of the cell.
    boundaries : list of dict
        The lines between segments.
    monetary, frequency : tuple of float
        Both ends of the axes.
    lowest : float
        Less money than this stands at the edge.
    is_density : bool
        Whether cells are coarse, because there are many customers.
    """

    cells: Rows
    boundaries: Rows
    monetary: tuple[float, float]
    frequency: tuple[float, float]
    lowest: float
    is_density: bool


@dataclass(frozen=True)
class Facts:
    """All that the report says.

    Attributes
    ----------
    model : dict
        The row of ``segments_internal.models``, its JSON columns parsed.
    segments, splits, versions : list of dict
    read_at : datetime
        UTC.
    refreshed_at : datetime or None
        When the snapshot was made that the customers are read from; None where they are live.
    first_order_at, last_order_at : datetime or None
    map : Map
    concentration : list of dict
    levels : list of LevelMap, or Missing
        Each level of the recursion.
    trees : list of Dendrogram, or Missing
        The top of the tree of each level.
    lifecycle, actions, moves, history, backtest, quality, drift, data_quality : RowsOrMissing
        Rows, or why there are none.
    lapsed : Lapsed or None
        How many of the lapsed came again, where a backtest has measured it.
    moves_from : datetime or None
        Moves are counted from then to the last order.
    names_customers : bool
        Whether ids may be shown.
    whales, to_do : list of dict
        Customers by id; empty unless they were asked for.
    has_customers : bool
        Whether the source has customers, not anonymous points.
    by_attribute : dict of str to dict
        By attribute and value rows as those of `segments`.
    """

    model: dict[str, Any]
    segments: Rows
    splits: Rows
    versions: Rows
    read_at: dt.datetime
    refreshed_at: dt.datetime | None
    first_order_at: dt.datetime | None
    last_order_at: dt.datetime | None
    map: Map
    concentration: Rows
    levels: list[LevelMap] | Missing
    trees: list[Dendrogram] | Missing
    lifecycle: RowsOrMissing
    actions: RowsOrMissing
    moves: RowsOrMissing
    history: RowsOrMissing
    backtest: RowsOrMissing
    quality: RowsOrMissing
    drift: RowsOrMissing
    data_quality: RowsOrMissing
    lapsed: Lapsed | None = None
    moves_from: dt.datetime | None = None
    names_customers: bool = False
    whales: Rows = field(default_factory=list)
    to_do: Rows = field(default_factory=list)
    has_customers: bool = True
    by_attribute: dict[str, dict[str, Rows]] = field(default_factory=dict)
    currency: str | None = None

    @property
    def names(self) -> list[str]:
        """The segments, highest first."""
        return [row["segment"] for row in self.segments]

    @property
    def customers(self) -> int:
        """Number of customers."""
        return int(sum(row["customers"] for row in self.segments))

    @property
    def revenue(self) -> float:
        """Revenue of known customers."""
        return float(sum(row["revenue"] for row in self.segments))

    @property
    def money(self) -> str:
        """What money is counted in."""
        unit = self.model["source"].get("unit")
        if unit is not None:
            return f"units of {unit} {self.currency or ''}".rstrip()
        return self.currency or "the table's currency"

    @property
    def relation(self) -> str:
        """The table or file that the model was fitted to, without folders."""
        source = Source.from_dict(self.model["source"])
        return source.file.rsplit("/", 1)[-1] if source.is_file else str(source.relation)
