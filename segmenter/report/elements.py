"""What a report consists of: sections of sentences, figures and tables, still without HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from segmenter.formatting import Column
from segmenter.report.availability import Missing

__all__ = ["Figure", "Section", "Table", "Tile"]


@dataclass(frozen=True)
class Table:
    """Rows to read.

    Attributes
    ----------
    title : str
    columns : sequence of Column
    rows : sequence of dict
        A row with a ``segment`` follows the filter.
    is_open : bool
        Whether it is shown at once, or only when the reader asks for it.
    groups : mapping of str to mapping
        Rows that the reader can pick in the place of all, by heading and name.
    shown : int, optional
        So many rows can be read in the page; its download has all.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[dict[str, Any]]
    is_open: bool = False
    groups: Mapping[str, Mapping[str, Sequence[dict[str, Any]]]] = field(default_factory=dict)
    shown: int | None = None


@dataclass(frozen=True)
class Figure:
    """A chart.

    Attributes
    ----------
    key : str
        Its name in the page, and that of its PNG file.
    title : str
    spec : dict
        The chart in Vega-Lite.
    caption : str
        How to read it.
    min_width : int
        On a narrower screen it is scrolled, not squeezed.
    """

    key: str
    title: str
    spec: dict[str, Any]
    caption: str = ""
    min_width: int = 0


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes
    ----------
    key, title : str
    lead : str
        What there is to see, in a sentence or two.
    figures : sequence of Figure
        Side by side where there is room.
    tables : sequence of Table
    notes : sequence of str
        What a reader has to know to read it right.
    """

    key: str
    title: str
    lead: str
    figures: Sequence[Figure] = field(default_factory=list)
    tables: Sequence[Table] = field(default_factory=list)
    notes: Sequence[str] = field(default_factory=list)

    @property
    def is_missing(self) -> bool:
        """Whether its lead says why there is nothing to see."""
        return isinstance(self.lead, Missing)


class Tile(NamedTuple):
    """A figure at the top of the page."""

    value: str
    label: str
