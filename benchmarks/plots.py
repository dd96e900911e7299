"""The plots of the suite, each as PNG and SVG, from the rows of the table.

Colours are those of Okabe and Ito, which colour-blind readers can tell apart; ours is always the
blue one, and shapes or labels say the same again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from benchmarks.measuring import Row
from benchmarks.reporting import shown

__all__ = ["draw"]

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
SKY, RED, YELLOW, GREY = "#56B4E9", "#D55E00", "#F0E442", "#999999"
STAGE_COLOURS = (SKY, BLUE, GREEN, YELLOW, ORANGE, RED, PURPLE, GREY)
MARKERS = "osD^v"

STYLE = {
    "figure.dpi": 130,
    "savefig.bbox": "tight",
    "svg.hashsalt": "segmenter",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "font.size": 10,
}


def draw(rows: Sequence[Row], folder: Path) -> Iterator[Path]:
    """Draw what there are rows for; yield each file that was written."""
    for name, plot in PLOTS.items():
        chosen = [row for row in rows if row.part == name.split("-")[0]]
        if not chosen:
            continue
        with plt.rc_context(STYLE):
            figure = plot(chosen)
            for suffix in ("png", "svg"):
                path = folder / f"{name}.{suffix}"
                figure.savefig(path)
                yield path
            plt.close(figure)


def _fit(rows: list[Row]) -> Any:
    """Stack the stages of each fit, in units of the bare aggregation; a panel for each size."""
    fits = [row for row in rows if row.theirs]
    sizes = sorted({row.size for row in fits})
    figure, grid = plt.subplots(len(sizes), 1, figsize=(9, 1 + 1.6 * len(sizes)), squeeze=False)
    for axes, size in zip(grid[:, 0], sizes, strict=True):
        panel = [row for row in fits if row.size == size]
        for place, row in enumerate(panel):
            _stages(axes, place, row)
        axes.axvline(1, color="black", linewidth=1, linestyle="--")
        axes.set_yticks(range(len(panel)), [row.case.split(",")[0] for row in panel])
        axes.invert_yaxis()
        axes.set_xlim(0, axes.get_xlim()[1] * 1.3)
        axes.set_title(f"{size:,} rows", fontsize=10)
    axes.set_xlabel("time of a fit / time of DuckDB's bare aggregation (dashed)")
    figure.suptitle("A fit and its stages beside merely adding up the table", x=0.06, ha="left")
    figure.tight_layout()
    _legend_below(figure, axes)
    return figure


def _stages(axes: Any, place: int, row: Row) -> None:
    """Draw one bar, a piece for each stage."""
    assert row.theirs is not None
    left = 0.0
    for (stage, seconds), colour in zip(row.details.items(), cycle(STAGE_COLOURS), strict=False):
        width = median(seconds) / row.theirs.median
        label = stage if place == 0 else None
        piece = {"color": colour, "edgecolor": "white", "linewidth": 0.5, "label": label}
        axes.barh(place, width, left=left, **piece)
        left += width
    said = f" {shown(row.ours)}; bare {shown(row.theirs)}"
    axes.text(max(left, 1), place, said, va="center", fontsize=9)


def _clustering(rows: list[Row]) -> Any:
    """Draw seconds and memory over points, ours and each peer's."""
    compared = [row for row in rows if row.case == "Ward linkage"]
    lines: dict[str, dict[int, Any]] = {"Segmenter": {row.size: row.ours for row in compared}}
    for row in compared:
        if row.theirs:
            lines.setdefault(row.peer, {})[row.size] = row.theirs
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    for name, colour, marker in zip(lines, (BLUE, ORANGE, GREEN, PURPLE), MARKERS, strict=False):
        found = lines[name]
        style = {"color": colour, "marker": marker, "label": name}
        left.plot(list(found), [f.median for f in found.values()], **style)
        right.plot(list(found), [f.memory / 1e6 for f in found.values()], **style)
    for axes, title in ((left, "time (s)"), (right, "peak memory of the process (MB)")):
        axes.set(xscale="log", yscale="log", xlabel="distinct points", ylabel=title)
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(StrMethodFormatter("{x:,g}"))
            axis.set_minor_formatter(NullFormatter())
        axes.grid(alpha=0.3)
    figure.suptitle("Clustering distinct points", x=0.06, ha="left")
    figure.tight_layout()
    _legend_below(figure, left)
    return figure


