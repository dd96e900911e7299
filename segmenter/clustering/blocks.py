"""The blocks of a recursion: which points they hold, and how they are ordered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segmenter.clustering.splitting import Halves, split_in_two
from segmenter.points import Points
from segmenter.settings import Settings

__all__ = [
    "Blocks",
    "by_monetary",
    "by_rank",
    "frequency_agrees",
    "is_ordered",
    "largest_block",
    "sizes",
]

Labels = NDArray[np.int32]


class Blocks:
    """The blocks so far: a label for each point, and the labels from the highest block down.

    The higher part of a split keeps the label of the block. `far` has, for each split, the points
    that would have been a part of their own, too small to be entered.
    """

    def __init__(
        self,
        points: Points,
        settings: Settings,
        can_be_entered: Callable[[NDArray[np.bool_]], bool] | None,
    ) -> None:
        self.points = points
        self.settings = settings
        self.labels = np.zeros(len(points), dtype=np.int32)
        self.order = [0]
        self.far: list[NDArray[np.intp]] = []
        self._can_be_entered = can_be_entered

    def split(self, block: int, part: Points, linkage: NDArray[np.float64]) -> Halves | None:
        """Split a block, unless no split leaves two parts that can be entered.

        Where a base has no split with as many customers on both sides as vote, because it is tiny,
        the vote alone decides whether a part can be entered.
        """
        members = np.flatnonzero(self.labels == block)

        def stays_ordered(is_higher: NDArray[np.bool_]) -> bool:
            return is_ordered(self.points, *self._after(block, members, is_higher))

        def can_be_entered(is_higher: NDArray[np.bool_]) -> bool:
            if self._can_be_entered is None:
                return True
            labels, order = self._after(block, members, is_higher)
            return all(self._can_be_entered(labels == each) for each in (block, max(order)))

        found = None
        is_whole = len(self.order) == 1
        for least in (self.settings.n_neighbors, 1)[: 1 + is_whole]:
            found = found or split_in_two(
                part,
                linkage,
                self.settings,
                least=least,
                is_ordered=stays_ordered,
                can_be_entered=can_be_entered,
            )
        if found is not None:
            self.labels, self.order = self._after(block, members, found.is_higher)
            self.far.append(members[found.far])
        return found

    def _after(
        self, block: int, members: NDArray[np.intp], is_higher: NDArray[np.bool_]
    ) -> tuple[Labels, list[int]]:
        """Return labels and order once a block is split."""
        labels = self.labels.copy()
        labels[members[~is_higher]] = len(self.order)
        place = self.order.index(block) + 1
        return labels, [*self.order[:place], len(self.order), *self.order[place:]]


def sizes(points: Points, labels: Labels) -> list[int]:
    """Return the customers of each block."""
    return [int(points.customers[labels == block].sum()) for block in range(int(labels.max()) + 1)]


def largest_block(points: Points, labels: Labels) -> int:
    """Return the block with most customers; of equal ones the one with the smallest point."""
    customers = sizes(points, labels)
    largest = [block for block, size in enumerate(customers) if size == max(customers)]
    return min(largest, key=lambda block: int(np.argmax(labels == block)))


def by_monetary(points: Points, labels: Labels) -> list[int]:
    """Return the blocks, highest mean monetary first, then highest mean frequency."""
    return sorted(
        range(int(labels.max()) + 1),
        key=lambda block: points.exact_mean(labels == block),
        reverse=True,
    )


def by_rank(points: Points, labels: Labels) -> Labels:
    """Return the labels numbered in the order of `by_monetary`, without gaps."""
    present = np.unique(labels, return_inverse=True)[1].astype(np.int32)
    order = np.array(by_monetary(points, present))
    return np.argsort(order).astype(np.int32)[present]


def is_ordered(points: Points, labels: Labels, order: Sequence[int]) -> bool:
    """Tell whether both means fall along the blocks in this order."""
    means = [points.exact_mean(labels == block) for block in order]
    return all(
        before >= after
        for higher, lower in pairwise(means)
        for before, after in zip(higher, lower, strict=True)
    )


def frequency_agrees(points: Points, labels: Labels) -> bool:
    """Tell whether mean frequency orders the blocks as mean monetary does."""
    frequencies = [points.take(labels == block).mean()[1] for block in by_monetary(points, labels)]
    return frequencies == sorted(frequencies, reverse=True)
