"""The recursion as a tree: which segments the two parts of each split became, as the audit says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["Level", "has_parts", "levels"]


class Level(NamedTuple):
    """One level of the recursion: a block that was split.

    Attributes
    ----------
    level : int
    customers, points : int
        Training customers of the block, and their distinct profiles.
    part_of : mapping of str to str
        From each segment of the block to its part, the higher part first: the segment itself, or
        what became of the part.
    """

    level: int
    customers: int
    points: int
    part_of: Mapping[str, str]

    @property
    def segments(self) -> list[str]:
        """The segments that the block became."""
        return list(self.part_of)

    @property
    def parts(self) -> list[str]:
        """The names of the parts, higher first."""
        return list(dict.fromkeys(self.part_of.values()))


def has_parts(splits: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether an audit says what the parts became; fits of older versions did not note it."""
    return all(split.get("higher_segments") for split in splits)


def levels(splits: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[Level]:
    """Return the levels of an audit.

    Parameters
    ----------
    splits : sequence of mapping
        Rows of ``model_splits`` of one model, in the order of their levels.
    names : sequence of str
        Its segments, highest first.

    Returns
    -------
    list of Level
        Only the first one, by segment, where the audit does not say what the parts became.

    Examples
    --------
    >>> split = {"level": 1, "block_customers": 10, "block_points": 9}
    >>> parts = {"higher_segments": ["Elite"], "lower_segments": ["Loyal", "At-Risk"]}
    >>> levels([split | parts], ["Elite", "Loyal", "At-Risk"])[0].parts
    ['Elite', 'lower part, split again']
    """
    if not has_parts(splits):
        return [_level(splits[0], {name: name for name in names})]
    return [_level(split, _part_of(split)) for split in splits]


def _level(split: Mapping[str, Any], part_of: Mapping[str, str]) -> Level:
    return Level(split["level"], split["block_customers"], split["block_points"], part_of)


def _part_of(split: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for side in ("higher", "lower"):
        segments = split[f"{side}_segments"]
        is_split = len(segments) > 1
        found |= {name: f"{side} part, split again" if is_split else name for name in segments}
    return found