def _legend_below(figure: Any, axes: Any) -> None:
    """Put the legend of some axes under the whole figure, where it hides nothing."""
    handles, labels = axes.get_legend_handles_labels()
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0)}
    figure.legend(handles, labels, ncols=4, frameon=False, **below)


def _layouts(rows: list[Row]) -> Any:
    """Draw time and searches of each layout."""
    found = [row for row in rows if row.case.startswith("layout ")]
    names = [row.details["layout"] for row in found]
    friendly = found[0].ours.median
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 6), sharey=True)
    left.barh(names, [row.ours.median / friendly for row in found], color=BLUE)
    left.axvline(1, color="black", linewidth=1, linestyle="--")
    left.set_xlabel(f"time / time of the skewed layout ({shown(found[0].ours)}, dashed)")
    right.barh(names, [row.details["searches_per_point"] for row in found], color=ORANGE)
    right.set_xlabel("nearest-neighbour searches per point")
    left.invert_yaxis()
    figure.suptitle(f"Layouts made to break it, about {found[0].size:,} points", x=0.06, ha="left")
    figure.tight_layout()
    return figure


def _classify(rows: list[Row]) -> Any:
    """Draw rows a second of each way to label, a panel for each model."""
    rates: dict[str, dict[str, float]] = {}
    for row in rows:
        if row.theirs:
            model, way = row.case.split(": ")
            ways = rates.setdefault(model, {})
            ways[f"Segmenter, {way}"] = row.ours.median
            ways[row.peer] = row.theirs.median
    figure, panels = plt.subplots(len(rates), 1, figsize=(8, 1.9 * len(rates)), sharex=True)
    for axes, (model, ways) in zip(panels, rates.items(), strict=True):
        ordered = sorted(ways.items(), key=lambda item: -item[1])
        colours = [BLUE if name.startswith("Segmenter") else GREY for name, _ in ordered]
        bars = axes.barh(
            [name for name, _ in ordered], [rate / 1e6 for _, rate in ordered], color=colours
        )
        axes.bar_label(bars, fmt="{:,.2f}", padding=3)
        axes.set(xscale="log", title=f"model: {model}")
        axes.invert_yaxis()
        axes.margins(x=0.15)
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axes.set_xlabel("million rows labelled per second (log scale)")
    figure.tight_layout()
    return figure


def _ours(row: Row) -> str:
    """Name our bar: by the command where there are several."""
    return row.case if row.case.startswith("segmenter ") else "Segmenter"


def _beside(title: str) -> Callable[[list[Row]], Any]:
    """Return a plot of seconds and, where it was taken, memory: ours and each peer's."""

    def plot(rows: list[Row]) -> Any:
        timed = [row for row in rows if row.theirs and row.ours.unit == "s"]
        figures = {_ours(row): row.ours for row in timed}
        names = set(figures)
        figures |= {row.peer: row.theirs for row in timed if row.theirs}
        panels = {"time (s)": [figure.median for figure in figures.values()]}
        if timed[0].ours.memory:
            memory = [figure.memory / 1e6 for figure in figures.values() if figure.memory]
            panels["peak memory of the process (MB)"] = memory
        figure, grid = plt.subplots(
            1,
            len(panels),
            figsize=(5 + 3 * len(panels), 1.4 + 0.5 * len(figures)),
            sharey=True,
            squeeze=False,
        )
        colours = [BLUE if name in names else GREY for name in figures]
        for axes, (label, values) in zip(grid[0], panels.items(), strict=True):
            bars = axes.barh(list(figures), values, color=colours)
            axes.bar_label(bars, fmt="{:,.3g}", padding=3)
            axes.set_xlabel(label)
            axes.margins(x=0.15)
        grid[0][0].invert_yaxis()
        size = f" ({timed[0].size:,} {timed[0].things})" if timed[0].size else ""
        figure.suptitle(title + size, x=0.06, ha="left")
        figure.tight_layout()
        return figure

    return plot


PLOTS: dict[str, Callable[[list[Row]], Any]] = {
    "fit": _fit,
    "clustering": _clustering,
    "clustering-layouts": _layouts,
    "classify": _classify,
    "label": _beside("Labelling a Parquet file into another"),
    "notebook": _beside("From a file of sales to a segment for each customer"),
    "startup": _beside("Whole commands, kernels compiled"),
}
