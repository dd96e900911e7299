"""The audit of a recursion: each split as a row, why it went on or stopped, what to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segmenter.clustering.blocks import Blocks, frequency_agrees, largest_block, sizes
from segmenter.clustering.gaps import is_gap
from segmenter.clustering.segmentation import Segment, Split
from segmenter.errors import InputError
from segmenter.formatting import counted, percent, verb
from segmenter.points import Points
from segmenter.settings import AUTO_LEVELS, Settings

if TYPE_CHECKING:
    from segmenter.clustering.splitting import Halves

__all__ = ["cannot_be_entered", "ended", "record", "warnings", "with_segments"]


def record(
    blocks: Blocks,
    part: Points,
    linkage: NDArray[np.float64],
    halves: Halves,
    done: int,
    settings: Settings,
) -> Split:
    """Describe a split that was just made, and decide whether the recursion goes on."""
    points, labels = blocks.points, blocks.labels
    n = points.n_customers
    largest = largest_block(points, labels)
    largest_customers = sizes(points, labels)[largest]
    lopsided = largest_customers > settings.max_share * n
    decision, reason = _decide(
        lopsided, largest_customers / n, int((labels == largest).sum()), done + 1, settings
    )
    higher = int(part.customers[halves.is_higher].sum())
    return Split(
        level=done + 1,
        block_customers=part.n_customers,
        block_points=len(part),
        block_share=part.n_customers / n,
        scaling=part.scaling(),
        height=float(linkage[-1, 2]) / 100,
        next_height=float(linkage[-2, 2]) / 100 if len(linkage) > 1 else None,
        higher_customers=higher,
        lower_customers=part.n_customers - higher,
        moved_customers=halves.moved_customers,
        largest_customers=largest_customers,
        largest_share=largest_customers / n,
        max_share=settings.max_share,
        is_lopsided=lopsided,
        decision=decision,
        reason=reason,
        frequency_agrees=frequency_agrees(points, labels),
        method=halves.method,
        far_customers=int(part.customers[halves.far].sum()),
        **({} if halves.line is None else halves.line._asdict()),
    )


def cannot_be_entered(points: Points, settings: Settings) -> InputError:
    """Return the error of a base that no split divides."""
    way_out = "Lower n_neighbors or bring more customers."
    if settings.scale == "log":  # neighbours vote in plain money and orders
        way_out = "Use scale = 'linear', lower n_neighbors or bring more customers."
    return InputError(
        f"no split of {counted(points.n_customers, 'training customer')} leaves a part that the "
        f"n_neighbors = {settings.n_neighbors} who vote lead to. {way_out}"
    )


def ended(splits: list[Split], points: Points, settings: Settings) -> list[Split]:
    """Say in the audit that the block which was to be split again cannot be.

    Raises
    ------
    InputError
        Nothing was split.
    """
    k = settings.n_neighbors
    if not splits:
        raise cannot_be_entered(points, settings)
    reason = (
        f"{splits[-1].reason}, but no split of it leaves {counted(k, 'customer')}, as many as "
        "vote, on both sides"
    )
    return [*splits[:-1], replace(splits[-1], decision="stopped", reason=reason)]


def with_segments(
    splits: list[Split],
    parts: list[tuple[int, int]],
    names: dict[int, str],
    far_segments: list[str | None],
) -> tuple[Split, ...]:
    """Say which segments the parts of each split became, by the labels that they had then.

    One part kept the label of the block, the other got a new one, so splits are undone backwards.
    """
    became = {label: {name} for label, name in names.items()}
    found: list[Split] = []
    for split, (higher, lower), far in zip(
        reversed(splits), reversed(parts), reversed(far_segments), strict=True
    ):
        of_parts = [
            tuple(name for name in names.values() if name in became[part])
            for part in (higher, lower)
        ]
        found.append(
            replace(
                split,
                higher_segments=of_parts[0],
                lower_segments=of_parts[1],
                far_segment=far,
            )
        )
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


def halved_groups(splits: Sequence[Split]) -> tuple[str, ...]:
    """Say where a recursion cuts a group of customers that stands apart from all others.

    What the splits before have parted by gaps is such a group, and a split of it that finds no gap
    halves a crowd.
    """
    before = next((level for level, split in enumerate(splits) if not is_gap(split)), 0)
    if not before:
        return ()
    return (
        f"level {splits[before].level} halves a group that stands apart from the others, with no "
        f"gap within it. To leave it whole, give levels = {before}.",
    )


def warnings(
    segments: tuple[Segment, ...],
    splits: Sequence[Split],
    settings: Settings,
    misfit: str | None,
) -> tuple[str, ...]:
    """Return what the user should know about this result, in words; splits have gap indexes."""
    last = splits[-1]
    found = [misfit] if misfit else []
    k = settings.n_neighbors
    small = [f"{s.name} ({s.customers})" for s in segments if s.customers < k]
    if small:
        found.append(
            f"{' and '.join(small)} {verb(len(small), 'has', 'have')} fewer training customers "
            f"than the n_neighbors = {k} who vote, since nothing else divides so small a base. "
            "Lower n_neighbors or bring more customers."
        )
    if last.is_lopsided:
        biggest = max(segments, key=lambda segment: segment.customers)
        found.append(
            f"{biggest.name} still holds {percent(last.largest_share)} of the training customers "
            f"({last.reason}). {_way_out(splits, settings)}"
        )
    if not last.frequency_agrees:
        by_frequency = sorted(segments, key=lambda segment: -segment.mean_frequency)
        found.append(
            "the names follow mean monetary; mean frequency orders the segments differently: "
            + ", ".join(f"{s.name} {s.mean_frequency:.2f}" for s in by_frequency)
            + "."
        )
    return tuple(found)


def _way_out(splits: Sequence[Split], settings: Settings) -> str:
    """Say what to try when a block is still lopsided at the end."""
    last = splits[-1]
    if all(map(is_gap, splits)):
        return (
            "It stands apart from the others, and another level would halve a group: accept it "
            "with max_share."
        )
    if settings.shape != "recursive" and (last.method or "").startswith("flat"):
        return "Try shape = 'recursive', which splits it again, or accept it with max_share."
    if last.level < AUTO_LEVELS and "used up" in last.reason:
        return f"Try levels = {last.level + 1} or levels = 'auto', or accept it with max_share."
    return f"max_share = {settings.max_share:g} cannot be reached on this base."
