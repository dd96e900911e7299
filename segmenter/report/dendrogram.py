"""The top of the dendrogram: the last merges of a block's Ward tree, as lines to draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from segmenter.clustering.scale import Scaled
from segmenter.clustering.ward import cut_tree, ward_linkage
from segmenter.points import Points

__all__ = ["LEAVES", "Dendrogram", "dendrogram"]

LEAVES = 10
"""How many branches are shown."""


@dataclass(frozen=True)
class Dendrogram:
    """The last merges of a tree, drawn from left (height 0) to right.

    Attributes
    ----------
    lines : list of dict
        ``height, height_end, place, place_end``: the straight pieces.
    leaves : list of dict
        ``place, height, customers, mean_monetary, mean_frequency``: what each branch holds.
    split_at : float or None
        Half way between the last merge and the one before it: where the block was split.
    is_logarithmic : bool
        Whether heights are of logarithms, and not of the currency.
    """

    lines: list[dict[str, float]]
    leaves: list[dict[str, float]]
    split_at: float | None
    is_logarithmic: bool = False


def dendrogram(base: Scaled) -> Dendrogram:
    """Cluster a block again and return the top of its tree.

    Parameters
    ----------
    base : Scaled
        The points of the block, at least two, in the coordinates that it was clustered in.

    Notes
    -----
    Heights are in the table's currency, or in natural logarithms. Consolidation comes after the
    tree, so the parts that a fit ends with are near to the two branches at the top, not equal to
    them.
    """
    points = base.at
    linkage = ward_linkage(points.cents, points.frequency, points.customers, ratio=points.scaling())
    shown = min(LEAVES, len(points))
    labels = cut_tree(linkage, shown)
    merges = linkage[len(linkage) - (shown - 1) :]
    first = 2 * len(points) - shown  # the smallest id of a merge that is shown
    node_of = {
        _top(linkage, len(points), int(np.argmax(labels == label)), first): int(label)
        for label in range(shown)
    }
    of_points = base.of_points(labels.astype(np.int32))
    branches = {
        node: _branch(base.points.take(of_points == label)) for node, label in node_of.items()
    }
    return _drawn(merges, first, branches, base)


def _top(linkage: Any, n_points: int, point: int, first: int) -> int:
    """Return the largest cluster with a point whose merge is not shown."""
    parent = np.full(n_points + len(linkage), -1, dtype=np.int64)
    for side in (0, 1):
        parent[linkage[:, side].astype(np.int64)] = np.arange(n_points, n_points + len(linkage))
    node = point
    while 0 <= parent[node] < first:
        node = int(parent[node])
    return node


def _branch(part: Points) -> dict[str, float]:
    cents, frequency = part.mean()
    return {
        "customers": part.n_customers,
        "mean_monetary": cents / 100,
        "mean_frequency": frequency,
        "height": 0.0,
    }


def _drawn(
    merges: Any, first: int, branches: dict[int, dict[str, float]], base: Scaled
) -> Dendrogram:
    """Give each branch a place, richest first at each fork, and draw the forks."""
    children = {first + row: (int(m[0]), int(m[1])) for row, m in enumerate(merges)}
    heights = {first + row: float(m[2]) / base.height_unit for row, m in enumerate(merges)}
    wealth = {node: (leaf["mean_monetary"], leaf["customers"]) for node, leaf in branches.items()}
    for node, pair in children.items():
        weight = sum(wealth[child][1] for child in pair)
        mean = sum(wealth[child][0] * wealth[child][1] for child in pair) / weight
        wealth[node] = (mean, weight)
    place: dict[int, float] = {}
    _settle(first + len(merges) - 1, children, wealth, place)
    lines = []
    for node, pair in children.items():
        ends = sorted(place[child] for child in pair)
        place[node] = sum(ends) / 2
        top = heights[node]
        lines.append(_line(top, top, *ends))
        lines += [_line(heights.get(child, 0.0), top, place[child], place[child]) for child in pair]
    leaves = sorted(
        ({**leaf, "place": place[node]} for node, leaf in branches.items()),
        key=lambda leaf: leaf["place"],
    )
    ordered = sorted(heights.values())
    split_at = sum(ordered[-2:]) / 2 if len(ordered) > 1 else None
    return Dendrogram(lines, leaves, split_at, is_logarithmic=base.group is not None)


def _settle(
    node: int,
    children: dict[int, tuple[int, int]],
    wealth: dict[int, tuple[float, float]],
    place: dict[int, float],
) -> None:
    """Give the branches below a node their places, from top to bottom."""
    if node not in children:
        place[node] = float(len(place))
        return
    for child in sorted(children[node], key=lambda each: wealth[each], reverse=True):
        _settle(child, children, wealth, place)


def _line(height: float, height_end: float, place: float, place_end: float) -> dict[str, float]:
    return {"height": height, "height_end": height_end, "place": place, "place_end": place_end}
