"""The flat way: level 1 split into as many blocks at once, without a zoom.

Where customers fall into real groups, the recursion may halve one of them while others stay
together. Then the boundaries of a flat clustering run through gaps, and one of the recursion's cuts
a crowd.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from segmenter.clustering.consolidation import consolidate
from segmenter.clustering.gaps import GAP, gap_index
from segmenter.clustering.lines import bisector, order_worth, score
from segmenter.clustering.segmentation import Split
from segmenter.points import Points
from segmenter.settings import Settings

__all__ = ["by_rank", "entered_blocks", "flat_blocks", "flat_splits", "runs_through_gaps"]

Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]


def flat_blocks(
    points: Points, linkage: NDArray[np.float64], n_blocks: int, settings: Settings
) -> Labels:
    """Return the blocks of Ward's tree when it is cut into as many at once, and consolidated."""
    from segmenter.clustering.ward import cut_tree

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
        labels = by_rank(points, flat_blocks(points, linkage, n_blocks, settings))
        ways = [(labels, "ward")]
        if settings.monotone and not _is_chain(points, labels):
            along = score(points, order_worth(points))
            ways = [(by_rank(along, consolidate(along, labels, n_blocks, 0.0)), "score")]
        for found, method in ways:
            blocks = [found == block for block in range(int(found.max()) + 1)]
            if len(blocks) > 1 and all(
                int(points.customers[block].sum()) >= settings.n_neighbors
                and (can_be_entered is None or can_be_entered(block))
                for block in blocks
            ):
                return found, method
    return None


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
    customers = [int(points.customers[ranked == block].sum()) for block in range(len(names))]
    worth = order_worth(points) / 100
    found = []
    for block in range(len(names) - 1):
        here, next_one = points.take(ranked == block), points.take(ranked == block + 1)
        line = None
        if settings.consolidate and method == "ward":
            line = bisector(here, next_one, points.scaling())._asdict()
        elif method == "score":
            along = [score(part, order_worth(points)).mean()[0] for part in (here, next_one)]
            line = {
                "monetary_weight": 1.0,
                "frequency_weight": worth,
                "threshold": sum(along) / 200,
            }
        below = int((ranked >= block).sum())
        found.append(
            Split(
                level=block + 1,
                block_customers=sum(customers[block:]),
                block_points=below,
                block_share=sum(customers[block:]) / n,
                scaling=points.scaling(),
                height=float(linkage[-1 - block, 2]) / 100,
                next_height=float(linkage[-2 - block, 2]) / 100
                if len(linkage) > block + 1
                else None,
                higher_customers=customers[block],
                lower_customers=sum(customers[block + 1 :]),
                moved_customers=0,
                largest_customers=max(customers),
                largest_share=max(customers) / n,
                max_share=settings.max_share,
                is_lopsided=max(customers) > settings.max_share * n,
                decision="stopped",
                reason=f"split into {len(names)} at once",
                frequency_agrees=_is_chain(points, ranked),
                higher_segments=(names[block],),
                lower_segments=names[block + 1 :],
                method=f"flat, {method}",
                far_customers=0,
                **(line or {}),
            )
        )
    return tuple(found)


def by_rank(points: Points, labels: Labels) -> Labels:
    """Return the labels numbered by mean monetary, then frequency, without gaps, highest first."""
    present = np.unique(labels)
    means = {int(block): points.take(labels == block).exact_mean() for block in present}
    order = sorted(means, key=lambda block: means[block], reverse=True)
    places = np.zeros(int(labels.max()) + 1, np.int32)
    places[order] = np.arange(len(order))
    return places[labels]


def _is_chain(points: Points, ranked: Labels) -> bool:
    """Tell whether both means fall from block to block."""
    blocks = [points.take(ranked == block) for block in range(int(ranked.max()) + 1)]
    means = [block.exact_mean() for block in blocks]
    return all(
        before >= after
        for higher, lower in pairwise(means)
        for before, after in zip(higher, lower, strict=True)
    )
