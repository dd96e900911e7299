"""What every part shares: figures, rows of the table, timing, own processes, the machine.

This file imports little, so that a process of its own holds what it measures and not the suite.
"""

from __future__ import annotations

import os
import platform
import resource
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Literal, TypeVar

__all__ = [
    "Figure",
    "Row",
    "Scale",
    "alone",
    "machine",
    "measured",
    "missing",
    "timed",
    "together",
]

Scale = Literal["small", "full"]

Result = TypeVar("Result")

PACKAGES = (
    "duckdb",
    "numba",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "fastcluster",
    "genieclust",
)


@dataclass
class Figure:
    """What was measured of one contestant."""

    values: list[float]
    """Every repeat."""
    unit: str = "s"
    """Of the values: ``s``; ``/s``, the more the better; others have no ratio."""
    memory: int | None = None
    """Most bytes that its process held at once, interpreter and data included."""

    @property
    def median(self) -> float:
        """The figure that the table shows."""
        return median(self.values)


@dataclass
class Row:
    """One row of the table: ours, and one peer on the same data."""

    part: str
    case: str
    size: int
    """How many of `things` there were."""
    things: str
    """What `size` counts."""
    ours: Figure
    peer: str = ""
    theirs: Figure | None = None
    note: str = ""
    """What stands in the place of the peer's figure, for example why there is none."""
    details: dict[str, Any] = field(default_factory=dict)
    """More that was counted, for `results.json`."""


def timed(work: Callable[[], object], repeat: int, patience: float = 3600.0) -> list[float]:
    """Return the seconds of each repeat; no more repeats once `patience` seconds are used up."""
    taken: list[float] = []
    while len(taken) < repeat and sum(taken) < patience:
        started = perf_counter()
        work()
        taken.append(perf_counter() - started)
    return taken


def measured(work: Callable[[], object], repeat: int = 1, patience: float = 3600.0) -> Figure:
    """Return seconds and, from here on, the peak memory of this process."""
    _forget_peak()
    taken = timed(work, repeat, patience)
    return Figure(taken, memory=_peak())


def together(figures: list[Figure]) -> Figure:
    """Make one figure of single runs, each in a process of its own."""
    memory = max(figure.memory or 0 for figure in figures)
    return Figure([value for figure in figures for value in figure.values], memory=memory or None)


def alone(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function of a module in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def missing(package: str) -> str:
    """Return how to install a peer that is absent, nothing when it is there."""
    return "" if find_spec(package) else "not installed: pip install -e '.[bench]'"


def _forget_peak() -> None:
    """Start the peak anew, where Linux lets us; elsewhere it includes making the data."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak() -> int:
    """Return the most bytes that were resident."""
    # not getrusage() on Linux: a child's maximum there starts at what its parent had
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def machine() -> dict[str, Any]:
    """Return what the figures depend on."""
    return {
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
