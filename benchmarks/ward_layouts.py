"""Layouts of points for Ward linkage: one like customers, and those that break other methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LAYOUTS", "Layout", "make_layout", "skewed"]

Array = NDArray[Any]


@dataclass
class Layout:
    """Points with weights and the scaling they are to be clustered with."""

    monetary: Array
    frequency: Array
    customers: Array | None = None
    ratio: float = 1.0
    most_searches: float = 5.0
    """Searches a point that were seen, and some headroom."""


def skewed(n: int, seed: int = 0) -> Layout:
    """Return n distinct points like customers: lognormal cents, geometric frequency."""
    rng = np.random.default_rng(seed)
    points = np.empty(0, np.int64)
    while len(points) < n:
        cents = np.rint(rng.lognormal(12.0, 1.3, n)).astype(np.int64)
        drawn = cents * 1024 + rng.geometric(0.15, n)
        points = np.unique(np.concatenate([points, drawn]))
    points = points[np.sort(rng.choice(len(points), n, replace=False))]
    cents, frequency = points >> 10, points & 1023
    return Layout(cents, frequency, ratio=float(cents.var() / frequency.var()))


def _line(gaps: Callable[[Array], Array], **options: Any) -> Callable[[int], Layout]:
    def make(n: int) -> Layout:
        positions = np.concatenate([[0.0], np.cumsum(gaps(np.arange(1, n) / n))])
        return Layout(positions, np.ones(n), **options)

    return make


def _normal(n: int, weights: Callable[[Array], Array] | None = None) -> Layout:
    points = np.random.default_rng(1).normal(size=(2, n))
    return Layout(*points, None if weights is None else weights(np.arange(n)))


def _outlier(n: int) -> Layout:
    layout = _normal(n)
    layout.monetary[0] = 1e9
    return layout


def _grid(n: int) -> Layout:
    side = int(np.sqrt(n))
    rows, columns = np.divmod(np.arange(side * side), side)
    return Layout(rows, columns, most_searches=6)


def _shuffled_grid(n: int) -> Layout:
    grid = _grid(n)
    order = np.random.default_rng(0).permutation(len(grid.monetary))
    return Layout(grid.monetary[order], grid.frequency[order])


def _triangles(n: int) -> Layout:
    grid = _grid(n)
    shifted = 2 * grid.frequency + grid.monetary % 2
    return Layout(shifted, grid.monetary, ratio=3.0, most_searches=6)


def _ring(n: int) -> Layout:
    angle = 2 * np.pi * np.arange(n) / n
    return Layout(np.rint(1e9 * np.cos(angle)), np.rint(1e9 * np.sin(angle)))


def _rings(n: int) -> Layout:
    radius, place = np.divmod(np.arange(n), 1000)
    angle = 2 * np.pi * place / 1000
    return Layout(*np.rint(1e6 * (1 + radius) * np.array([np.cos(angle), np.sin(angle)])))


def _heavy_centre(n: int) -> Layout:
    points = np.random.default_rng(2).normal(size=(2, n)) * 100
    points[:, : n // 2] *= 1e-5
    return Layout(*points, np.where(np.arange(n) < n // 2, 1000, 1))


def _star(n: int) -> Layout:
    angle = 2.399963 * np.arange(n)
    points = np.where(np.arange(n) > 0, 1e6, 0.0) * np.array([np.cos(angle), np.sin(angle)])
    return Layout(*points, np.where(np.arange(n) > 0, 1.0, 1e6))


def _few_frequencies(n: int) -> Layout:
    rng = np.random.default_rng(4)
    return Layout(rng.integers(0, 10 * n, n), rng.integers(1, 4, n), ratio=1e6)


LAYOUTS: dict[str, Callable[[int], Layout]] = {
    "skewed": skewed,
    "normal": _normal,
    "grid": _grid,
    "grid, shuffled": _shuffled_grid,
    "triangles": _triangles,
    "equal gaps": _line(np.ones_like),
    "growing gaps": _line(lambda x: np.rint(1e6 * x)),
    "cubic gaps": _line(lambda x: x**3),
    "exponential gaps": _line(lambda x: np.exp(100 * x)),
    "growing weights": lambda n: Layout(np.arange(n), np.ones(n), np.arange(1, n + 1)),
    "exponential weights": lambda n: Layout(
        np.arange(n), np.ones(n), np.exp2(40 * np.arange(n) / n)
    ),
    "random cents, frequency 1": _line(lambda x: 1 + np.rint(50 * np.sin(1e4 * x) ** 8)),
    "few frequencies": _few_frequencies,
    "ring": _ring,
    "rings": _rings,
    "one far outlier": _outlier,
    "one huge weight": lambda n: _normal(n, lambda i: np.where(i == n // 2, 1e9, 1.0)),
    "Pareto weights": lambda n: _normal(
        n, lambda i: np.ceil(np.random.default_rng(3).pareto(1.0, len(i)) + 1)
    ),
    "geometric weights": lambda n: _normal(n, lambda i: np.exp2(i % 40)),
    "heavy centre": _heavy_centre,
    "star": _star,
}


def make_layout(name: str, n: int) -> Layout:
    """Return about n points in the layout of that name."""
    layout = LAYOUTS[name](n)
    if name == "geometric weights":
        layout.most_searches = 10  # the light ones all turn to the nearest heavy one
    return layout
