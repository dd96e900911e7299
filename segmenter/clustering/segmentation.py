"""What a recursion came to: the segments, which points they hold, and each split on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segmenter.points import Points

__all__ = ["Segment", "Segmentation", "Split"]

Labels = NDArray[np.int32]


@dataclass(frozen=True)
class Split:
    """One level of the recursion: a row of ``segments_internal.model_splits``.

    Heights are in the currency of monetary; shares are of all training customers. The segments
    that each part became in the end are in the order of their rank; None where a model was stored
    before fits noted them. `method` is what the parts were split by, ``'ward'`` or ``'score'``;
    `far_customers` would have been a part of their own, too small to be entered, and are in
    `far_segment`. In the higher part ``monetary_weight * monetary + frequency_weight * frequency``
    is at least the `threshold`; the three are None without consolidation. `gap_index` is 1 where
    customers are as many at the line as beside it, and 0 where nobody is.
    """

    level: int
    block_customers: int
    block_points: int
    block_share: float
    scaling: float
    height: float
    next_height: float | None
    higher_customers: int
    lower_customers: int
    moved_customers: int
    largest_customers: int
    largest_share: float
    max_share: float
    is_lopsided: bool
    decision: str
    reason: str
    frequency_agrees: bool
    higher_segments: tuple[str, ...] | None = None
    lower_segments: tuple[str, ...] | None = None
    method: str | None = None
    far_customers: int | None = None
    far_segment: str | None = None
    monetary_weight: float | None = None
    frequency_weight: float | None = None
    threshold: float | None = None
    gap_index: float | None = None


class Segment(NamedTuple):
    """What one leaf holds: training customers and their mean profile."""

    name: str
    customers: int
    mean_monetary: float
    mean_frequency: float


@dataclass(frozen=True)
class Segmentation:
    """The result of a recursion.

    Attributes
    ----------
    points : Points
    codes : ndarray of int32, shape (n_points,)
        Segment of each point: 0 is the one with the highest mean monetary.
    segments : tuple of Segment
        In the order of the codes.
    splits : tuple of Split
    scaling : float
        The scaling r of level 1, which the classifier uses.
    flat_share : float
        Share of the largest block when level 1 is split into as many blocks at once.
    warnings : tuple of str
    """

    points: Points
    codes: Labels
    segments: tuple[Segment, ...]
    splits: tuple[Split, ...]
    scaling: float
    flat_share: float
    warnings: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the segments in the order of the codes."""
        return tuple(segment.name for segment in self.segments)
