"""Compiled kernels: whether they are on disk already, and compiling them out loud when not."""

from __future__ import annotations

import numpy as np

from segmenter.compiled import all_on_disk
from segmenter.knn import NearestNeighbors
from segmenter.points import Points
from segmenter.progress import Progress
from segmenter.recursion import recursive_segments
from segmenter.rules import compile_rules
from segmenter.settings import Settings

__all__ = ["warm_up"]


def warm_up(progress: Progress) -> None:
    """Compile the kernels when this installation has not done so yet, and say it."""
    if all_on_disk():
        return
    with progress.step("Compiling the kernels, once for this installation") as done:
        cents = np.arange(40) ** 2 * 100
        points = Points.group(cents, np.arange(40) % 7 + 1)
        found = recursive_segments(points, Settings())
        neighbors = NearestNeighbors(points, found.codes, ratio=found.scaling, n_neighbors=5)
        neighbors.classify([1.0], [1.0])
        neighbors.neighbors(100, 1)
        compile_rules(neighbors, max_rules=2000)
        done("kept on disk for the next run")
