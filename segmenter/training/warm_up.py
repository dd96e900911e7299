"""Compiled kernels: whether they are on disk already, and compiling them out loud when not.

To import this module is to choose them; who may do without asks `segmenter.jit.choice` first.

Two processes share the work, one for the clustering and one for the classifier; what they compile
meets on disk. ``python -m segmenter.training.warm_up`` is the second one.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

import numpy as np

import segmenter.classifier.search_kernels
import segmenter.clustering.consolidation_kernels
import segmenter.clustering.ward_kernels  # noqa: F401  # all kernels are looked for
from segmenter.classifier.knn import NearestNeighbors
from segmenter.classifier.rules import compile_rules
from segmenter.clustering.recursion import recursive_segments
from segmenter.clustering.ward import ward_linkage
from segmenter.jit.cache_folder import drop_older
from segmenter.jit.kernels import FOLDER, all_on_disk, note_on_disk
from segmenter.points import Points
from segmenter.progress import Progress
from segmenter.settings import Settings

__all__ = ["warm_up"]


_is_warm = False
"""Whether this process has compiled them: it has them then, even where one could not be kept."""


def warm_up(progress: Progress) -> None:
    """Compile the kernels when this installation has not done so yet, and say it.

    A process does so once at most.
    """
    global _is_warm
    if _is_warm:
        return
    if all_on_disk():
        note_on_disk()
        return
    if FOLDER is None:
        progress.warn(
            "compiled kernels cannot be kept, so that each run compiles them anew: no folder for "
            "them can be written. Set NUMBA_CACHE_DIR to one that can.",
            "kernels_not_kept",
        )
        return
    with progress.step("Compiling the kernels, once for this installation") as done:
        helper = [sys.executable, "-m", __name__]
        with suppress(OSError), subprocess.Popen(helper, stderr=subprocess.DEVNULL):
            _use_clustering()
        _use_classifier()
        _is_warm = True
        note_on_disk()
        drop_older(FOLDER)
        done(f"kept in {FOLDER.parent} for the next run")


def _few_points() -> Points:
    return Points.group(np.arange(40) ** 2 * 100, np.arange(40) % 7 + 1)


def _use_clustering() -> None:
    """Call every kernel of the clustering: growing gaps need the heap, equal points the queues."""
    recursive_segments(_few_points(), Settings())
    ward_linkage(np.append(np.arange(200) ** 2, 0), np.ones(201))


def _use_classifier() -> None:
    """Call every kernel of the classifier."""
    points = _few_points()
    neighbors = NearestNeighbors(points, np.arange(40) // 20, ratio=1e6, n_neighbors=5)
    compile_rules(neighbors, max_rules=2000)
    neighbors.classify([1.0], [1.0])
    neighbors.neighbors(100, 1)


if __name__ == "__main__":
    _use_classifier()
