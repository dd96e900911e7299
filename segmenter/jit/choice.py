"""Kernels or NumPy: whichever is done earlier; the results are equal to the last bit.

To import numba and load compiled kernels takes more than a second, and to compile them many; NumPy
has clustered some thousand points by then. So a process begins in NumPy. As soon as what NumPy has
done, and would do next, comes to more than the kernels cost to get, it gets them, and uses nothing
else from then on: that is about twice the time of who knew it all ahead, at most.

Ahead there are estimates from the sizes of arrays, for ordinary layouts. What is charged are the
pairs that were looked at: on others, such as lines of growing gaps or labels that overlap, they are
many times more, and kernels take over on the way. All for one core of an ordinary machine
(``python -m benchmarks --only kernels`` shows both sides). No clock decides. With NUMBA_DISABLE_JIT
NumPy does bases of any size, in time that grows with the square of their points.
"""

from __future__ import annotations

import os
import sys
from functools import cache

__all__ = [
    "kernels_pay",
    "search_seconds",
    "spend",
    "step_seconds",
    "use_kernels",
    "walk_seconds",
    "ward_seconds",
]

LOADING = 1.3
"""Seconds until kernels that were compiled earlier can be called."""

COMPILING = 10.0
"""Seconds until kernels that were not can."""

_KERNELS = "segmenter.jit.kernels"

forced: bool | None = None
"""Tests set it, to see both."""

_spent = 0.0


def use_kernels(seconds: float) -> bool:
    """Tell whether kernels should do what NumPy takes exactly so long for; no is charged."""
    if kernels_pay(seconds):
        return True
    spend(seconds)
    return False


def spend(seconds: float) -> None:
    """Charge what NumPy has done."""
    global _spent
    _spent += seconds


def kernels_pay(seconds: float) -> bool:
    """Tell whether kernels are there, or worth getting, for what NumPy would take so long for.

    Parameters
    ----------
    seconds : float
        From `ward_seconds`, `search_seconds` and so on. Who gets no does it in NumPy, and charges
        what that took.
    """
    if forced is not None:
        return forced
    if os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0"):
        return False  # kernels that are not compiled are slower whatever the size
    if _KERNELS in sys.modules:
        return True
    if _spent + seconds <= LOADING:
        return False
    return _spent + seconds > COMPILING or _are_compiled()


def ward_seconds(n_points: int) -> float:
    """Return how long NumPy takes to cluster."""
    return 3e-5 * n_points + 2.5e-9 * n_points**2


def step_seconds(n_points: int, n_blocks: int) -> float:
    """Return how long NumPy takes for a step of consolidation."""
    return 2e-8 * n_points * n_blocks


def search_seconds(n_points: int, n_queries: int, n_neighbors: int) -> float:
    """Return how long NumPy takes to find who votes."""
    return n_queries * (1.5e-5 + 1e-6 * n_neighbors + 2e-9 * n_points)


def walk_seconds(n_points: int, n_lines: int, n_neighbors: int) -> float:
    """Return how long NumPy takes to compile the classifier along frequencies."""
    return 100 * search_seconds(n_points, n_lines, n_neighbors)


@cache
def _are_compiled() -> bool:
    """Tell whether earlier runs have compiled all, without numba, which is half of the cost."""
    from segmenter.jit.cache_folder import is_complete, kernel_folder

    folder = kernel_folder(_KERNELS, os.environ.get("NUMBA_CACHE_DIR", ""))
    return folder is not None and is_complete(folder)
