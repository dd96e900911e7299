"""The recursion as a tree: which segments each level's two parts hold in the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

__all__ = ["Block", "Level", "levels"]


class Block(NamedTuple):
    """Training customers who were together at some level.

    Attributes
    ----------
    segments : tuple of str
        The segments that they ended up in.
    customers : int
    total : float
        What they spent together.
    """

    segments: tuple[str, ...]
    customers: int
    total: float

    @property
    def mean(self) -> float:
        """What one of them spent, on average."""
        return self.total / self.customers


class Level(NamedTuple):
    """One level of the recursion: the block that was split, and its parts."""

    level: int
    block: Block
    higher: Block
    lower: Block

    def part_of(self, segment: str) -> str:
        """Name the part that holds a segment: the segment itself, or what becomes of the part."""
        part, word = (
            (self.higher, "higher") if segment in self.higher.segments else (self.lower, "lower")
        )
        return segment if len(part.segments) == 1 else f"{word} part, split again"

    @property
    def parts(self) -> tuple[str, str]:
        """The names of the parts, higher first."""
        return self.part_of(self.higher.segments[0]), self.part_of(self.lower.segments[0])


def levels(
    splits: Sequence[dict[str, Any]], segments: Sequence[dict[str, Any]]
) -> tuple[Level, ...]:
    """Undo the splits of an audit, from the last to the first.

    Parameters
    ----------
    splits : sequence of dict
        Rows of ``segments.model_splits`` of one model, in the order of their levels.
    segments : sequence of dict
        Its rows of ``segments.model_segments``.

    Returns
    -------
    tuple of Level
        Empty where the audit and the segments do not fit together.

    Examples
    --------
    >>> split = {"level": 1, "higher_customers": 2, "lower_customers": 8}
    >>> high = {"segment": "Higher", "customers": 2, "mean_monetary": 90.0}
    >>> low = {"segment": "Lower", "customers": 8, "mean_monetary": 10.0}
    >>> levels([split], [high, low])[0].block.segments
    ('Higher', 'Lower')
    """
    leaves = [
        Block((row["segment"],), row["customers"], row["customers"] * row["mean_monetary"])
        for row in segments
    ]
    return _undo(tuple(splits), leaves) or ()


def _undo(splits: tuple[dict[str, Any], ...], blocks: list[Block]) -> tuple[Level, ...] | None:
    """Join the two blocks that the last split made, in every way that its counts allow."""
    if not splits:
        return () if len(blocks) == 1 else None
    *before, last = splits
    for higher in blocks:
        for lower in blocks:
            if (
                higher is lower
                or higher.customers != last["higher_customers"]
                or lower.customers != last["lower_customers"]
                or higher.mean < lower.mean
            ):
                continue
            joined = Block(
                higher.segments + lower.segments,
                higher.customers + lower.customers,
                higher.total + lower.total,
            )
            others = [block for block in blocks if block is not higher and block is not lower]
            found = _undo(tuple(before), [*others, joined])
            if found is not None:
                return (*found, Level(last["level"], joined, higher, lower))
    return None
