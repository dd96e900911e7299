"""The recursion: split, see whether one block holds the majority, zoom into it, split again.

A plain clustering of a lopsided base puts most customers into one "average" block. Here that block
is found by its share of all training customers and is split again with a scaling of its own (the
zoom), level by level, until no block holds a majority or the levels are used up. Each split is
recorded: who was split, what came out, and why it went on or stopped.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from segmenter.clustering.consolidation import consolidate
from segmenter.clustering.naming import segment_names
from segmenter.clustering.segmentation import Segment, Segmentation, Split
from segmenter.errors import InputError
from segmenter.formatting import counted, percent, verb
from segmenter.points import Points
from segmenter.settings import AUTO_LEVELS, Settings

__all__ = ["flat_segments", "recursive_segments"]

Labels = NDArray[np.int32]


def recursive_segments(points: Points, settings: Settings | None = None) -> Segmentation:
    """Cluster points recursively and name the leaves.

    Parameters
    ----------
    points : Points
        The training profile.
    settings : Settings, optional
        `levels`, `max_share`, `consolidate`, `n_neighbors` and `names` count here.

    Raises
    ------
    InputError
        Fewer customers than `n_neighbors` or than blocks, or all customers equal.

    Notes
    -----
    O(n_points) memory, close to O(n_points log n_points) time a level.

    Examples
    --------
    >>> points = Points.group([100, 120, 150, 900, 950, 5000], [1, 1, 1, 2, 2, 9])
    >>> recursive_segments(points, Settings(max_share=0.4)).names
    ('Elite', 'Loyal', 'At-Risk')
    """
    from segmenter.clustering.ward import ward_linkage

    settings = settings or Settings()
    _check_size(points, settings)
    tree = ward_linkage(points.cents, points.frequency, points.customers, ratio=points.scaling())
    labels = np.zeros(len(points), dtype=np.int32)
    splits: list[Split] = []
    parts: list[tuple[int, int]] = []
    while not splits or splits[-1].decision == "split again":
        block = _largest_block(points, labels)
        members = np.flatnonzero(labels == block)
        part = points.take(members)
        linkage = (
            ward_linkage(part.cents, part.frequency, part.customers, ratio=part.scaling())
            if splits
            else tree
        )
        halves, moved = _split(part, linkage, 2, settings)
        labels[members[halves == 1]] = len(splits) + 1
        higher, _ = _by_monetary(part, halves)
        parts.append((block, len(parts) + 1) if higher == 0 else (len(parts) + 1, block))
        splits.append(_record(points, labels, part, linkage, halves, moved, len(splits), settings))
    order = _by_monetary(points, labels)
    codes = np.argsort(np.array(order, dtype=np.int32)).astype(np.int32)[labels]
    names, misfit = segment_names(len(order), settings.names)
    flat, _ = _split(points, tree, len(order), settings)
    segments = tuple(_segment(points, codes == code, name) for code, name in enumerate(names))
    return Segmentation(
        points=points,
        codes=codes,
        segments=segments,
        splits=_with_segments(splits, parts, dict(zip(order, names, strict=True))),
        scaling=points.scaling(),
        flat_share=max(_sizes(points, flat)) / points.n_customers,
        warnings=_warnings(segments, splits[-1], settings, misfit),
    )


def flat_segments(points: Points, n_blocks: int, settings: Settings) -> Labels:
    """Return the blocks when level 1 is split into as many at once, to compare a recursion with.

    Raises
    ------
    InputError
        There are fewer points than blocks.
    """
    from segmenter.clustering.ward import ward_linkage

    tree = ward_linkage(points.cents, points.frequency, points.customers, ratio=points.scaling())
    return _split(points, tree, n_blocks, settings)[0]


def _check_size(points: Points, settings: Settings) -> None:
    if len(points) == 0:
        raise InputError("there are no customers with an order, so nothing can be clustered.")
    n = points.n_customers
    if n < settings.n_neighbors:
        raise InputError(
            f"{counted(n, 'training customer')} {verb(n, 'is', 'are')} fewer than "
            f"n_neighbors = {settings.n_neighbors}. Lower n_neighbors or bring more customers."
        )
    blocks = 2 if settings.levels == "auto" else settings.levels + 1
    if n < blocks:
        raise InputError(
            f"{counted(n, 'training customer')} {verb(n, 'is', 'are')} fewer than the {blocks} "
            f"blocks of levels = {settings.levels}. "
            f"{'Lower levels or bring' if blocks > 2 else 'Bring'} more customers."
        )
    if len(points) == 1:
        raise InputError(
            f"all {n} training customers are equal (monetary {int(points.cents[0]) / 100:,.2f}, "
            f"frequency {int(points.frequency[0])}), so there is nothing to split."
        )


def _split(
    points: Points, linkage: NDArray[np.float64], n_blocks: int, settings: Settings
) -> tuple[Labels, int]:
    """Return the blocks of a set of points and how many customers consolidation moved."""
    from segmenter.clustering.ward import cut_tree

    start = cut_tree(linkage, n_blocks).astype(np.int32)
    if not settings.consolidate:
        return start, 0
    settled = consolidate(points, start, n_blocks, points.scaling())
    return settled, int(points.customers[settled != start].sum())


def _sizes(points: Points, labels: Labels) -> list[int]:
    """Return the customers of each block."""
    return [int(points.customers[labels == block].sum()) for block in range(int(labels.max()) + 1)]


def _largest_block(points: Points, labels: Labels) -> int:
    """Return the block with most customers; of equal ones the one with the smallest point."""
    sizes = _sizes(points, labels)
    largest = [block for block, size in enumerate(sizes) if size == max(sizes)]
    return min(largest, key=lambda block: int(np.argmax(labels == block)))


def _by_monetary(points: Points, labels: Labels) -> list[int]:
    """Return the blocks, highest mean monetary first, then highest mean frequency."""
    return sorted(
        range(int(labels.max()) + 1),
        key=lambda block: points.take(labels == block).exact_mean(),
        reverse=True,
    )


def _segment(points: Points, members: NDArray[np.bool_], name: str) -> Segment:
    part = points.take(members)
    cents, frequency = part.mean()
    return Segment(name, part.n_customers, cents / 100, frequency)


def _frequency_agrees(points: Points, labels: Labels) -> bool:
    """Tell whether mean frequency orders the blocks as mean monetary does."""
    frequencies = [points.take(labels == block).mean()[1] for block in _by_monetary(points, labels)]
    return frequencies == sorted(frequencies, reverse=True)


def _record(
    points: Points,
    labels: Labels,
    part: Points,
    linkage: NDArray[np.float64],
    halves: Labels,
    moved: int,
    done: int,
    settings: Settings,
) -> Split:
    """Describe a split that was just made, and decide whether the recursion goes on."""
    n = points.n_customers
    largest = _largest_block(points, labels)
    largest_customers = _sizes(points, labels)[largest]
    lopsided = largest_customers > settings.max_share * n
    decision, reason = _decide(
        lopsided, largest_customers / n, int((labels == largest).sum()), done + 1, settings
    )
    higher, lower = _by_monetary(part, halves)
    sizes = _sizes(part, halves)
    return Split(
        level=done + 1,
        block_customers=part.n_customers,
        block_points=len(part),
        block_share=part.n_customers / n,
        scaling=part.scaling(),
        height=float(linkage[-1, 2]) / 100,
        next_height=float(linkage[-2, 2]) / 100 if len(linkage) > 1 else None,
        higher_customers=sizes[higher],
        lower_customers=sizes[lower],
        moved_customers=moved,
        largest_customers=largest_customers,
        largest_share=largest_customers / n,
        max_share=settings.max_share,
        is_lopsided=lopsided,
        decision=decision,
        reason=reason,
        frequency_agrees=_frequency_agrees(points, labels),
    )


def _with_segments(
    splits: list[Split], parts: list[tuple[int, int]], names: dict[int, str]
) -> tuple[Split, ...]:
    """Say which segments the parts of each split became, by the labels that they had then.

    One part kept the label of the block, the other got a new one, so splits are undone backwards.
    """
    became = {label: {name} for label, name in names.items()}
    found: list[Split] = []
    for split, (higher, lower) in zip(reversed(splits), reversed(parts), strict=True):
        of_parts = [
            tuple(name for name in names.values() if name in became[part])
            for part in (higher, lower)
        ]
        found.append(replace(split, higher_segments=of_parts[0], lower_segments=of_parts[1]))
        became[min(higher, lower)] = became[higher] | became[lower]
    return tuple(reversed(found))


def _decide(
    lopsided: bool, share: float, distinct: int, level: int, settings: Settings
) -> tuple[str, str]:
    """Return the decision after a level and the reason in words."""
    if not lopsided:
        return "stopped", f"no block holds more than {percent(settings.max_share)} of the customers"
    held = (
        f"one block holds {percent(share)} of the customers, more than "
        f"{percent(settings.max_share)}"
    )
    if level >= settings.max_levels:
        return (
            "stopped",
            f"{held}, but the {counted(level, 'level')} {verb(level, 'is', 'are')} used up",
        )
    if distinct < 2:
        return "stopped", f"{held}, but they are all equal"
    return "split again", held


def _warnings(
    segments: tuple[Segment, ...], last: Split, settings: Settings, misfit: str | None
) -> tuple[str, ...]:
    """Return what the user should know about this result, in words."""
    found = [misfit] if misfit else []
    if last.is_lopsided:
        biggest = max(segments, key=lambda segment: segment.customers)
        found.append(
            f"{biggest.name} still holds {percent(last.largest_share)} of the training customers "
            f"({last.reason}). {_way_out(last, settings)}"
        )
    if not last.frequency_agrees:
        by_frequency = sorted(segments, key=lambda segment: -segment.mean_frequency)
        found.append(
            "the names follow mean monetary; mean frequency orders the segments differently: "
            + ", ".join(f"{s.name} {s.mean_frequency:.2f}" for s in by_frequency)
            + "."
        )
    return tuple(found)


def _way_out(last: Split, settings: Settings) -> str:
    """Say what to try when a block is still lopsided at the end."""
    if last.level < AUTO_LEVELS and "used up" in last.reason:
        return f"Try levels = {last.level + 1} or levels = 'auto', or accept it with max_share."
    return f"max_share = {settings.max_share:g} cannot be reached on this base."
