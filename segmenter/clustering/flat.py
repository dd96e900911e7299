"""The flat way: level 1 split into as many blocks at once, without a zoom.

Where customers fall into real groups, the recursion may halve one of them while others stay
together. Then the boundaries of a flat clustering run through gaps, and one of the recursion's cuts
a crowd.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmenter.clustering.blocks import by_rank, is_ordered, sizes
from segmenter.clustering.consolidation import consolidate
from segmenter.clustering.gaps import GAP, gap_index
from segmenter.clustering.lines import (
    bisector,
    has_reversed_pair,
    order_worth,
    score,
    score_line,
)
from segmenter.clustering.segmentation import Split
from segmenter.clustering.ward import cut_tree
from segmenter.points import Points
from segmenter.settings import Settings

__all__ = ["entered_blocks", "flat_blocks", "flat_splits", "runs_through_gaps"]

Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]


def flat_blocks(
    points: Points, linkage: NDArray[np.float64], n_blocks: int, settings: Settings
) -> Labels:
    """Return the blocks of Ward's tree when it is cut into as many at once, and consolidated."""
    start = cut_tree(linkage, n_blocks).astype(np.int32)
    return consolidate(points, start, n_blocks, points.scaling()) if settings.consolidate else start


def entered_blocks(
    points: Points,
    linkage: NDArray[np.float64],
    settings: Settings,
    can_be_entered: Callable[[Mask], bool] | None,
) -> tuple[Labels, str] | None:
    """Return flat blocks, 0 being the highest, that can all be entered, and what they are cut by.

    As many as the levels would give, and fewer where one of them has fewer customers than vote. If
    more must not demote, and money and orders order them differently, they are cut along the score.
    None where there are no two.
    """
    levels = 2 if settings.levels == "auto" else settings.levels
    for n_blocks in range(min(levels + 1, len(points)), 1, -1):
        labels, method = by_rank(points, flat_blocks(points, linkage, n_blocks, settings)), "ward"
        if settings.monotone and not _runs_upwards(points, labels, settings):
            along = score(points, order_worth(points))
            labels, method = by_rank(along, consolidate(along, labels, n_blocks, 0.0)), "score"
        blocks = [labels == block for block in range(int(labels.max()) + 1)]
        if len(blocks) > 1 and all(
            int(points.customers[block].sum()) >= settings.n_neighbors
            and (can_be_entered is None or can_be_entered(block))
            for block in blocks
        ):
            return labels, method
    return None


def _runs_upwards(points: Points, ranked: Labels, settings: Settings) -> bool:
    """Tell whether more of either metric never leads to a lower block.

    The nearest of several means that fall in both metrics together is never a lower one where
    money or orders rise; blocks that are not those nearest to a mean are looked at point by point.
    """
    blocks = range(int(ranked.max()) + 1)
    if settings.consolidate:
        return is_ordered(points, ranked, blocks)
    return not any(has_reversed_pair(points, ranked <= block) for block in blocks)


def runs_through_gaps(points: Points, ranked: Labels) -> bool:
    """Tell whether each boundary between blocks that follow each other runs through a gap."""
    blocks = [points.take(ranked == block) for block in range(int(ranked.max()) + 1)]
    indexes = (gap_index(lower, higher) for higher, lower in pairwise(blocks))
    return len(blocks) > 1 and all(index is not None and index < GAP for index in indexes)


def flat_splits(
    points: Points,
    linkage: NDArray[np.float64],
    ranked: Labels,
    method: str,
    names: tuple[str, ...],
    settings: Settings,
) -> tuple[Split, ...]:
    """Return the audit: each block against all below it, from the highest down."""
    n = points.n_customers
    customers = sizes(points, ranked)
    before = by_rank(points, cut_tree(linkage, len(names)).astype(np.int32))
    found = []
    for block, name in enumerate(names[:-1]):
        has_moved = (before <= block) != (ranked <= block)
        found.append(
            Split(
                level=block + 1,
                block_customers=sum(customers[block:]),
                block_points=int((ranked >= block).sum()),
                block_share=sum(customers[block:]) / n,
                scaling=points.scaling(),
                height=float(linkage[-1 - block, 2]) / 100,
                next_height=float(linkage[-2 - block, 2]) / 100
                if len(linkage) > block + 1
                else None,
                higher_customers=customers[block],
                lower_customers=sum(customers[block + 1 :]),
                moved_customers=int(points.customers[has_moved].sum()),
                largest_customers=max(customers),
                largest_share=max(customers) / n,
                max_share=settings.max_share,
                is_lopsided=max(customers) > settings.max_share * n,
                decision="stopped",
                reason=f"split into {len(names)} at once",
                frequency_agrees=is_ordered(points, ranked, range(len(names))),
                higher_segments=(name,),
                lower_segments=names[block + 1 :],
                method=f"flat, {method}",
                far_customers=0,
                **_line(points, ranked, block, method, settings),
            )
        )
    return tuple(found)


def _line(
    points: Points, ranked: Labels, block: int, method: str, settings: Settings
) -> dict[str, Any]:
    """Return the line between a block and the next one below it; nothing where there is none."""
    higher, lower = (points.take(ranked == each) for each in (block, block + 1))
    if method == "ward":
        return bisector(higher, lower, points.scaling())._asdict() if settings.consolidate else {}
    worth = order_worth(points)
    return score_line(score(higher, worth), score(lower, worth), worth)._asdict()
