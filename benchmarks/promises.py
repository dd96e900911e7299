"""What is promised, beside what was measured: one table, in which the two cannot contradict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.measuring import Row

__all__ = ["PROMISES", "TITLES", "Promise", "promise_rows"]

TITLES = ("promise", "rows", "bar", "measured", "kept")


def _times(row: Row) -> float | None:
    """Return how many times the peer's time ours is."""
    if row.theirs is None:
        return None
    times = row.ours.median / row.theirs.median
    return 1 / times if row.ours.unit == "/s" else times


def _faster(row: Row) -> float | None:
    times = _times(row)
    return None if times is None else 1 / times


def _median(row: Row) -> float:
    return row.ours.median


def _gigabytes(row: Row) -> float | None:
    return None if row.ours.memory is None else row.ours.memory / 1e9


def _searches(row: Row) -> float | None:
    found: float | None = row.details.get("searches_per_point")
    return found


@dataclass(frozen=True)
class Promise:
    """One thing that is promised, and the rows that show whether it is kept."""

    words: str
    bar: float
    part: str
    case: str
    """How the rows' case begins."""
    measure: Callable[[Row], float | None] = _times
    """Of a row; None where it has no such figure."""
    unit: str = "times"
    sizes: tuple[int, ...] = ()
    """Of the rows; all when empty."""
    peer: str = ""
    """How the rows' peer begins."""
    at_least: bool = False
    """Whether the figure must reach the bar, instead of staying below it."""

    def measured(self, rows: Sequence[Row]) -> float | None:
        """Return the worst figure of the rows, None where there is none."""
        found = [
            value
            for row in rows
            if row.part == self.part
            and row.case.startswith(self.case)
            and row.peer.startswith(self.peer)
            and (not self.sizes or row.size in self.sizes)
            and (value := self.measure(row)) is not None
        ]
        if not found:
            return None
        return min(found) if self.at_least else max(found)

    def is_kept(self, figure: float) -> bool:
        """Tell whether a figure is as promised."""
        return figure >= self.bar if self.at_least else figure <= self.bar

    def where(self) -> str:
        """Return which rows these are, as the table says it."""
        return f"`{self.part}`, {self.case}"

    def shown_bar(self) -> str:
        """Return the bar in words."""
        return f"{'at least' if self.at_least else 'at most'} {self.bar:g} {self.unit}".rstrip()


K, M = 1_000, 1_000_000

PROMISES = (
    Promise("a fit beside the bare query", 1.5, "fit", "order column, end", sizes=(100 * M,)),
    Promise("the same without orders", 3, "fit", "no order column, end", sizes=(100 * M,)),
    Promise("memory of such a fit", 8, "fit", "order column, end", _gigabytes, "GB", (100 * M,)),
    Promise("files beside a view over them", 1.02, "reading", "8 Parquet files"),
    Promise(
        "Ward linkage beside fastcluster",
        90,
        "clustering",
        "Ward linkage",
        _faster,
        "times as fast",
        (100 * K,),
        "fastcluster",
        at_least=True,
    ),
    Promise(
        "Ward linkage of 1 M points",
        3,
        "clustering",
        "Ward linkage",
        _median,
        "s",
        (M,),
        "fastcluster",
    ),
    Promise(
        "Ward linkage of 10 M points",
        30,
        "clustering",
        "Ward linkage",
        _median,
        "s",
        (10 * M,),
        "fastcluster",
    ),
    Promise(
        "memory of that",
        2.5,
        "clustering",
        "Ward linkage",
        _gigabytes,
        "GB",
        (10 * M,),
        "fastcluster",
    ),
    Promise(
        "two threads beside one, 1 M points",
        0.6,
        "clustering",
        "Ward linkage, two threads",
        sizes=(M,),
        peer="one thread",
    ),
    Promise(
        "two threads beside one, 10 M points",
        0.6,
        "clustering",
        "Ward linkage, two threads",
        sizes=(10 * M,),
        peer="one thread",
    ),
    Promise("exponent of time over points", 1.15, "clustering", "exponent", _median, ""),
    Promise("searches a point, worst layout", 5, "clustering", "layout", _searches, "searches"),
    Promise("the worst layout beside the friendly one", 5, "clustering", "layout"),
    Promise("labelling files beside a plain COPY", 2, "label", "Parquet to Parquet"),
    Promise(
        "sales to segments beside a notebook",
        20,
        "notebook",
        "end to end",
        _faster,
        "times as fast",
        at_least=True,
    ),
    Promise("a fit beside one start, not monotone", 1.1, "meaning", "whole fit"),
    Promise("gap indexes of 1 M points", 0.2, "meaning", "gap indexes", _median, "s", (M,)),
    Promise(
        "the first run of an installation beside the second",
        1.3,
        "kernels",
        "segmenter demo, first run",
    ),
    Promise("segmenter --help", 0.4, "startup", "segmenter --help", _median, "s"),
    Promise("segmenter segments", 1, "startup", "segmenter segments", _median, "s"),
    Promise("segmenter demo", 4, "startup", "segmenter demo", _median, "s"),
)


def promise_rows(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Return a row of the table, as texts, for each promise that was measured."""
    found = []
    for promise in PROMISES:
        figure = promise.measured(rows)
        if figure is not None:
            kept = "yes" if promise.is_kept(figure) else "**no**"
            found.append(
                (promise.words, promise.where(), promise.shown_bar(), f"{figure:.3g}", kept)
            )
    return found
