"""The tables on the screen, the same as Markdown, and everything as JSON."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.measuring import Figure, Row, Scale
from benchmarks.promises import TITLES as PROMISE_TITLES
from benchmarks.promises import promise_rows

__all__ = ["print_table", "shown", "write_json", "write_markdown"]

TITLES = ("part", "case", "size", "ours", "peer", "peer's figure", "ratio", "memory")
NUMBERS = ("size", "ours", "ratio", "memory")
WIDTH = 190
"""Of the table where there is no terminal to ask."""


def print_table(rows: Sequence[Row], scale: Scale) -> None:
    """Print the measurements to stdout, then what was promised of them."""
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    table = Table(title=f"Segmenter and its peers, {scale} scale; medians")
    for title in TITLES:
        table.add_column(title, justify="right" if title in NUMBERS else "left")
    for row, following in zip_longest(rows, rows[1:]):
        last = following is None or following.part != row.part
        table.add_row(*_cells(row), end_section=last)
    console.print(table)
    if promised := promise_rows(rows):
        table = Table(*PROMISE_TITLES, title="What is promised")
        for cells in promised:
            table.add_row(*cells[:-1], cells[-1].strip("*"))
        console.print(table)


def write_markdown(path: Path, rows: Sequence[Row], scale: Scale, machine: dict[str, Any]) -> None:
    """Write the machine and the same tables."""
    versions = ", ".join(f"{name} {number}" for name, number in machine["versions"].items())
    lines = [
        f"Scale `{scale}` on {machine['processor']}: {machine['cores']} cores, "
        f"{machine['memory'] / 2**30:.0f} GiB, {machine['platform'].split('-')[0]}, "
        f"Python {machine['python']}, {versions}.",
        "",
        "| " + " | ".join(TITLES) + " |",
        "| " + " | ".join("---:" if t in NUMBERS else "---" for t in TITLES) + " |",
        *("| " + " | ".join(_cells(row)) + " |" for row in rows),
        "",
        "| " + " | ".join(PROMISE_TITLES) + " |",
        "| " + " | ".join("---" for _ in PROMISE_TITLES) + " |",
        *("| " + " | ".join(cells) + " |" for cells in promise_rows(rows)),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_json(path: Path, rows: Sequence[Row], scale: Scale, machine: dict[str, Any]) -> None:
    """Write every measurement with all its repeats."""
    document = {
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "scale": scale,
        "machine": machine,
        "measurements": [dataclasses.asdict(row) for row in rows],
    }
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _cells(row: Row) -> list[str]:
    memory = [_memory(figure) for figure in (row.ours, row.theirs)]
    return [
        row.part,
        row.case,
        f"{row.size:,} {row.things}" if row.size else "",
        shown(row.ours),
        row.peer,
        shown(row.theirs) if row.theirs else row.note,
        _ratio(row),
        " / ".join(part or "-" for part in memory) if any(memory) else "",
    ]


def _ratio(row: Row) -> str:
    """Say how ours stands to the peer's, in words that cannot be read the wrong way round."""
    if row.theirs is None or row.ours.unit not in ("s", "/s"):
        return ""
    times = row.ours.median / row.theirs.median
    if row.ours.unit == "/s":
        times = 1 / times
    return f"{times:.2f}x the time" if times > 1 / 1.05 else f"{_short(1 / times)}x faster"


def shown(figure: Figure) -> str:
    """Return the median with its unit."""
    value, unit = figure.median, figure.unit
    if unit == "/s":
        return f"{_short(value / 1e6)} M/s"
    return f"{_short(value)} {unit}".strip()


def _short(value: float) -> str:
    """Return about three digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.{1 if value >= 10 else 2 if value >= 1 else 3}f}"


def _memory(figure: Figure | None) -> str:
    if figure is None or figure.memory is None:
        return ""
    megabytes = figure.memory / 1e6
    return f"{megabytes:,.0f} MB" if megabytes < 1000 else f"{megabytes / 1000:.1f} GB"
