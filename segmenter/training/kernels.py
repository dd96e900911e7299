"""Kernels for what is learned from points: got ahead and out loud, or not at all."""

from __future__ import annotations

from segmenter.jit.choice import kernels_pay, search_seconds, walk_seconds, ward_seconds
from segmenter.points import Points
from segmenter.progress import Progress

__all__ = ["get_kernels"]

_LEVELS = 2
"""Of a recursion that cost time: later ones split what is much smaller."""


def get_kernels(points: Points, n_neighbors: int, progress: Progress, times: int = 1) -> None:
    """Load the kernels where they are worth it, and compile them when nobody has done so yet.

    Parameters
    ----------
    points : Points
    n_neighbors : int
    progress : Progress
        Told that kernels are compiled.
    times : int, default 1
        How often about as many points are learned from.
    """
    n = len(points)
    if n == 0:
        return
    lines = int(points.frequency.max()) - int(points.frequency.min()) + 1
    seconds = _LEVELS * ward_seconds(n)
    seconds += search_seconds(n, n, n_neighbors) + walk_seconds(n, lines, n_neighbors)
    if kernels_pay(times * seconds):
        from segmenter.training.warm_up import warm_up

        warm_up(progress)
