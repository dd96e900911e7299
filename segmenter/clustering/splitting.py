"""One split: a block becomes a higher and a lower part.

Ward's tree is cut in two and consolidated, from its own cut and from cuts along a score of money
and orders; the tightest is kept. Two rules are stronger than tightness:

- *More never demotes.* Where the line between the parts would give more money or more orders less
  worth than none, or where the parts would be ordered otherwise by orders than by money, the block
  is split along the score ``z(monetary) + z(frequency)`` instead.
- *Nobody is alone.* A part with fewer customers than vote on a label cannot be entered: its
  customers are far outside, are set aside, and fall where the split of the others puts them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.clustering.consolidation import Consolidation, Settled
from segmenter.clustering.lines import (
    Line,
    bisector,
    has_reversed_pair,
    order_worth,
    score,
    score_line,
)
from segmenter.clustering.ward import cut_tree, ward_linkage
from segmenter.points import IntArray, Points
from segmenter.settings import Settings

__all__ = ["Halves", "split_in_two"]

Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]


class Halves(NamedTuple):
    """The parts of a split.

    Attributes
    ----------
    is_higher : ndarray of bool, shape (n_points,)
    method : {'ward', 'score'}
        What they were split by: Ward's tree, or the score.
    line : Line or None
        On whose sides they lie; None without consolidation.
    moved_customers : int
        By consolidation, away from Ward's cut.
    far : ndarray of bool, shape (n_points,)
        Who would have been a part of their own, too small to be entered.
    """

    is_higher: Mask
    method: Literal["ward", "score"]
    line: Line | None
    moved_customers: int
    far: Mask


def split_in_two(
    points: Points,
    linkage: NDArray[np.float64],
    settings: Settings,
    *,
    least: int,
    is_ordered: Callable[[Mask], bool],
    can_be_entered: Callable[[Mask], bool],
) -> Halves | None:
    """Split a block.

    Parameters
    ----------
    points : Points
    linkage : ndarray of float64, shape (n_points - 1, 4)
        Ward's tree of the points.
    settings : Settings
        `consolidate`, `monotone` and `n_init` count here.
    least : int
        The fewest customers of a part.
    is_ordered : callable
        Told which points are higher; whether all blocks then have the same order by money and by
        orders. Asked of monotone splits.
    can_be_entered : callable
        Told which points are higher; whether the vote of neighbours leads to both parts.

    Returns
    -------
    Halves or None
        None where no split leaves so many customers on both sides.
    """
    near = np.ones(len(points), np.bool_)
    tree = linkage
    while True:
        part = points.take(near)
        found = _split(points, near, part, tree, settings, least, is_ordered, can_be_entered)
        if isinstance(found, Halves):
            return found
        near[np.flatnonzero(near)[found]] = False
        if near.sum() < 2 or points.customers[near].sum() < 2 * least:
            return None
        rest = points.take(near)
        tree = ward_linkage(rest.cents, rest.frequency, rest.customers, ratio=rest.scaling())


def _split(
    points: Points,
    near: Mask,
    part: Points,
    tree: NDArray[np.float64],
    settings: Settings,
    least: int,
    is_ordered: Callable[[Mask], bool],
    can_be_entered: Callable[[Mask], bool],
) -> Halves | Mask:
    """Split what is near and put the rest on its sides; or say who of them is far outside."""
    start = cut_tree(tree, 2).astype(np.int32)
    too_small: list[Mask] = []
    for method, labels, line in _ways(part, start, settings):
        is_higher = _everywhere(points, near, labels, line)
        if settings.monotone and method == "ward" and not is_ordered(is_higher):
            continue
        smaller = _smaller(part, labels)
        few = int(part.customers[smaller].sum()) < least
        if few or not can_be_entered(is_higher):
            too_small.append(smaller)
            continue
        moved = int(part.customers[labels != _is_higher(part, start)].sum())
        far = ~near
        if near.all() and too_small:
            far = too_small[0]
        return Halves(is_higher, method, line, moved, far)
    return too_small[0]


def _ways(
    points: Points, start: Labels, settings: Settings
) -> Iterator[tuple[Literal["ward", "score"], Mask, Line | None]]:
    """Yield splits, best first: method, which points are higher, and the line between them."""
    scored = _Scored(points)
    if not settings.consolidate:
        is_higher = _is_higher(points, start)
        if not (settings.monotone and has_reversed_pair(points, is_higher)):
            yield "ward", is_higher, None
    else:
        ratio = points.scaling()
        for labels in _settled(points, [start, *scored.cuts(settings.n_init - 1)], ratio):
            is_higher = _is_higher(points, labels)
            line = bisector(points.take(is_higher), points.take(~is_higher), ratio)
            if not settings.monotone or _runs_upwards(line, points):
                yield "ward", is_higher, line
    if settings.monotone:
        yield from _by_score(scored, start, settings)


def _by_score(
    scored: _Scored, start: Labels, settings: Settings
) -> Iterator[tuple[Literal["score"], Mask, Line]]:
    """Yield splits along the score, best first: the same with one number for both metrics."""
    worth, scores = scored.worth, scored.points
    starts = [start, *scored.cuts(max(settings.n_init - 1, 1))]
    for labels in _settled(scores, starts, 0.0, scored.order):
        is_higher = _is_higher(scores, labels)
        line = score_line(scores.take(is_higher), scores.take(~is_higher), worth)
        yield "score", is_higher, line


class _Scored:
    """Points along the score of money and orders, computed when it is asked for."""

    def __init__(self, points: Points) -> None:
        self._given = points

    @cached_property
    def worth(self) -> int:
        return order_worth(self._given)

    @cached_property
    def points(self) -> Points:
        return score(self._given, self.worth)

    @cached_property
    def order(self) -> IntArray:
        return np.argsort(self.points.cents, kind="stable")

    @cached_property
    def _up_to(self) -> IntArray:
        """Return how many customers there are up to each score, in their order."""
        return np.cumsum(self.points.customers[self.order])

    def cuts(self, count: int) -> Iterator[Labels]:
        """Yield cuts of the score: the upper half of the customers, the upper quarter and so on."""
        for halving in range(1, count + 1):
            customers = int(self._up_to[-1])
            place = int(np.searchsorted(self._up_to, customers - (customers >> halving)))
            at_place = self.order[min(place, len(self.order) - 1)]
            labels = (self.points.cents >= self.points.cents[at_place]).astype(np.int32)
            if not labels.all():
                yield labels


def _settled(
    points: Points, starts: list[Labels], ratio: float, by_cents: IntArray | None = None
) -> list[Labels]:
    """Return where consolidation ends from each start: each end once, the tightest first."""
    ends: list[Settled] = []
    consolidation = Consolidation(points, ratio, by_cents)
    for start in starts:
        labels, tightness = consolidation.settle(start, 2)
        labels = labels ^ labels[0]  # the same parts are the same labels
        is_new = not any(np.array_equal(labels, known.labels) for known in ends)
        if is_new and labels.any():
            ends.append(Settled(labels, tightness))
    return [end.labels for end in sorted(ends, key=lambda end: end.tightness, reverse=True)]


def _is_higher(points: Points, labels: NDArray[np.generic]) -> Mask:
    """Return which points are in the part with the higher mean monetary, then mean frequency."""
    is_second: Mask = labels.astype(np.bool_)
    first, second = (points.exact_mean(part) for part in (~is_second, is_second))
    return is_second if second > first else ~is_second


def _smaller(points: Points, is_higher: Mask) -> Mask:
    """Return which points are in the part with fewer customers, the higher one of two equal."""
    higher = int(points.customers[is_higher].sum())
    return is_higher if 2 * higher <= points.n_customers else ~is_higher


def _runs_upwards(line: Line, points: Points) -> bool:
    """Tell whether more of each metric counts as more, where customers differ in it."""
    money = line.monetary_weight > 0 or points.cents.min() == points.cents.max()
    orders = line.frequency_weight > 0 or points.frequency.min() == points.frequency.max()
    return bool(money and orders)


def _everywhere(points: Points, near: Mask, is_higher: Mask, line: Line | None) -> Mask:
    """Return which of all points are higher: those who are far outside by the line, or beyond."""
    found = np.zeros(len(points), np.bool_)
    found[near] = is_higher
    if not near.all():
        rest = points.take(~near)
        if line is None:
            part = points.take(near)
            higher = part.take(is_higher)
            line = bisector(higher, part.take(~is_higher), part.scaling())
        found[~near] = line.is_higher(rest)
    return found
