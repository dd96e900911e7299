"""The recursion: split, see whether one block holds the majority, zoom into it, split again.

A plain clustering of a lopsided base puts most customers into one "average" block. Here that block
is found by its share of all training customers and is split again with a scaling of its own (the
zoom), level by level, until no block holds a majority or the levels are used up. Each split is
recorded: who was split, what came out, and why it went on or stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from segmenter.clustering.audit import (
    ended,
    halved_groups,
    record,
    warnings,
    with_segments,
)
from segmenter.clustering.blocks import (
    Blocks,
    by_monetary,
    by_rank,
    frequency_agrees,
    largest_block,
    sizes,
)
from segmenter.clustering.flat import entered_blocks, flat_blocks, flat_splits, runs_through_gaps
from segmenter.clustering.gaps import is_gap, with_gaps
from segmenter.clustering.naming import segment_names
from segmenter.clustering.scale import Scaled, scaled
from segmenter.clustering.segmentation import Segment, Segmentation, Split
from segmenter.clustering.ward import ward_linkage
from segmenter.errors import InputError
from segmenter.formatting import counted, verb
from segmenter.points import Points
from segmenter.settings import Settings

__all__ = ["flat_segments", "recursive_segments"]

Labels = NDArray[np.int32]


def recursive_segments(
    points: Points,
    settings: Settings | None = None,
    can_be_entered: Callable[[NDArray[np.bool_]], bool] | None = None,
) -> Segmentation:
    """Cluster points recursively and name the leaves.

    Parameters
    ----------
    points : Points
        The training profile.
    settings : Settings, optional
        `shape`, `scale`, `cut` with it, `levels`, `max_share`, `consolidate`, `monotone`, `n_init`,
        `n_neighbors` and `names` count here.
    can_be_entered : callable, optional
        Told the points of a block: whether the classifier would lead to it. A split into a block
        to which it does not is not made.

    Raises
    ------
    InputError
        Fewer customers than `n_neighbors` or than blocks, all customers equal, or no split that
        leaves `n_neighbors` on both sides.

    Notes
    -----
    O(n_points) memory, close to O(n_points log n_points) time a level.

    Examples
    --------
    >>> points = Points.group([100, 120, 150, 900, 950, 5000], [1, 1, 1, 2, 2, 9])
    >>> recursive_segments(points, Settings(max_share=0.4, n_neighbors=1)).names
    ('Elite', 'Loyal', 'At-Risk')
    """
    settings = settings or Settings()
    _check_size(points, settings)
    base = scaled(points, settings)
    at, can_be_entered = base.at, base.asked_of_points(can_be_entered)
    if len(at) == 1:
        raise _all_equal(points)
    tree = ward_linkage(at.cents, at.frequency, at.customers, ratio=at.scaling())
    if settings.shape == "flat":
        entered = entered_blocks(at, tree, settings, can_be_entered)
        if entered is not None:
            return _flat(base, tree, settings, *entered)
        settings = replace(settings, levels=1)  # some could not be entered in any number
    found = _recursive(base, tree, settings, can_be_entered)
    n = len(found.segments)
    flat = flat_blocks(at, tree, n, settings)
    found = replace(found, flat_share=max(sizes(at, flat)) / at.n_customers)
    ranked = base.of_points(by_rank(at, flat))
    whole = replace(found, warnings=(*found.warnings, *halved_groups(found.splits)))
    if not runs_through_gaps(points, ranked) or all(map(is_gap, found.splits)):
        return whole
    entered = entered_blocks(at, tree, replace(settings, levels=n - 1), can_be_entered)
    if entered is None or not runs_through_gaps(points, base.of_points(entered[0])):
        return whole
    if settings.shape == "auto":
        return _flat(base, tree, settings, *entered)
    said = (
        f"a flat clustering into {n} runs through gaps between groups, and one of these boundaries "
        "cuts a crowd. Try shape = 'flat'."
    )
    return replace(found, warnings=(*found.warnings, said))


def _recursive(
    base: Scaled,
    tree: NDArray[np.float64],
    settings: Settings,
    can_be_entered: Callable[[NDArray[np.bool_]], bool] | None,
) -> Segmentation:
    points = base.at
    blocks = Blocks(points, settings, can_be_entered)
    splits: list[Split] = []
    parts: list[tuple[int, int]] = []
    while not splits or splits[-1].decision == "split again":
        block = largest_block(points, blocks.labels)
        part = points.take(blocks.labels == block)
        linkage = (
            ward_linkage(part.cents, part.frequency, part.customers, ratio=part.scaling())
            if splits
            else tree
        )
        halves = blocks.split(block, part, linkage)
        if halves is None:
            splits = ended(splits, points, settings)
            break
        parts.append((block, len(parts) + 1))
        splits.append(record(blocks, part, linkage, halves, len(splits), settings))
    order = blocks.order if settings.monotone else by_monetary(points, blocks.labels)
    codes = np.argsort(np.array(order, dtype=np.int32)).astype(np.int32)[blocks.labels]
    names, misfit = segment_names(len(order), settings.names)
    audit = with_segments(
        splits,
        parts,
        dict(zip(order, names, strict=True)),
        [names[codes[far[0]]] if len(far) else None for far in blocks.far],
    )
    return _named(base, codes, names, audit, 0.0, settings, misfit)


def _flat(
    base: Scaled,
    tree: NDArray[np.float64],
    settings: Settings,
    codes: Labels,
    method: str,
) -> Segmentation:
    """Name blocks that were split at once."""
    names, misfit = segment_names(int(codes.max()) + 1, settings.names)
    splits = flat_splits(base.at, tree, codes, method, names, settings)
    return _named(base, codes, names, splits, splits[0].largest_share, settings, misfit)


def _named(
    base: Scaled,
    codes: Labels,
    names: tuple[str, ...],
    splits: tuple[Split, ...],
    flat_share: float,
    settings: Settings,
    misfit: str | None,
) -> Segmentation:
    """Return what was found in coordinates as it is for the points themselves."""
    points, of_points = base.points, base.of_points(codes)
    segments = tuple(_segment(points, of_points == code, name) for code, name in enumerate(names))
    splits = tuple(base.in_units(split) for split in splits)
    if base.group is not None:  # means of logarithms may have another order
        agrees = frequency_agrees(points, of_points)
        splits = (*splits[:-1], replace(splits[-1], frequency_agrees=agrees))
    found = Segmentation(
        points=points,
        codes=of_points,
        segments=segments,
        splits=splits,
        scaling=points.scaling(),
        flat_share=flat_share,
        warnings=(),
    )
    found = with_gaps(found)
    return replace(found, warnings=warnings(segments, found.splits, settings, misfit))


def flat_segments(points: Points, n_blocks: int, settings: Settings) -> Labels:
    """Return the blocks when level 1 is split into as many at once, to compare a recursion with.

    Raises
    ------
    InputError
        There are fewer points than blocks.
    """
    base = scaled(points, settings)
    at = base.at
    tree = ward_linkage(at.cents, at.frequency, at.customers, ratio=at.scaling())
    return base.of_points(flat_blocks(at, tree, n_blocks, settings))


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
        raise _all_equal(points)


def _all_equal(points: Points) -> InputError:
    return InputError(
        f"all {points.n_customers} training customers are equal (monetary "
        f"{int(points.cents[-1]) / 100:,.2f}, frequency {int(points.frequency[-1])}), so there is "
        "nothing to split."
    )


def _segment(points: Points, members: NDArray[np.bool_], name: str) -> Segment:
    part = points.take(members)
    cents, frequency = part.mean()
    return Segment(name, part.n_customers, cents / 100, frequency)
