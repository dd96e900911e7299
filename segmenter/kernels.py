"""Compiled kernels: whether they are on disk already, and compiling them out loud when not."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np

from segmenter.knn import NearestNeighbors
from segmenter.knn_line import walk
from segmenter.points import Points
from segmenter.progress import Progress
from segmenter.recursion import recursive_segments
from segmenter.rules import compile_rules
from segmenter.settings import Settings
from segmenter.ward_merges import merge_all

__all__ = ["warm_up"]

_KERNELS = ()
"""The last kernels that a fit compiles: when they are on disk, all are."""


def warm_up(progress: Progress) -> None:
    """Compile the kernels when this installation has not done so yet, and say it."""
    if all(map(_is_cached, _KERNELS)):
        return
    with progress.step("Compiling the kernels, once for this installation") as done:
        cents = np.arange(40) ** 2 * 100
        points = Points.group(cents, np.arange(40) % 7 + 1)
        found = recursive_segments(points, Settings())
        neighbors = NearestNeighbors(points, found.codes, ratio=found.scaling, n_neighbors=5)
        neighbors.classify_cents(points.cents, points.frequency)
        compile_rules(neighbors, max_rules=2000)
        done("kept on disk for the next run")


def _is_cached(kernel: Any) -> bool:
    """Whether an index of compiled code is on disk and not older than the source."""
    source = Path(inspect.getfile(kernel.py_func))
    indexes = Path(kernel.stats.cache_path).glob(f"{source.stem}.{kernel.py_func.__name__}-*.nbi")
    return any(index.stat().st_mtime >= source.stat().st_mtime for index in indexes)
